// The packed package where there is no page: Node, Deno, Bun, workerd, and dedicated and shared workers of both browsers.
//
// In each: importing does nothing, and a stream of the harness hub that is cut goes on without loss.

import { join } from 'node:path'

import { carried, launch, open } from '../lib/browser.mjs'
import { Harness, publishTicks } from '../lib/harness.mjs'
import { judged, said } from '../lib/judge.mjs'
import { history } from '../lib/ledger.mjs'
import { bundle, html, pack, unpack } from '../lib/package.mjs'
import { ask, missing, RUNTIMES, script, scripts, version } from '../lib/runtimes.mjs'
import { serveSite } from '../lib/site.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e runtimes [--only NAME,…] [--transport eventsource|fetch|both]

Runs the packed npm package in ${Object.keys(RUNTIMES).join(', ')}, where importing every entry must compile and dial nothing,
and in dedicated and shared workers of chromium and firefox. A stream of the harness hub is cut while events come, goes on,
and the judge finds nothing lost, doubled or out of order.

  --only       runtimes to run (all)
  --transport  what carries the stream: both (the default), or one; without an EventSource it is fetch in both`

export const options = {
  only: { type: 'string', default: '' },
  transport: { type: 'string', default: 'both' },
}

const TICKS = 40

const BROWSERS = ['chromium', 'firefox']
const WORKERS = ['dedicated', 'shared']

/** A page whose `ask` hands a task to a worker, and resolves with its answer. */
const PAGE = `
window.ask = (kind, task) => {
  const worker = kind === 'shared' ? new SharedWorker('/worker.js', { type: 'module', name: task.topic }) : new Worker('/worker.js', { type: 'module' })
  const port = worker.port ?? worker
  return new Promise((resolve, reject) => {
    port.onmessage = ({ data }) => resolve(data)
    worker.onerror = ({ message }) => reject(new Error('the worker: ' + message))
    port.postMessage(task)
  })
}`

export async function run({ only, transport }, tally) {
  const all = [...Object.keys(RUNTIMES), ...BROWSERS]
  const names = only ? only.split(',') : all
  for (const name of names) must(all.includes(name), `no runtime "${name}"; take ${all.join(', ')}`)
  const modules = await unpack(await pack())
  const dir = scripts(modules)
  const harness = await new Harness(['--store', 'memory']).start()
  const each = async (title, name, ask) => {
    for (const carrier of carried(transport)) {
      await tally.case(`${title}, ${carrier}: a stream that is cut goes on without loss`, () => cut(name, ask, harness, carrier))
    }
  }
  for (const name of names) {
    if (BROWSERS.includes(name)) {
      const browser = await launch(name)
      const site = await serveSite({ '/': html('runtimes'), '/page.js': PAGE, '/worker.js': await bundle(join(dir, 'where/page-worker.mjs'), modules) })
      const page = await open(browser, site.url)
      for (const kind of WORKERS) {
        await each(`${name}, ${kind} worker`, `${name}-${kind}`, (task) => page.evaluate((kind, task) => window.ask(kind, task), kind, task))
      }
      await browser.close()
      continue
    }
    const why = missing(name)
    if (why) {
      tally.skip(name, why)
      continue
    }
    const title = `${name} (${await version(name)})`
    // A server in workerd has nothing to render; its modules run when it starts.
    if (!RUNTIMES[name].serve) {
      await tally.case(`${title}: importing every entry does nothing`, async () => {
        const { stdout } = await script(name, dir, 'where/imports.mjs')
        must(stdout.startsWith('.'), `it imported ${stdout}`)
      })
    }
    await each(title, name, (task) => ask(name, dir, task))
  }
  await harness.process.kill()
}

async function cut(name, ask, harness, transport) {
  const site = await serveSite({})
  site.upstream = harness.url
  const topic = `${name}.${transport}`
  const from = (await harness.stats()).position
  const asked = ask({ url: `${site.url}/events`, topic, from, last: TICKS, transport })
  asked.catch(() => {}) // heard of below
  const ended = () => asked.then(() => true)
  const reached = (n) => site.requests.at(-1)?.said.includes(`"n":${n},`)
  const tick = async (first, last) => {
    const { published } = await publishTicks(harness, topic, last - first + 1, { from: first })
    await Promise.race([until(`tick ${last} to be sent`, () => reached(last)), ended()])
    return published
  }
  const published = await tick(1, TICKS / 2)
  site.cut()
  published.push(...(await tick(TICKS / 2 + 1, TICKS)))
  const { items, states, faults, error, eventSource } = await asked
  console.log(`      ${name} has ${eventSource === 'function' ? 'an' : 'no'} EventSource`)
  const violations = await judged(history(published, { view: [topic], from, items }))
  must(violations.length === 0, `${said(violations)}\nits states were ${JSON.stringify(states)}`)
  must(items.filter(({ event }) => event).length === TICKS && !items.some(({ gap }) => gap), `not ${TICKS} events without a gap: ${JSON.stringify(items.slice(-3))}`)
  must(faults.length === 0 && !error, `faults: ${faults}, error: ${error}`)
  const positions = site.requests.map(({ url }) => new URL(url, site.url).searchParams.get('lastEventId'))
  must(positions.length > 1 && positions.every(Boolean), `asked for the positions ${positions}`)
}
