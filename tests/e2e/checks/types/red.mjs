// From a renamed field in Rust to the red line under the page's code: the demo's page, `npx eventwire types --watch`, tsc in
// watch mode and a language server.
//
// No time is asserted: what is ours and what is TypeScript's is printed.

import { cpSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { editor } from '../../lib/editor.mjs'
import { binary, fresh, root, tool } from '../../lib/paths.mjs'
import { freePort } from '../../lib/port.mjs'
import { cleanup, start } from '../../lib/process.mjs'
import { must } from '../../lib/tally.mjs'
import { until } from '../../lib/until.mjs'

const PAGE = join(root, 'demo-web/web')
const MODULE = 'src/demo.events.ts'
const USER = 'src/panels/machine.ts'
// Only a machine that stands still is this slow.
const PATIENCE = { timeout: 60_000, every: 5 }

/** The page turns red where it uses the field, and well again. */
export async function red() {
  const dir = fresh('types-red')
  for (const name of ['src', 'tsconfig.json', 'vite.config.ts']) cpSync(join(PAGE, name), join(dir, name), { recursive: true })
  symlinkSync(join(PAGE, 'node_modules'), join(dir, 'node_modules'))
  const schema = join(dir, 'demo.json')
  const before = await contract(dir)
  // As a compiler or a curl writes it: whole or not at all.
  const save = (contract) => {
    writeFileSync(`${schema}.new`, JSON.stringify(contract))
    renameSync(`${schema}.new`, schema)
  }
  save(before)

  const eventwire = join(dir, 'node_modules/eventwire/dist/cli/main.js')
  await start(process.execPath, [eventwire, 'types', 'demo.json', '-o', MODULE, '--watch'], { ready: /demo\.events\.ts is /, cwd: dir })
  const tsc = await start(tool('tsc'), ['--watch', '-p', dir, '--pretty', 'false', '--preserveWatchOutput'], { ready: /Found 0 errors/, cwd: dir, timeout: 60_000 })
  const lsp = await editor(dir, [join(dir, MODULE)])
  const file = join(dir, USER)
  lsp.open(file)
  const squiggles = async () => (await lsp.squiggles(file)).filter(({ severity }) => severity === 1)
  must((await squiggles()).length === 0, 'the page was red before anything was renamed')

  // Where a handler of `memory` takes the field.
  const line = readFileSync(file, 'utf8').split('\n').findIndex((text) => text.includes("on('memory'")) + 1
  const renamed = structuredClone(before)
  const memory = renamed.$defs.Memory
  memory.properties = Object.fromEntries(Object.entries(memory.properties).map(([name, type]) => [name === 'used' ? 'inUse' : name, type]))
  memory.required = memory.required.map((name) => (name === 'used' ? 'inUse' : name))
  for (const [now, wrong] of [[renamed, true], [before, false], [renamed, true], [before, false], [renamed, true]]) {
    const heard = tsc.said.length
    const began = Date.now()
    const after = (what, ask) => until(what, ask, PATIENCE).then(() => Date.now() - began)
    save(now)
    const news = () => tsc.said.slice(heard)
    const [module, compiler, inEditor] = await Promise.all([
      after('the module to be written', () => readFileSync(join(dir, MODULE), 'utf8').includes('  inUse: number;') === wrong),
      after(() => `tsc to report it; it said:\n${news().join('\n')}`, () =>
        wrong ? news().some((text) => text.startsWith(`${USER}(${line},`) && text.includes("'used'")) : news().some((text) => text.includes('Found 0 errors')),
      ),
      after('the editor to underline it', async () => {
        const found = await squiggles()
        return wrong ? found.some(({ range, message }) => range.start.line + 1 === line && message.includes("'used'")) : found.length === 0
      }),
    ])
    console.log(`      ${wrong ? 'red' : 'well'}: module after ${module} ms, tsc --watch after ${compiler} ms, editor after ${inEditor} ms`)
  }
}

/** The schema that the demo's server serves. */
async function contract(dir) {
  const args = ['--port', String(await freePort(2)), '--data', join(dir, 'data')]
  const demo = await start(binary('eventwire-demo'), args, { ready: /^dashboard (http:\S+)/, timeout: 60_000 })
  const ended = () => demo.kill('SIGTERM')
  cleanup(ended)
  const contract = await (await fetch(new URL('/contract', demo.ready[1]))).json()
  await ended()
  return contract
}
