// Imports every entry of the package, as a server does that renders pages: nothing may be compiled, dialled or left running.

import { readFileSync } from 'node:fs'
import process from 'node:process'

/** What Node itself does when it loads its `fetch` is not ours. */
const forbid = (holder, name) => {
  const own = holder[name]
  if (!own) return
  holder[name] = function (...args) {
    if (new Error().stack.includes('node_modules/eventwire')) throw new Error(`importing called ${name}`)
    return new.target ? Reflect.construct(own, args) : own.apply(this, args)
  }
}
for (const name of ['compile', 'compileStreaming', 'instantiate', 'instantiateStreaming', 'Module', 'Instance']) forbid(WebAssembly, name)
for (const name of ['fetch', 'EventSource', 'setTimeout', 'setInterval', 'BroadcastChannel']) forbid(globalThis, name)

const { exports } = JSON.parse(readFileSync(new URL('../node_modules/eventwire/package.json', import.meta.url)))
const entries = Object.keys(exports).filter((path) => !/\.(wasm|json)$/.test(path))
const names = []
for (const path of entries) {
  const entry = await import(path.replace('.', 'eventwire'))
  names.push(path)
  if (typeof entry.connect !== 'function' || !entry.connectRaw) continue
  // A URL without a page to be relative to: it is being rendered.
  const { state } = entry.connect({ name: '', hash: '', names: [], validate: {} }, '/events')
  if (state.kind !== 'idle') throw new Error(`a stream of a page that is being rendered is ${state.kind}`)
}
// Whatever a stream does by itself it does in a turn to come.
await new Promise((resolve) => process.nextTick(resolve))
console.log(names.join(' '))
