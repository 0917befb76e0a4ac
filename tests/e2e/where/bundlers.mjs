// The package through each bundler, as its own documentation has one set it up: what a user would write, and no more.
//
// Knows how each builds or serves an app in a folder; nothing of what the app does.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

import { e2e } from '../lib/paths.mjs'
import { freePort } from '../lib/port.mjs'
import { cleanup, start, succeed } from '../lib/process.mjs'

/** The page of an app; a bundler finds the script in it, or is told. */
const html = (script, head = '') => `<!doctype html>
<html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>where</title>${head}<script type="module" src="${script}"></script></html>`

/** How a page with `eventwire/slim` comes to its wasm. */
const SLIM = {
  '?url': `import wasm from 'eventwire/eventwire.wasm?url'\ninitialize(wasm)`,
  '?init': `import wasm from 'eventwire/eventwire.wasm?init'\ninitialize(wasm)`,
  'new URL': `initialize(new URL('eventwire/eventwire.wasm', import.meta.url))`,
  'loader file': `import wasm from 'eventwire/eventwire.wasm'\ninitialize(new URL(wasm, import.meta.url))`,
  'a copied file': `initialize('/eventwire.wasm')`,
}

const slim = (how) => `
import { connect, initialize } from 'eventwire/slim'
import { listen } from '../pages/book.mjs'
import { Harness } from '../pages/harness.mjs'
${SLIM[how]}
listen(connect, Harness)
`

/**
 * What each takes: `build` into a folder or `serve` at a URL; ways to the slim entry's wasm; whether it knows workers. `heavy`:
 * takes as long as all others together.
 */
export const BUNDLERS = {
  none: { build: none, slim: ['a copied file'], workers: false },
  esbuild: { build: esbuild, slim: ['loader file'], workers: false },
  'esbuild-splitting': { build: (app) => esbuild(app, { splitting: true }), slim: [], workers: false },
  rollup: { build: rollup, slim: ['a copied file'], workers: false },
  'vite-8': { build: vite('vite'), slim: ['?url', '?init'], workers: true },
  'vite-8-dev': { serve: viteDev('vite'), slim: ['?url', '?init'], workers: true },
  'vite-7': { build: vite('vite-7', { worker: { format: 'es' } }), slim: ['?url', '?init'], workers: true },
  'vite-7-dev': { serve: viteDev('vite-7'), slim: ['?url', '?init'], workers: true },
  webpack: { build: webpack, slim: ['new URL'], workers: true },
  rspack: { build: rspack, slim: ['new URL'], workers: true },
  next: { serve: next(), slim: ['new URL'], workers: true, heavy: true },
  'next-webpack': { serve: next('--webpack'), slim: ['new URL'], workers: true, heavy: true },
}

/** An app in `dir`, a project as `scripts` made it; `way` is '' or how its slim entry comes to the wasm. */
export function app(dir, scripts, way, workers) {
  cpSync(scripts, dir, { recursive: true })
  const entry = `where/${way ? 'slim.mjs' : workers ? 'worker-page.mjs' : 'page.mjs'}`
  writeFileSync(join(dir, 'where/slim.mjs'), way ? slim(way) : '')
  writeFileSync(join(dir, 'where/page.mjs'), `import '../pages/ledger.mjs'\nimport { run } from './run.mjs'\nwindow.ask = run\n`)
  writeFileSync(join(dir, 'index.html'), html(`/${entry}`))
  return { dir, entry, out: join(dir, 'dist'), package: join(dir, 'node_modules/eventwire') }
}

/** A built folder's files, by path, as `serveSite` takes them. */
export function files(out) {
  const paths = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const all = paths.map((entry) => [`/${relative(out, join(entry.parentPath, entry.name))}`, readFileSync(join(entry.parentPath, entry.name))])
  const found = Object.fromEntries(all)
  return { '/': found['/index.html'], ...found }
}

/** No bundler: an import map, and the package's folder as it is. */
async function none({ dir, entry, out, package: from }) {
  const at = '/node_modules/eventwire'
  const { exports } = JSON.parse(readFileSync(join(from, 'package.json')))
  const scripts = Object.entries(exports).filter(([, map]) => map.default?.endsWith('.js'))
  const imports = Object.fromEntries(scripts.map(([path, map]) => [path.replace('.', 'eventwire'), map.default.replace('.', at)]))
  for (const folder of ['where', 'pages']) cpSync(join(dir, folder), join(out, folder), { recursive: true })
  cpSync(from, join(out, at), { recursive: true })
  cpSync(join(from, 'wasm/eventwire.wasm'), join(out, 'eventwire.wasm'))
  writeFileSync(join(out, 'index.html'), html(`/${entry}`, `<script type="importmap">${JSON.stringify({ imports })}</script>`))
}

async function esbuild({ dir, entry, out }, own = {}) {
  const { build } = await import('esbuild')
  await build({
    entryPoints: [join(dir, entry)],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    outdir: out,
    entryNames: 'page',
    loader: { '.wasm': 'file' },
    logLevel: 'silent',
    ...own,
  })
  writeFileSync(join(out, 'index.html'), html('/page.js'))
}

async function rollup({ dir, entry, out, package: from }) {
  const [{ rollup }, { nodeResolve }] = [await import('rollup'), await import('@rollup/plugin-node-resolve')]
  const bundle = await rollup({ input: join(dir, entry), plugins: [nodeResolve()], onwarn: fail('rollup') })
  // A folder and not a file: basic mode is a piece of its own.
  await bundle.write({ dir: out, entryFileNames: 'page.js', format: 'es' })
  await bundle.close()
  if (entry.endsWith('slim.mjs')) cpSync(join(from, 'wasm/eventwire.wasm'), join(out, 'eventwire.wasm'))
  writeFileSync(join(out, 'index.html'), html('/page.js'))
}

/** `own`: what a user has to write. In Vite 7 a worker is one file unless told otherwise, and basic mode is a piece of its own. */
function vite(name, own = {}) {
  return async ({ dir, out }) => {
    const { build } = await import(name)
    await build({ ...own, root: dir, configFile: false, logLevel: 'error', build: { outDir: out, assetsInlineLimit: 0 } })
  }
}

/** The development server, with a cache of its own and so as on the first day. */
function viteDev(name) {
  return async ({ dir }) => {
    const { createServer } = await import(name)
    const server = await createServer({ root: dir, configFile: false, logLevel: 'error', cacheDir: join(dir, '.vite'), server: { host: '127.0.0.1' } })
    await server.listen()
    cleanup(() => server.close())
    return server.resolvedUrls.local[0]
  }
}

/** The Vites, by the names under which they are installed. */
export const VITES = { 'vite-8': 'vite', 'vite-7': 'vite-7' }

/** An app in `dir` whose configuration, a file as its user's, has the contract's plugin: built once, or served. */
export async function withPlugin(name, dir, modules, options) {
  const { build, createServer } = await import(name)
  cpSync(modules, join(dir, 'node_modules'), { recursive: true })
  writeFileSync(join(dir, 'package.json'), '{ "private": true, "type": "module" }\n')
  writeFileSync(join(dir, 'index.html'), html('/main.ts'))
  writeFileSync(join(dir, 'main.ts'), `import { Shop } from './shop.events'\ndocument.title = Object.keys(Shop.validate).join()\n`)
  const configFile = join(dir, 'vite.config.mjs')
  writeFileSync(configFile, `import { eventwire } from 'eventwire/vite'\nexport default { plugins: [eventwire(${JSON.stringify(options)})] }\n`)
  return {
    async build() {
      await build({ root: dir, configFile, logLevel: 'silent', build: { outDir: join(dir, 'dist') } })
      return Object.values(files(join(dir, 'dist'))).join('\n')
    },
    /** `said`: what it warns. */
    async serve(said) {
      const { createLogger } = await import(name)
      const customLogger = { ...createLogger('silent'), warn: (text) => said.push(text) }
      const server = await createServer({ root: dir, configFile, customLogger, cacheDir: join(dir, '.vite'), server: { host: '127.0.0.1', port: await freePort() } })
      await server.listen()
      cleanup(() => server.close())
      return server
    },
  }
}

/** An app of two pages that are rendered beforehand: built once, by Turbopack unless told otherwise, and served by Next itself. */
function next(...words) {
  let built
  return async ({ dir, entry }) => {
    built ??= serveNext(dir, words)
    return `${await built}${entry.endsWith('slim.mjs') ? 'slim' : ''}`
  }
}

async function serveNext(dir, words) {
  const from = join(e2e, 'where/next')
  const { dependencies } = JSON.parse(readFileSync(join(from, 'package.json')))
  const installed = join(from, 'node_modules/next/package.json')
  if (!existsSync(installed) || JSON.parse(readFileSync(installed)).version !== dependencies.next) {
    console.log(`installing next ${dependencies.next}, 340 MB, once`)
    await succeed('npm', ['install', '--no-save', '--no-audit', '--no-fund'], { cwd: from, timeout: 300_000 })
  }
  // As links: Turbopack goes nowhere outside its project, and a copy would be 340 MB.
  for (const name of readdirSync(join(from, 'node_modules'))) await succeed('cp', ['-alf', join(from, 'node_modules', name), join(dir, 'node_modules/')])
  const next = [join(dir, 'node_modules/next/dist/bin/next')]
  const options = { cwd: join(dir, 'where/next'), env: { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' } }
  await succeed(process.execPath, [...next, 'build', ...words], { ...options, timeout: 600_000 })
  const port = await freePort()
  await start(process.execPath, [...next, 'start', '-p', `${port}`, '-H', '127.0.0.1'], { ...options, ready: /Ready in/ })
  return `http://127.0.0.1:${port}/`
}

const packed = ({ dir, entry, out }) => ({
  mode: 'production',
  context: dir,
  entry: `./${entry}`,
  output: { path: out, filename: 'page.js', publicPath: '/' },
})

async function webpack(app) {
  const { default: webpack } = await import('webpack')
  await compiled(webpack(packed(app)), app)
}

async function rspack(app) {
  const { rspack } = await import('@rspack/core')
  await compiled(rspack(packed(app)), app)
}

async function compiled(compiler, { out }) {
  const stats = await new Promise((resolve, reject) => compiler.run((error, stats) => (error ? reject(error) : resolve(stats))))
  await new Promise((resolve) => compiler.close(resolve))
  if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString({ preset: 'errors-warnings' }))
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'index.html'), html('/page.js').replace('type="module" ', 'defer '))
}

const fail = (name) => (warning) => {
  throw new Error(`${name} warns: ${warning.message}`)
}
