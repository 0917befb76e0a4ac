// Runs the page in real browsers and reads what its main thread worked: `node bench/decode/run.mjs FOLDER PLAN`, started by
// `cargo xtask bench decode`, which makes what lies in FOLDER, reads the samples and judges nothing of them here.
//
// The browser is let go of before anything is measured: a page under a debugger is another page.

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

import { launch, open } from '../../tests/e2e/lib/browser.mjs'
import { html } from '../../tests/e2e/lib/package.mjs'
import { endAll } from '../../tests/e2e/lib/process.mjs'
import { mainThread, worked } from './cpu.mjs'
import { serve } from './site.mjs'

const here = import.meta.dirname
const root = resolve(here, '../..')
const [folder, plan] = [process.argv[2], JSON.parse(process.argv[3])]
const read = (name) => readFileSync(join(folder, name), 'utf8')
const peers = createRequire(join(root, 'bench/peers/package.json'))
const checks = createRequire(join(root, 'tests/e2e/package.json'))

/** A sample: long beside what reading the clock costs, short beside what changes on a machine meanwhile. */
const SAMPLE_MS = plan.quick ? 4 : 25
const WARM_MS = plan.quick ? 20 : 120

async function main() {
  const sets = Object.fromEntries(JSON.parse(read('sets.json')).map((set) => [set.name, set]))
  const { Market } = await import(join(folder, 'market.js'))
  writeFileSync(join(folder, 'ajv.mjs'), await standalone(JSON.parse(read('schema.json'))))
  const files = {
    '/': html('decode'),
    '/sets.json': read('sets.json'),
    '/page.js': await bundle('page.mjs'),
    '/jitless.js': await bundle('jitless.mjs'),
  }
  const out = {}
  for (const name of plan.browsers) {
    const site = await serve(files, sets, Market)
    out[name] = await inBrowser(name, site, sets)
    site.close()
  }
  // A pipe takes 64 KiB at once, and this process ends by `exit`.
  await new Promise((written) => process.stdout.write(JSON.stringify(out), written))
}

async function inBrowser(name, site, sets) {
  const browser = await launch(name)
  const child = browser.browser.process()
  let loaded = site.answer()
  await open(browser, `${site.url}/?set=${plan.sets[0]}`)
  await loaded
  await browser.browser.disconnect()
  const out = { version: browser.version, sets: {} }
  for (const [n, set] of plan.sets.entries()) {
    if (n > 0) await site.order({ do: 'go', set })
    console.error(`decode: ${name}, ${set}`)
    out.sets[set] = await measure(site, await mainThread(child.pid, () => site.order({ do: 'burn', ms: 250 })), { events: sets[set].events.length, seed: n })
  }
  child.kill('SIGKILL')
  await browser.close()
  return out
}

/** What every path of a page's set took of `JSON.parse`'s time, round by round in an order of chance, and whether it was right. */
async function measure(site, pid, { events, seed }) {
  const cost = async (order) => {
    const before = worked(pid)
    await site.order(order)
    return worked(pid) - before
  }
  const { paths, doors } = await site.order({ do: 'paths' })
  let times
  for (const path of ['parse', ...paths.filter((path) => path !== 'parse')]) {
    const { rate } = await site.order({ do: 'warm', path, ms: WARM_MS })
    // As often for each path: what an order costs by itself is then the same part of every sample.
    times ??= Math.max(1, Math.round(rate * SAMPLE_MS))
  }
  const nothing = []
  for (let n = 0; n < 5; n += 1) nothing.push(await cost({ do: 'nothing' }))
  // The least: more than that was the work of something else, and taken off a short sample it would leave nothing.
  const idle = Math.min(...nothing)
  const sample = async (path) => Math.max(1, await cost({ do: 'sample', path, times }) - idle) / (times * events)
  const rounds = []
  for (let round = 0; round < plan.rounds; round += 1) {
    const floor = [await sample('parse')]
    const row = {}
    for (const path of shuffled(paths.filter((path) => path !== 'parse'))) {
      const ns = await sample(path)
      floor.push(await sample('parse'))
      // Held against what came right before and right after it: a machine is never twice the same.
      row[path] = (2 * ns) / (floor.at(-1) + floor.at(-2))
    }
    rounds.push({ ...row, parse: 1, parse_ns: floor.reduce((sum, ns) => sum + ns) / floor.length })
  }
  const through = []
  for (let round = 0; round < plan.doors.rounds && plan.doors.sets.includes(plan.sets[seed]); round += 1) {
    const row = {}
    for (const path of shuffled(doors)) row[path] = (await cost({ do: 'door', path, n: plan.doors.events })) / plan.doors.events
    through.push(row)
  }
  // Last: what is thrown and refused on the way makes other code of what was measured.
  const { wrong } = await site.order({ do: 'same' })
  const mutated = await site.order({ do: 'mutated', count: plan.mutants, seed: seed + 1 })
  return { wrong, mutated, rounds, doors: through }
}

/** Validators of ajv's, made beforehand. */
async function standalone(schema) {
  const { $defs, oneOf } = JSON.parse(JSON.stringify(schema), bounded)
  const Ajv = peers('ajv/dist/2020').default
  const code = peers('ajv/dist/standalone').default
  const ajv = new Ajv({ strict: false, validateFormats: false, code: { source: true, esm: true } })
  const names = oneOf.flatMap(({ properties }) => Object.keys(properties))
  for (const name of names) ajv.addSchema({ $defs, ...oneOf.find(({ properties }) => name in properties).properties[name] }, name)
  return `${code(ajv, Object.fromEntries(names.map((name) => [name, name])))}
const events = { ${names.join(', ')} }
export default (name, value) => { if (!events[name](value)) throw new Error(name); return value }
`
}

/** What a format of Rust's bounds, in words that ajv knows, too. */
function bounded(_key, value) {
  return value?.format === 'uint32' ? { ...value, maximum: 2 ** 32 - 1 } : value
}

async function bundle(entry) {
  const { build } = checks('esbuild')
  const result = await build({
    entryPoints: [join(here, entry)],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    nodePaths: [join(root, 'bench/peers/node_modules')],
    external: ['/jitless.js'],
    // What was made for this run lies elsewhere.
    plugins: [{ name: 'made', setup: (build) => build.onResolve({ filter: /^\.\/(market\.js|ajv\.mjs)$/ }, ({ path }) => ({ path: join(folder, path) })) }],
    logLevel: 'silent',
  })
  return result.outputFiles[0].text
}

function shuffled(items) {
  return items.map((item) => [Math.random(), item]).sort(([a], [b]) => a - b).map(([, item]) => item)
}

main().catch((error) => {
  console.error(`decode: ${error.stack ?? error}`)
  process.exitCode = 1
}).finally(async () => {
  await endAll()
  process.exit()
})
