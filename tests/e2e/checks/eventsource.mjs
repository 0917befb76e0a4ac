// The drop-in `EventSource` beside the browser's own: over real HTTP, in pages, workers and Node.
//
// What the standard asks can be asked of the browser's own class too: a case says what browsers do, and not what we think.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { launch, open } from '../lib/browser.mjs'
import { bundle, html, pack, unpack } from '../lib/package.mjs'
import { fresh } from '../lib/paths.mjs'
import { serveScript } from '../lib/scripted.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e eventsource [--runtime chromium|firefox|node|all] [--native] [--only WORDS]

Plays a server to the packed package's EventSource class, in both its modes.

  --runtime  all (the default), or one
  --native   asks the same of the browser's own class, where the standard asks it
  --only     only the cases with these words in their name`

export const options = {
  runtime: { type: 'string', default: 'all' },
  native: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
}

const same = (is, should, what) => must(JSON.stringify(is) === JSON.stringify(should), `${what}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`)
const port = (site) => new URL(site.url).port
const says = (response, text, { status = 200, type = 'text/event-stream', headers = {}, open = false } = {}) => {
  response.writeHead(status, { 'content-type': type, ...headers })
  if (open) response.write(text)
  else response.end(text)
}
const END = 'data: end\n\n'
const letIn = (site, credentials) => ({ 'access-control-allow-origin': site.home, ...(credentials && { 'access-control-allow-credentials': 'true' }) })
const STANDARD = ['native', 'spec']
const ALL = ['native', 'spec', 'eventwire']

/** `modes`: the classes that must do so. `abroad`: asked across origins. `browser`: only there. */
const CASES = [
  {
    name: 'asks as the standard says',
    modes: ALL,
    serve: (response) => says(response, END),
    look: ({ said, name }, [{ method, headers }], { site }) => {
      same(name, 'EventSource', 'the class, in a bundle')
      same(said, ['open 1', `end||${port(site)}`], 'dispatched')
      same([method, headers.accept, headers['cache-control'], headers['last-event-id']], ['GET', 'text/event-stream', 'no-cache', undefined], 'asked')
    },
  },
  ...[301, 302, 303, 307, 308].map((status) => ({
    name: `follows a ${status}`,
    modes: ALL,
    serve: (response, { request }) => (request.url.includes('moved') ? says(response, END) : response.writeHead(status, { location: `${request.url}?moved` }).end()),
    look: ({ said }) => same(said[0], 'open 1', 'first'),
  })),
  ...[301, 307].map((status) => ({
    name: `a ${status} without a place to go to is an error`,
    modes: ['spec', 'eventwire'],
    ask: { lines: 1 },
    serve: (response) => response.writeHead(status).end(),
    look: ({ said }) => must(said[0].startsWith('error'), said[0]),
  })),
  {
    name: 'an event has the origin that it came from, after a redirect',
    browser: true,
    modes: ALL,
    serve: (response, { request, site }) => response.writeHead(302, { location: `${site.foreign}${request.url}` }).end(),
    foreign: (response, { site }) => says(response, END, { headers: letIn(site) }),
    look: ({ said }, _, { foreign }) => same(said[1], `end||${port(foreign)}`, 'dispatched'),
  },
  ...[204, 205, 210, 299, 404, 410, 503].map((status) => ({
    name: `${status} is the end, with one error`,
    modes: STANDARD,
    serve: (response) => says(response, [204, 205].includes(status) ? '' : END, { status }),
    look: ({ said }, requests) => same([said, requests.length], [['error 2'], 1], 'dispatched, requests'),
  })),
  ...['ftp://example.test/', 'about:blank', 'mailto:who@example.test'].map((url) => ({
    name: `${url} is the end`,
    browser: true,
    modes: STANDARD,
    ask: { url },
    look: ({ said }) => same(said, ['error 2'], 'dispatched'),
  })),
  {
    name: 'another type is the end',
    modes: ALL,
    serve: (response) => says(response, END, { type: 'text/x-bogus' }),
    look: ({ said }) => same(said, ['error 2'], 'dispatched'),
  },
  {
    name: 'comes back behind the last id, until the server has no more',
    modes: ALL,
    serve: (response, { n }) => {
      if (n === 1) says(response, '\ufeffretry: 100\nid: a/ü…\ndata: one\n\nid: half\ndata: lost')
      else if (n === 2) says(response, 'data: two\n\nid\ndata: reset\n\n')
      else if (n === 3) says(response, 'data: three\n\n')
      else response.writeHead(204).end()
    },
    look: ({ said }, requests, { site }) => {
      const at = port(site)
      same(said, ['open 1', `one|a/ü…|${at}`, 'error 0', 'open 1', `two|a/ü…|${at}`, `reset||${at}`, 'error 0', 'open 1', `three||${at}`, 'error 0', 'error 2'], 'dispatched')
      same(requests.map(({ headers }) => Buffer.from(headers['last-event-id'] ?? '', 'latin1').toString()), ['', 'a/ü…', '', ''], 'ids sent')
    },
  },
  {
    name: 'waits as long as the server says',
    modes: STANDARD,
    serve: (response, { n }) => (n === 1 ? says(response, 'retry: 1500\nretry: 9x\ndata: one\n\n') : says(response, END)),
    look: (_, [first, second]) => must(second.at - first.at >= 1500, `it waited ${second.at - first.at} ms`),
  },
  {
    name: 'a connection that is reset before the answer comes back',
    modes: ['spec', 'eventwire'], // Firefox's own gives up
    serve: (response, { n }) => (n === 1 ? response.destroy() : says(response, END)),
    // Chromium repeats a request of its own accord when a kept connection was reset.
    look: ({ said }, requests) => same([said.at(-1).startsWith('end'), requests.length], [true, 2], 'dispatched, requests'),
  },
  {
    name: 'a stream in single bytes',
    modes: ALL,
    serve: async (response) => {
      says(response, '', { open: true })
      for (const byte of Buffer.from('\ufeffid: 7\r\ndata: €豆腐\r\rdata:x\n\ndata: end\n\n')) {
        response.write(Buffer.of(byte))
        await new Promise(setImmediate)
      }
    },
    look: ({ said }, _, { site }) => same(said, ['open 1', `€豆腐|7|${port(site)}`, `x|7|${port(site)}`, `end|7|${port(site)}`], 'dispatched'),
  },
  {
    name: 'a closed source lets its connection go',
    modes: ALL,
    serve: (response, { site }) => {
      response.on('close', () => (site.gone = true))
      says(response, END, { open: true })
    },
    look: (_, __, { site }) => until('the end of the connection', () => site.gone),
  },
  {
    name: 'cookies stay on the own origin',
    browser: true,
    abroad: true,
    modes: ALL,
    foreign: (response, { site }) => says(response, END, { headers: letIn(site) }),
    look: (_, [{ headers }], { foreign }) => same([headers.cookie, foreign.preflights], [undefined, 0], 'cookie, preflights'),
  },
  {
    name: 'cookies go across origins where they are asked to',
    browser: true,
    abroad: true,
    modes: ALL,
    ask: { withCredentials: true },
    foreign: (response, { site }) => says(response, END, { headers: letIn(site, true) }),
    look: (_, [{ headers }], { foreign }) => same([headers.cookie, foreign.preflights], ['desk=mine', 0], 'cookie, preflights'),
  },
  {
    name: 'an origin that does not let this one in is the end',
    browser: true,
    abroad: true,
    modes: STANDARD,
    foreign: (response) => says(response, END, { headers: { 'access-control-allow-origin': 'http://example.org' } }),
    look: ({ said }) => same(said, ['error 2'], 'dispatched'),
  },
  {
    name: 'headers and a body, sent again',
    modes: ['spec', 'eventwire'],
    ask: { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json; charset=utf-8', 'x-mine': 'too' } },
    serve: (response, { n }) => (n === 1 ? says(response, 'retry: 100\nid: 1\n\n') : says(response, END)),
    look: (_, requests) => {
      const asked = ({ method, body, headers }) => [method, body, headers['content-type'], headers['x-mine'], headers['last-event-id']]
      const [type, mine] = ['application/json; charset=utf-8', 'too']
      same(requests.map(asked), [['POST', '{"a":1}', type, mine, undefined], ['POST', '{"a":1}', type, mine, '1']], 'asked')
    },
  },
  {
    name: 'a busy server is asked again',
    modes: ['eventwire'],
    serve: (response, { n }) => (n === 1 ? says(response, 'busy', { status: 503 }) : says(response, END)),
    look: ({ said }) => same(said.slice(0, 2), ['error 0', 'open 1'], 'dispatched'),
  },
]

export async function run({ runtime, native, only }, tally) {
  const script = await bundle('eventsource.mjs', await unpack(await pack()))
  const all = ['chromium', 'firefox', 'node']
  must(runtime === 'all' || all.includes(runtime), `no runtime "${runtime}"; take ${all.join(', ')} or all`)
  for (const name of all.filter((name) => runtime === 'all' || name === runtime)) {
    const [site, foreign] = [await serveScript({ '/': html('eventsource'), '/other': html('another'), '/page.js': script }), await serveScript()]
    Object.assign(site, { foreign: foreign.url, home: site.url })
    Object.assign(foreign, { home: site.url })
    const node = name === 'node'
    const place = node ? await inNode(script) : await inBrowser(name, site)
    for (const [where, watch] of Object.entries(place.watch)) {
      for (const one of CASES.filter((one) => one.name.includes(only) && !(node && one.browser))) {
        for (const mode of one.modes.filter((mode) => mode !== 'native' || (native && !node))) {
          await tally.case(`${where}, ${mode}: ${one.name}`, () => play(one, mode, watch, site, foreign))
        }
      }
    }
    if (place.browser && 'back/forward cache'.includes(only)) {
      await tally.case(`${name}, spec: a page in the back/forward cache has no connection, and one that comes back has one again`, () => cached(place.browser, site))
    }
    await place.close()
  }
}

let played = 0

async function play(one, mode, watch, site, foreign) {
  const path = `/case/${(played += 1)}`
  site.requests.length = foreign.requests.length = foreign.preflights = 0
  site.gone = false
  site.cases[path] = one.serve
  foreign.cases[path] = one.foreign
  const book = await watch({ url: `${one.abroad ? foreign.url : site.url}${path}`, mode, ...one.ask })
  const asked = one.abroad ? foreign.requests : site.requests
  // The question whether an origin is shut out says nothing of itself.
  await one.look(book, asked.filter(({ path: of }) => of === path), { site, foreign })
}

async function inNode(script) {
  const file = join(fresh('eventsource'), 'watch.mjs')
  writeFileSync(file, script)
  await import(pathToFileURL(file))
  return { watch: { [`node ${process.version}`]: (ask) => globalThis.watch(ask) }, close: () => {} }
}

async function inBrowser(name, site) {
  const browser = await launch(name)
  // One tab, and one worker in it, for all cases.
  const tabs = []
  const tab = async () => {
    const tab = await open(browser, site.url)
    await tab.waitForFunction(() => window.watch)
    return tab
  }
  const page = (body) => async (ask) => (tabs[0] ??= await tab()).evaluate(body, JSON.stringify(ask))
  const watch = {
    [`${name} page`]: page((ask) => window.watch(JSON.parse(ask))),
    [`${name} worker`]: page((ask) => {
      window.worker ??= new Worker('/page.js', { type: 'module' })
      return new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data)
        worker.onerror = ({ message }) => reject(new Error(message))
        worker.postMessage(JSON.parse(ask))
      })
    }),
  }
  return { watch, close: browser.close, browser }
}

async function cached(browser, site) {
  let open_ = 0
  site.cases['/cached'] = (response) => {
    open_ += 1
    response.on('close', () => (open_ -= 1))
    says(response, 'data: one\n\n', { open: true })
  }
  const tab = await open(browser, site.url)
  await tab.waitForFunction(() => window.watch)
  await tab.evaluate(() => void (window.kept = window.watch({ url: '/cached', mode: 'spec', lines: 4 })))
  await until('its event', () => tab.evaluate(() => window.book.said.length === 2))
  await tab.goto(`${site.url}/other`, { waitUntil: 'domcontentloaded' })
  await until('no connection', () => open_ === 0)
  await tab.goBack({ waitUntil: 'domcontentloaded' })
  const kept = await tab.evaluate(() => Boolean(window.kept))
  if (!kept) return console.log('      this browser, driven, keeps no page in its cache')
  const { said } = await tab.evaluate(() => window.kept)
  same(said.map((line) => line.split('|')[0]), ['open 1', 'one', 'open 1', 'one'], 'dispatched')
  await tab.close()
}
