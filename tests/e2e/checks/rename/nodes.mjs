// Two versions of one server on one store: the older node hands on what it does not know, by a name that it says before.
//
// Part of the check `rename`. The pages of both versions, with the machine and in basic mode, and no client of ours.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { curlStream } from '../../lib/curl.mjs'
import { bundle, html } from '../../lib/package.mjs'
import { tool } from '../../lib/paths.mjs'
import { cleanup, succeed } from '../../lib/process.mjs'
import { serveSite } from '../../lib/site.mjs'
import { data } from '../../lib/sse.mjs'
import { must } from '../../lib/tally.mjs'
import { until } from '../../lib/until.mjs'

const note = (n) => ({ note: { n, at: 1, text: 'on' } })
const swap = (used) => ({ swap: { at: 1, used } })

const STRICT = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; connect-src 'self'">`
/** What is in the page's head: a policy may leave it no machine. */
const MODES = { full: '', basic: STRICT }

export async function nodes({ versions, page, types, older, browsers, tally }) {
  const newer = await tally.case('nodes: the page of the version after compiles with what that version writes', async () => {
    const server = await versions.start(['added'], { types })
    await succeed(tool('tsc'), ['-p', join(page, 'tsconfig.newer.json')], { cwd: page })
    await server.kill()
    return bundle(join(page, 'newer.ts'), join(page, 'node_modules'))
  })
  const pages = { older, newer }
  for (const browser of browsers) {
    await tally.case(`nodes: side by side, in ${browser.name}`, () => sideBySide(browser, versions, pages))
    await tally.case(`nodes: rolled back, in ${browser.name}`, () => rolledBack(browser, versions, pages))
  }
}

/** Both nodes run. Whoever reads from the older is told the name before the first event of it. */
async function sideBySide(browser, versions, pages) {
  const server = await versions.start(['before', 'added'])
  const readers = await readersOf(browser, `${server.url}/before`, pages)
  await readers.open()
  const [older, newer] = ['/before', '/added']
  await server.publish('host.test', note(1), older)
  await server.publish('host.swap', swap(7), newer)
  await server.publish('host.test', note(2), newer)
  await server.publish('host.swap', swap(8), newer)
  await server.publish('host.test', note(3), older)
  await readers.judge({ notes: [1, 2, 3], swaps: [7, 8] })
  // An EventSource with a listener of its own for the name, and nothing of ours around it.
  must(String(await readers.native()) === 'hello,note,names,swap,note,swap,note', `the browser's own EventSource: ${await readers.native()}`)

  // Who comes now is told by hello.
  const blocks = await curlStream(`${server.url}/before/events?lastEventId=earliest`)
  const names = blocks.filter(({ event }) => event === 'eventwire.names')
  must(data(blocks[0]).names.includes('swap') && names.length === 0, `hello does not list the name:\n${blocks[0].text}`)
  must(blocks.filter(({ event }) => event === 'swap').length === 2, 'curl reads two events of the new name')
  await readers.close()
  await server.kill()
}

/** The newer version ran, and is replaced by the older one on the same folder. */
async function rolledBack(browser, versions, pages) {
  const disk = mkdtempSync(join(tmpdir(), 'eventwire-nodes-'))
  cleanup(() => rmSync(disk, { recursive: true, force: true }))
  let server = await versions.start(['added'], { disk })
  const readers = await readersOf(browser, server.url, pages)
  await readers.open()
  await server.publish('host.test', note(1))
  await server.publish('host.swap', swap(7))
  await until('what was published', () => readers.have(1))
  await server.kill()
  server = await versions.start(['before'], { disk })
  readers.moveTo(server.url)
  // Pages that come anew and read all that is kept, among those that come back.
  await readers.add('?from=earliest')
  await readers.open()
  await server.publish('host.test', note(2))
  await readers.judge({ notes: [1, 2], swaps: [7] })
  await readers.close()
  await server.kill()
}

/** Every page in every mode, on one upstream: each an origin of its own, since a browser opens six connections to one. */
async function readersOf(browser, upstream, pages) {
  const [all, sites] = [[], []]
  const visit = async (files, page) => {
    const site = await serveSite(files)
    site.upstream = upstream
    sites.push(site)
    await page.goto(site.url, { waitUntil: 'domcontentloaded' })
    return page
  }
  const add = async (query) => {
    for (const [name, script] of Object.entries(pages)) {
      for (const [mode, policy] of Object.entries(MODES)) {
        const page = await browser.browser.newPage()
        let basic = false
        page.on('console', (message) => (basic ||= message.text().includes('basic mode')))
        await visit({ '/': html(name, policy).replace('/page.js', `/page.js${query}`), '/page.js': script }, page)
        all.push({ name, mode, page, basic: () => basic })
      }
    }
  }
  await add('')
  const native = await visit({ '/': '<!doctype html><title>native</title>' }, await browser.browser.newPage())
  await native.evaluate(() => {
    window.heard = []
    const source = new EventSource('/events?topics=host.*')
    for (const name of ['eventwire.hello', 'eventwire.names', 'swap', 'note']) {
      source.addEventListener(name, () => window.heard.push(name.replace('eventwire.', '')))
    }
  })
  const each = async (look) => (await Promise.all(all.map(({ page }) => page.evaluate(look)))).every(Boolean)
  const heard = () => native.evaluate(() => window.heard)
  return {
    add,
    moveTo: (url) => {
      upstream = url
      for (const site of sites) site.upstream = url
    },
    native: heard,
    open: () => until('all to be open', async () => (await each(() => window.stream?.state.kind === 'open')) && (await heard()).includes('hello')),
    have: async (n) => (await Promise.all(all.map(({ page }) => page.evaluate((n) => window.book.notes.at(-1) === n, n)))).every(Boolean) && (await heard()).includes('swap'),
    judge: async ({ notes, swaps }) => {
      for (const { name, mode, page, basic } of all) {
        const of = `the ${name} page in ${mode} mode`
        await until(`the last note, on ${of}`, () => page.evaluate((n) => window.book.notes.at(-1) === n, notes.at(-1)))
        const book = await page.evaluate(() => ({ ...window.book, kind: window.stream.state.kind }))
        const same = (what, should) => must(JSON.stringify(book[what]) === JSON.stringify(should), `${of}: ${what} are ${JSON.stringify(book[what])}, not ${JSON.stringify(should)}`)
        must(basic() === (mode === 'basic'), `${of} runs in the other mode`)
        same('notes', notes)
        same('faults', name === 'older' ? ['unknown | swap |  |  | '] : [])
        if (name === 'newer') same('swaps', swaps)
        same('gaps', 0)
        same('kind', 'open')
      }
      await until('the last event of the browser\'s own EventSource', async () => (await heard()).filter((name) => name === 'note').length === notes.length)
    },
    close: async () => {
      for (const { page } of [...all, { page: native }]) await page.close()
    },
  }
}
