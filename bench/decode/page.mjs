// The page: does what it is ordered, one path at a time, and answers. Measures nothing itself; its processor time is read
// from outside.

import { inputs, paths } from './paths.mjs'
import { doors } from './doors.mjs'
import { mutated, same } from './same.mjs'

const name = new URL(location.href).searchParams.get('set')
let sink = 0

/** Takes all inputs, `times` over: a part of them might be the small ones. */
function run({ path, from }, times) {
  let kept = 0
  for (let time = 0; time < times; time += 1) for (const input of from) if (path(input)) kept += 1
  sink += kept
}

/** Runs a path until its code is what it will be; answers how often all inputs are taken in a millisecond. */
function warm(path, ms) {
  let times = 1
  let took = 0
  for (const start = performance.now(); performance.now() - start < ms; ) {
    const before = performance.now()
    run(path, times)
    took = performance.now() - before
    if (took < 8) times *= 2
  }
  return times / Math.max(took, 0.05)
}

async function main() {
  const set = (await (await fetch('/sets.json')).json()).find((set) => set.name === name)
  const all = await paths(await inputs(set))
  const gates = doors(set)
  const obey = {
    burn({ ms }) {
      for (const end = performance.now() + ms; performance.now() < end; );
    },
    paths: () => ({ paths: Object.keys(all), doors: Object.keys(gates) }),
    warm: ({ path, ms }) => ({ rate: warm(all[path], ms) }),
    sample: ({ path, times }) => run(all[path], times),
    nothing() {},
    door: ({ path, n }) => gates[path](n),
    same: () => same(set, all),
    mutated: ({ count, seed }) => mutated(set, count, seed),
    go({ set }) {
      location.href = `/?set=${set}`
      return new Promise(() => {}) // this page is over
    },
  }
  for (let answer = { loaded: name }; ; ) {
    const order = await (await fetch('/order', { method: 'POST', body: JSON.stringify(answer ?? {}) })).json()
    try {
      answer = await obey[order.do](order)
    } catch (error) {
      answer = { failed: `${order.do} ${order.path ?? ''}: ${error?.stack ?? error}` }
    }
  }
}

main().catch((error) => fetch('/order', { method: 'POST', body: JSON.stringify({ failed: `${error?.stack ?? error}` }) }))
