// The packed package through each bundler, in a real page: a stream of the harness hub that is cut goes on without loss, in
// the page, in its worker, and with `eventwire/slim`.

import { copyFileSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'

import { chosen, launch, open } from '../lib/browser.mjs'
import { Harness, publishTicks } from '../lib/harness.mjs'
import { judged, said } from '../lib/judge.mjs'
import { history } from '../lib/ledger.mjs'
import { pack, unpack } from '../lib/package.mjs'
import { e2e, fresh, root } from '../lib/paths.mjs'
import { finish } from '../lib/process.mjs'
import { scripts } from '../lib/runtimes.mjs'
import { serveSite } from '../lib/site.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'
import { app, BUNDLERS, files, VITES, withPlugin } from '../where/bundlers.mjs'

const HEAVY = Object.keys(BUNDLERS).filter((name) => BUNDLERS[name].heavy)

export const help = `
cargo xtask e2e bundlers [--only NAME,…] [--all] [--browser chromium|firefox|both]

Packs the npm package; publint, arethetypeswrong and the oldest TypeScript that is promised must find nothing in it. Builds a page with each of
${Object.keys(BUNDLERS).join(', ')};
opens it, cuts its streams while events come, and asks the judge: nothing lost, doubled or out of order. One stream is the
page's, over EventSource, the other its worker's, if the bundler knows workers, over fetch. Once more with eventwire/slim, in
each way the bundler has for wasm. Lists what each page weighs behind brotli.

  --only     bundlers to run (all but ${HEAVY.join(' and ')}, which take longer than the others together)
  --all      those too
  --browser  chromium (the default), firefox, or both`

export const options = {
  only: { type: 'string', default: '' },
  all: { type: 'boolean', default: false },
  browser: { type: 'string', default: 'chromium' },
}

const TICKS = 40

export async function run({ only, all, browser }, tally) {
  const names = only ? only.split(',') : Object.keys(BUNDLERS).filter((name) => all || !HEAVY.includes(name))
  for (const name of names) must(BUNDLERS[name], `no bundler "${name}"; take ${Object.keys(BUNDLERS).join(', ')}`)
  const tarball = await pack()
  const modules = await unpack(tarball)
  await linted(tarball, modules, tally)

  for (const name of Object.keys(VITES).filter((name) => names.includes(name))) {
    await tally.case(`${name}: the plugin keeps the contract's module up to date, and a build with a stale one fails`, () => plugged(name, modules))
  }
  const sources = scripts(modules)
  const harness = await new Harness(['--store', 'memory']).start()
  const browsers = await Promise.all(chosen(browser).map(launch))
  const sizes = []
  for (const name of names) {
    const { slim, workers } = BUNDLERS[name]
    for (const way of ['', ...slim]) {
      const what = `${name}${way && `, slim by ${way}`}`
      const made = await tally.case(`${what}: is built`, () => make(name, sources, way, workers))
      if (!made) continue
      if (made.weight) sizes.push([what, made.weight])
      for (const one of browsers) {
        await tally.case(`${what}, ${one.name}: a stream that is cut goes on without loss`, () => inPage(one, made.url, harness, !way))
      }
    }
  }
  for (const [what, weight] of sizes) console.log(`${what.padEnd(32)}${String(weight).padStart(8)} bytes behind brotli: all pieces, the worker's too`)
  for (const one of browsers) await one.close()
  await harness.process.kill()
}

async function linted(tarball, modules, tally) {
  const tool = (name) => join(e2e, 'where/node_modules/.bin', name)
  await tally.case('publint finds nothing in the tarball', async () => {
    const { code, all } = await finish(tool('publint'), ['run', tarball, '--strict'])
    must(code === 0 && all.includes('All good'), all)
  })
  await tally.case('arethetypeswrong finds nothing in the tarball', async () => {
    const { code, all } = await finish(tool('attw'), [tarball, '--profile', 'esm-only'])
    must(code === 0, all)
  })
  await tally.case('TypeScript 5.2 reads every entry and a generated contract, and checks them all', () => typed(modules))
}

/** With `skipLibCheck` off, as it is by default. */
async function typed(modules) {
  const dir = fresh(join('bundlers', 'types'))
  symlinkSync(modules, join(dir, 'node_modules'))
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
  const { exports } = JSON.parse(readFileSync(join(modules, 'eventwire/package.json'), 'utf8'))
  const entries = Object.keys(exports).filter((name) => exports[name].types?.endsWith('.d.ts'))
  must(entries.length >= 7, entries.join())
  writeFileSync(join(dir, 'all.ts'), entries.map((name, n) => `export * as entry${n} from "${name.replace('.', 'eventwire')}";\n`).join(''))
  copyFileSync(join(root, 'demo-web/web/src/demo.events.ts'), join(dir, 'demo.events.ts'))
  const compiler = join(e2e, 'where/node_modules/typescript-5.2/bin/tsc')
  const words = '--noEmit --strict --target es2022 --module nodenext --lib es2022,dom,dom.iterable all.ts demo.events.ts'.split(' ')
  const { code, all } = await finish('node', [compiler, ...words], { cwd: dir })
  must(code === 0, all)
}

/** A contract whose one event carries this. */
const contract = (payload) => JSON.stringify({ title: 'Shop', oneOf: [{ type: 'object', properties: { price: payload }, required: ['price'], additionalProperties: false }] })

async function plugged(name, modules) {
  const dir = fresh(join('bundlers', `${name}-plugin`))
  const [schema, module] = [join(dir, 'schema.json'), join(dir, 'shop.events.ts')]
  const says = (type) => existsSync(module) && readFileSync(module, 'utf8').includes(`price: ${type};`)
  const vite = await withPlugin(VITES[name], dir, modules, { from: 'schema.json', to: 'shop.events.ts' })
  const failure = () => vite.build().then(() => 'a build that did not fail', (error) => error.message)

  writeFileSync(schema, contract({ type: 'boolean' }))
  const missing = await failure()
  must(missing.includes('shop.events.ts is not there: write it with npx eventwire types'), missing)

  const said = []
  const server = await vite.serve(said)
  must(says('boolean'), 'the module is there before the first page is')
  const began = Date.now()
  writeFileSync(schema, contract({ type: 'string' }))
  await until('the module to be rewritten', () => says('string'))
  console.log(`      rewritten ${Date.now() - began} ms after the contract`)
  const served = async () => (await fetch(`${server.resolvedUrls.local[0]}shop.events.ts`)).text()
  await until('the page to be served it', async () => (await served()).includes('"string"'))
  writeFileSync(schema, '{')
  await until('a warning', () => said.some((text) => text.includes('schema.json is no JSON')))
  must((await served()).includes('"string"'), 'what was there is still served')
  writeFileSync(schema, contract({ type: 'string' }))
  await server.close()

  must((await vite.build()).includes('price'), 'the built page has the validator')
  writeFileSync(schema, contract({ type: 'number' }))
  const stale = await failure()
  must(stale.includes('-   price: string;') && stale.includes('+   price: number;'), stale)
  must(says('string'), 'a build that checks writes nothing')
}

/** Builds or serves a page; answers with where it is, and what its files weigh. */
async function make(name, sources, way, workers) {
  const dir = fresh(join('bundlers', [name, ...(way.match(/\w+/g) ?? [])].join('-')))
  const made = app(dir, sources, way, workers)
  const { build, serve } = BUNDLERS[name]
  if (serve) return { url: await serve(made) }
  await build(made)
  const found = files(made.out)
  const wasm = Object.keys(found).some((path) => path.endsWith('.wasm'))
  must(name === 'none' || wasm === Boolean(way), wasm ? 'the inline entry brought a .wasm file along' : `no .wasm file among ${Object.keys(found)}`)
  if (way && name !== 'none') {
    const inside = readFileSync(join(made.package, 'wasm/bytes.js'), 'latin1').slice(100, 200)
    for (const [path, bytes] of Object.entries(found)) must(!bytes.toString('latin1').includes(inside), `${path} has the wasm inside, and the page hands it over`)
  }
  const shipped = Object.entries(found).filter(([path]) => ['.js', '.mjs', '.wasm'].includes(extname(path)))
  const weight = name === 'none' ? 0 : shipped.reduce((sum, [, bytes]) => sum + brotliCompressSync(bytes).length, 0)
  return { url: (await serveSite(found)).url, weight }
}

/** `second`: another stream beside the page's, over `fetch`, which is a piece of its own; in a worker, if there is one. */
async function inPage(browser, url, harness, second) {
  const hub = await serveSite({})
  hub.upstream = harness.url
  const [topic, deeper] = ['page', 'second'].map((kind) => `${kind}.${Date.now()}`)
  const from = (await harness.stats()).position
  const page = await open(browser, `${url}?topics=${topic}&url=${hub.url}/events`)
  const opened = () => page.evaluate(() => window.book?.states.some(({ kind }) => kind === 'open'))
  await until(() => `the stream to open; the page complains ${page.complaints}`, opened)
  must(page.complaints.length === 0, `the page complains: ${page.complaints}`)

  const task = { url: `${hub.url}/events`, topic: deeper, from, last: TICKS, transport: 'fetch' }
  const asked = second && page.evaluate((task) => window.ask(task), task)
  asked?.catch?.(() => {}) // heard of below
  if (second) await until('the second stream to dial', () => hub.requests.some(({ url }) => url.includes(deeper)))
  const both = async (first, count) => {
    const topics = second ? [topic, deeper] : [topic]
    return (await Promise.all(topics.map((topic) => publishTicks(harness, topic, count, { from: first })))).map(({ published }) => published)
  }
  const reached = (n) => until(`tick ${n} on the page`, () => page.evaluate((topic, n) => window.book.lasts[topic] >= n, topic, n))
  const before = await both(1, TICKS / 2)
  await reached(TICKS / 2)
  hub.cut()
  const after = await both(TICKS / 2 + 1, TICKS / 2)
  await reached(TICKS)

  const book = await page.evaluate(() => window.book)
  await right(topic, from, book, [...before[0], ...after[0]])
  must(book.states.filter(({ kind }) => kind === 'open').length === 2, `the page was not cut: ${JSON.stringify(book.states)}`)
  if (second) await right(deeper, from, await asked, [...before[1], ...after[1]])
  await page.close()
}

async function right(topic, from, { items, faults }, published) {
  const violations = await judged(history(published, { view: [topic], from, items }))
  must(violations.length === 0, said(violations))
  must(items.filter(({ event }) => event).length === TICKS && !items.some(({ gap }) => gap), `not ${TICKS} events without a gap`)
  must(faults.length === 0, `faults: ${faults}`)
}
