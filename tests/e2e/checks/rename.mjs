// A field is renamed in the backend's enum: the compiler says so at the line that uses it, and a page that was built
// before is told, and lives on.

import { copyFileSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { chosen, launch, open } from '../lib/browser.mjs'
import { bundle, html, pack, unpack } from '../lib/package.mjs'
import { e2e, fresh, root, target, tool } from '../lib/paths.mjs'
import { finish, start, succeed } from '../lib/process.mjs'
import { serveSite } from '../lib/site.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e rename [--browser chromium|firefox|both]

Renames a field in a copy of the demo's enum. tsc must fail at the line of the page that uses it; the page bundled before
must be told of the fault with its path, and once that it is outdated, and its stream stays open.

  --browser  both (the default), or one`

export const options = { browser: { type: 'string', default: 'both' } }

// In the demo's enum, whose page reads it as `memory.used`.
const [STRUCT, OLD, NEW] = ['Memory', 'used', 'taken']

export async function run({ browser }, tally) {
  const dir = fresh('rename')
  const page = join(dir, 'page')
  cpSync(join(e2e, 'apps/rename'), dir, { recursive: true })
  symlinkSync(await unpack(await pack()), join(page, 'node_modules'))
  const server = new Server(join(dir, 'server'), join(page, 'demo.events.ts'))

  const script = await tally.case('as the enum is, the page compiles', async () => {
    await server.start()
    await succeed(tool('tsc'), ['-p', page], { cwd: page })
    return bundle(join(page, 'page.ts'), join(page, 'node_modules'))
  })
  must(script, 'without a page there is nothing to go on with')
  await server.process.kill()

  await tally.case(`${STRUCT}.${OLD} is now ${NEW}: tsc fails at the line that uses it`, async () => {
    server.rename()
    await server.start()
    const line = readFileSync(join(page, 'page.ts'), 'utf8').split('\n').findIndex((line) => line.includes(`memory.${OLD}`)) + 1
    const { code, all } = await finish(tool('tsc'), ['-p', page, '--pretty', 'false'], { cwd: page })
    must(code !== 0, 'tsc compiles a page that uses a field which is no more')
    const errors = all.split('\n').filter((text) => text.includes('error TS'))
    must(errors.length === 1 && errors[0].startsWith(`page.ts(${line},`), `not one error at page.ts(${line}):\n${all}`)
    console.log(`      ${errors[0]}`)
  })
  for (const name of chosen(browser)) {
    await tally.case(`${name}: the page of before against the server of now`, () => oldPage(name, server, script))
  }
}

async function oldPage(name, server, script) {
  const site = await serveSite({ '/': html('rename'), '/page.js': script })
  site.upstream = server.url
  const browser = await launch(name)
  const page = await open(browser, site.url)
  const book = () => page.evaluate(() => window.book)
  await until('the stream to open', async () => (await book())?.state === 'open')
  for (let cores = 1; cores <= 3; cores += 1) {
    await server.publish('host.memory', { memory: { at: 1, [NEW]: 2, total: 3 } })
    await server.publish('host.cpu', { cpu: { at: 1, cores: Array(cores).fill(50) } })
  }
  await until('the events after the faults', async () => (await book()).cores.length === 3)
  const { shares, faults, outdated, state } = await book()
  console.log(`${faults[0]}, outdated ${outdated}, stream ${state}`)
  must(faults.length === 3 && faults.every((fault) => fault.startsWith(`memory /${OLD} `)), `faults: ${faults.join('; ')}`)
  must(shares.length === 0, `a broken event was handed over: ${shares}`)
  must(outdated === 1, `outdated was told ${outdated} times`)
  must(state === 'open', `the stream is ${state}`)
  await browser.close()
}

class Server {
  constructor(dir, types) {
    this.dir = dir
    this.types = types
    this.events = join(dir, 'src/events.rs')
    copyFileSync(join(root, 'demo-web/src/lib.rs'), this.events)
    // The same versions, and so nothing to download or to compile twice.
    copyFileSync(join(root, 'Cargo.lock'), join(dir, 'Cargo.lock'))
    const manifest = join(dir, 'Cargo.toml')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll('ROOT', root))
  }

  /** Compiles it and starts it; a debug build writes its contract when it starts. */
  async start() {
    await succeed('cargo', ['build', '--quiet'], { cwd: this.dir, env: { CARGO_TARGET_DIR: target }, timeout: 600_000 })
    this.process = await start(join(target, 'debug/renamed'), [this.types], { ready: /^listening (http:\S+)/ })
    this.url = this.process.ready[1]
  }

  rename() {
    const text = readFileSync(this.events, 'utf8')
    const renamed = text.replace(new RegExp(`(pub struct ${STRUCT} \\{[^}]*?pub )${OLD}:`), `$1${NEW}:`)
    must(renamed !== text, `${STRUCT} in demo-web/src/lib.rs has no field ${OLD}; choose another here`)
    writeFileSync(this.events, renamed)
  }

  async publish(topic, event) {
    const body = JSON.stringify(event)
    const response = await fetch(`${this.url}/publish/${topic}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    if (!response.ok) throw new Error(`publish: ${response.status} ${await response.text()}`)
  }
}
