// The backend's enum changes in five ways: the compiler says at which line a page minds, and a page that was built before
// is told what it no longer understands, and lives on.

import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

import { chosen, launch, open } from '../lib/browser.mjs'
import { bundle, html, pack, unpack } from '../lib/package.mjs'
import { e2e, fresh, tool } from '../lib/paths.mjs'
import { finish, succeed } from '../lib/process.mjs'
import { serveSite } from '../lib/site.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'
import { Versions } from '../lib/versions.mjs'
import { nodes } from './rename/nodes.mjs'

export const help = `
cargo xtask e2e rename [--browser chromium|firefox|both] [--only WORDS]

Changes a copy of the demo's enum in five ways: a field renamed, one with an alias, a new variant, a variant removed, a
type widened. tsc must fail at the lines of the page that mind, and only there; the page bundled before must be told each
fault with JSON pointer, expected and found, and once that it is outdated, while its stream stays open and loses nothing.
Then nodes of two versions serve one store, at once and one after the other: what the older does not know, it hands on.

  --browser  both (the default), or one
  --only     only the changes with these words in their name`

export const options = { browser: { type: 'string', default: 'both' }, only: { type: 'string', default: '' } }

/** `lines`: of the page that tsc fails at, by what is in them. The rest is what the page of before makes of `events`. */
const CHANGES = {
  renamed: {
    what: 'Memory.used is now taken',
    lines: ['memory.used / memory.total'],
    events: [{ memory: { at: 1, taken: 2, total: 4 } }, { memory: { at: 2, taken: 3, total: 4 } }],
    faults: ['invalid | memory | /used | a number | nothing', 'invalid | memory | /used | a number | nothing'],
    outdated: { added: [], removed: [] },
  },
  alias: {
    what: 'Memory.used is also read as taken: what is written is the same',
    lines: [],
    events: [{ memory: { at: 1, taken: 2, total: 4 } }, { memory: { at: 2, used: 3, total: 4 } }],
    shares: [0.5, 0.75],
    outdated: undefined,
  },
  added: {
    what: 'a new variant Swap',
    lines: ['export const WORDS'],
    events: [{ swap: { at: 1, used: 2 } }, { memory: { at: 1, used: 2, total: 4 } }, { swap: { at: 2, used: 2 } }],
    shares: [0.5],
    faults: ['unknown | swap |  |  | '],
    outdated: { added: ['swap'], removed: [] },
  },
  removed: {
    what: 'the variant Network is gone',
    lines: ["network: 'Network'", "stream.on('network'"],
    events: [{ memory: { at: 1, used: 2, total: 4 } }],
    shares: [0.5],
    outdated: { added: [], removed: ['network'] },
  },
  widened: {
    what: 'a core in Cpu.cores may be null',
    lines: ['core / 100'],
    events: [{ cpu: { at: 1, cores: [50, null] } }, { cpu: { at: 2, cores: [25, 75] } }],
    busy: [0.25, 0.75],
    faults: ['invalid | cpu | /cores/1 | a number | null'],
    outdated: { added: [], removed: [] },
  },
}

export async function run({ browser, only }, tally) {
  const dir = fresh('rename')
  const page = join(dir, 'page')
  cpSync(join(e2e, 'apps/rename'), dir, { recursive: true })
  symlinkSync(await unpack(await pack()), join(page, 'node_modules'))
  const types = join(page, 'demo.events.ts')
  const versions = new Versions(join(dir, 'server'))
  await versions.build()

  const script = await tally.case('as the enum is, the page compiles', async () => {
    const server = await versions.start(['before'], { types })
    await succeed(tool('tsc'), ['-p', page], { cwd: page })
    await server.kill()
    return bundle(join(page, 'page.ts'), join(page, 'node_modules'))
  })
  must(script, 'without a page there is nothing to go on with')

  const browsers = []
  for (const name of chosen(browser)) browsers.push(await launch(name))
  const before = readFileSync(types, 'utf8')
  for (const [version, change] of Object.entries(CHANGES)) {
    const title = `${version}: ${change.what}`
    if (!title.includes(only)) continue
    const server = await versions.start([version], { types })
    await tally.case(`${title}: tsc`, async () => {
      must((readFileSync(types, 'utf8') === before) === !change.outdated, 'the contract changes if and only if what is written does')
      await red(page, change.lines)
    })
    for (const running of browsers) {
      await tally.case(`${title}: the page of before, in ${running.name}`, () => oldPage(running, { before, now: readFileSync(types, 'utf8') }, server, script, change))
    }
    await server.kill()
  }
  if ('nodes'.includes(only)) await nodes({ versions, page, types, older: script, browsers, tally })
}

/** tsc fails at the lines with these words in them, and at no other. */
async function red(page, words) {
  const text = readFileSync(join(page, 'page.ts'), 'utf8').split('\n')
  const { code, all } = await finish(tool('tsc'), ['-p', page, '--pretty', 'false'], { cwd: page })
  const errors = all.split('\n').filter((line) => line.includes('error TS'))
  const wanted = words.map((word) => `page.ts(${text.findIndex((line) => line.includes(word)) + 1},`)
  const at = new Set(errors.map((error) => error.match(/^[^,]*,/)?.[0]))
  must(at.size === wanted.length && wanted.every((line) => at.has(line)), `not exactly at ${wanted.join(' ')}:\n${all}`)
  must((code === 0) === (words.length === 0), `tsc ended with ${code}`)
  for (const error of errors) console.log(`      ${error}`)
  if (errors.length === 0) console.log('      compiles')
}

/** The hash in a generated module. */
const hash = (module) => module.match(/^ {2}hash: "([0-9a-f]{16})",$/m)[1]

async function oldPage(browser, { before, now }, server, script, { events, shares = [], busy = [], faults = [], outdated }) {
  const site = await serveSite({ '/': html('rename'), '/page.js': script })
  site.upstream = server.url
  const page = await open(browser, site.url)
  const kind = () => page.evaluate(() => window.stream?.state.kind)
  await until('the stream to open', async () => (await kind()) === 'open')
  // What the page understands stands between what it does not.
  const note = (n) => ({ note: { n, at: 1, text: 'on' } })
  const notes = []
  for (const event of events) {
    await server.publish('host.test', event)
    await server.publish('host.test', note(notes.push(notes.length + 1)))
  }
  // Over a new connection it is the same server, and no news.
  site.cut()
  await until('another connection', () => site.requests.length === 2)
  await server.publish('host.test', note(notes.push(notes.length + 1)))
  await until('the last event', () => page.evaluate((last) => window.book.notes.at(-1) === last, notes.length))

  const book = await page.evaluate(() => window.book)
  const verdict = outdated ? [{ page: hash(before), server: hash(now), ...outdated }] : []
  console.log(`      ${book.faults[0] ?? 'no fault'}; outdated ${JSON.stringify(book.outdated)}`)
  for (const [what, should] of Object.entries({ shares, busy, notes, faults, outdated: verdict })) {
    must(JSON.stringify(book[what]) === JSON.stringify(should), `${what}: ${JSON.stringify(book[what])}, not ${JSON.stringify(should)}`)
  }
  must(book.gaps === 0, `${book.gaps} gaps`)
  must((await kind()) === 'open', `the stream is ${await kind()}`)
  must(site.requests.length === 2, `${site.requests.length} requests`)
  await page.close()
}
