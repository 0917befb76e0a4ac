// A small harness of the kind of LaunchDarkly's sse-contract-tests, and our test service: each capability, over real HTTP.

import http from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { launch, open } from '../lib/browser.mjs'
import { bundle, html, pack, unpack } from '../lib/package.mjs'
import { cleanup } from '../lib/process.mjs'
import { CAPABILITIES, serve } from '../lib/service.mjs'
import { must } from '../lib/tally.mjs'
import { pass, until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e contract [--runtime node|chromium|firefox|all] [--only WORDS]

Drives the test service in tests/e2e/lib/service.mjs, with the packed package inside, as sse-contract-tests would.
\`PORT=8000 node tests/e2e/lib/service.mjs\` serves it to the real harness, with the package as built.

  --runtime  where the package runs: all (the default), or one
  --only     only the cases with these words in their name`

export const options = { runtime: { type: 'string', default: 'all' }, only: { type: 'string', default: '' } }

const brief = (text = 'undefined') => (text.length > 2000 ? `${text.slice(0, 1000)} … (${text.length} characters)` : text)
const same = (is, should, what) => must(JSON.stringify(is) === JSON.stringify(should), `${what}: ${brief(JSON.stringify(is))}, not ${brief(JSON.stringify(should))}`)
const event = (data, type = 'message', id = '') => ({ kind: 'event', event: { type, data, id } })

/** `ask`: of the service. `play`: what the server does on its connections, and what the service must tell. */
const CASES = {
  'bom: a byte order mark, split over pieces, is not read; a later one is data': async ({ line, told }) => {
    for (const piece of [[0xef], [0xbb], [0xbf]]) line.write(Buffer.from(piece))
    line.write('data: Hello\n\ndata: \ufeffSecond\n\n')
    await told(event('Hello'), event('\ufeffSecond'))
  },
  'events of five megabytes in one piece, and of ten in two': async ({ line, told }) => {
    // Base64 of so much, as servers send pictures.
    const part = 'x'.repeat(Math.ceil(5 * 1024 * 1024 / 3) * 4)
    line.write(`data: ${part}\n\n`)
    line.write(`data: ${part}`)
    line.write(`${part}\n\n`)
    await told(event(part), event(part + part))
  },
  'payload-size-stress-testable: sizes about the powers of two, up to a megabyte': async ({ line, told }) => {
    const sizes = [0, 4, 7, 9, 10, 12, 13, 16, 20].flatMap((power) => [-1, 0, 1].map((by) => 2 ** power + by)).filter(Boolean)
    const all = sizes.map((size) => 'x'.repeat(size))
    for (const data of all) line.write(`data: ${data}\n\n`)
    await told(...all.map((data) => event(data)))
  },
  'comments: each is told, without its colon': async ({ line, told }) => {
    line.write(':Hello\ndata: a\n\n')
    await told({ kind: 'comment', comment: 'Hello' }, event('a'))
  },
  'event-type-listeners: a type is heard that was asked for': async ({ line, told, command }) => {
    await command({ command: 'listen', listen: { type: ' greeting' } })
    line.write('event:  greeting\nid: abc\ndata:  Hello\n\n')
    await told(event(' Hello', ' greeting', 'abc'))
  },
  headers: { ask: { headers: { 'header-name-1': 'value-1' } }, play: async ({ line }) => same(line.asked.headers['header-name-1'], 'value-1', 'header') },
  'last-event-id': {
    ask: { lastEventId: 'abc' },
    play: async ({ line, told }) => {
      same(line.asked.headers['last-event-id'], 'abc', 'header')
      line.write('data: a\n\n')
      await told(event('a', 'message', 'abc'))
    },
  },
  post: { ask: { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json; charset=utf-8' } }, play: async (stage) => again(stage, 'POST') },
  report: { ask: { method: 'REPORT', body: '{"a":1}', headers: { 'content-type': 'application/json; charset=utf-8' } }, play: async (stage) => again(stage, 'REPORT') },
  'read-timeout: any byte is a word, and silence is a lost connection': {
    ask: { readTimeoutMs: 6000 },
    play: async ({ line, told, next }) => {
      line.write('data: Hello\n\n')
      // Slower in all than silence is believed, and each byte a twentieth of that behind the one before: a machine may stand
      // still for seconds meanwhile.
      for (const byte of 'data: slowly, byte by byte\n\n') {
        line.write(byte)
        await pass(300)
      }
      await told(event('Hello'), event('slowly, byte by byte'), 'error')
      await next()
    },
  },
  'restart: another connection at once, with the last id': async ({ line, told, command, next }) => {
    line.write('id: 7\ndata: Hello\n\n')
    await told(event('Hello', 'message', '7'))
    await command({ command: 'restart' })
    const second = await next()
    same(second.asked.headers['last-event-id'], '7', 'header')
    second.write('data: Thanks\n\n')
    await told(event('Hello', 'message', '7'), event('Thanks', 'message', '7'))
  },
  'server-directed-shutdown-request: 204 is the end': {
    status: 204,
    play: async ({ lines }) => {
      // What must not come is given twice the longest first wait to come.
      await pass(4000)
      same(lines.length, 1, 'requests')
    },
  },
  'a connection that breaks comes back behind the last whole event, and an empty id is none': async ({ line, told, next }) => {
    line.write('id: abc\ndata: Hello\n\nid: def\ndata: Goodbye')
    await told(event('Hello', 'message', 'abc'))
    line.destroy()
    const second = await next()
    same(second.asked.headers['last-event-id'], 'abc', 'header')
    second.write('id\ndata: World\n\n')
    await told(event('Hello', 'message', 'abc'), 'error', event('World'))
    second.destroy()
    same((await next()).asked.headers['last-event-id'], undefined, 'header')
  },
  'a redirect without a place to go to is told': { status: 307, play: async ({ told }) => told('error') },
}

async function again({ line, next }, method) {
  const asked = ({ asked: { method, body, headers } }) => [method, body, headers['content-type']]
  const should = [method, '{"a":1}', 'application/json; charset=utf-8']
  same(asked(line), should, 'asked')
  line.destroy()
  same(asked(await next()), should, 'asked again')
}

export async function run({ runtime, only }, tally) {
  const modules = await unpack(await pack())
  const all = ['node', 'chromium', 'firefox']
  must(runtime === 'all' || all.includes(runtime), `no runtime "${runtime}"; take ${all.join(', ')} or all`)
  for (const where of all.filter((name) => runtime === 'all' || name === runtime)) {
    const { connectRaw, close } = where === 'node' ? await import(pathToFileURL(join(modules, 'eventwire/dist/index.js'))) : await inBrowser(where, modules)
    const service = serve(connectRaw, 0)
    await once(service, 'listening')
    cleanup(() => service.close())
    const base = `http://127.0.0.1:${service.address().port}`
    const { capabilities } = await (await fetch(base)).json()
    await tally.case(`${where}: the service claims every capability there is`, () => same(capabilities, CAPABILITIES, 'capabilities'))
    for (const [name, one] of Object.entries(CASES).filter(([name]) => name.includes(only))) {
      await tally.case(`${where}: ${name}`, () => play(base, typeof one === 'function' ? { play: one } : one))
    }
    await fetch(base, { method: 'DELETE' })
    await close?.()
  }
}

/** `connectRaw` as the service calls it, which runs in a page. */
async function inBrowser(name, modules) {
  const files = { '/': ['text/html', html('raw')], '/page.js': ['text/javascript', await bundle('raw.mjs', modules)] }
  const streams = []
  const site = http.createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const [type, body] = files[request.url] ?? ['text/plain', '']
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) text += chunk
    response.writeHead(200, { 'content-type': type }).end(body)
    if (request.url !== '/book') return
    const [n, what, news] = JSON.parse(text)
    streams[n][what](news)
  })
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  const browser = await launch(name)
  const page = await open(browser, `http://127.0.0.1:${site.address().port}/`)
  await page.waitForFunction(() => globalThis.begin)
  let over = false
  const connectRaw = (url, options) => {
    const heard = {}
    const n = streams.push(heard) - 1
    const begun = page.evaluate((n, url, options) => begin(n, url, JSON.parse(options)), n, url, JSON.stringify(options))
    const act = (what) => begun.then(() => page.evaluate((n, what) => act(n, what), n, what))
    // The last streams are closed with their page.
    const close = () => act('close').catch((error) => over || Promise.reject(error))
    const hears = (what) => (handler) => (heard[what] = handler)
    return { onEvent: hears('onEvent'), onComment: hears('onComment'), onState: hears('onState'), restart: () => act('restart'), close }
  }
  const close = async () => {
    over = true
    await browser.close()
    site.closeAllConnections()
    site.close()
  }
  return { connectRaw, close }
}

async function play(base, { ask, status = 200, play }) {
  const [lines, news] = [[], []]
  // On a machine that stood still it would end a connection, as idle, over which something is being told.
  const server = http.createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.url.startsWith('/told/')) {
      news[Number(request.url.slice(6)) - 1] = JSON.parse(body)
      return response.writeHead(202).end()
    }
    // A page is of another origin.
    for (const name of ['origin', 'headers', 'methods']) response.setHeader(`access-control-allow-${name}`, '*')
    if (request.method === 'OPTIONS') return response.writeHead(204).end()
    if (status !== 200) response.writeHead(status).end()
    else response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).flushHeaders()
    lines.push(Object.assign(response, { asked: { method: request.method, headers: request.headers, body } }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const here = `http://127.0.0.1:${server.address().port}`
  const send = (url, method, body) => fetch(url, { method, body: body && JSON.stringify(body) })
  const made = await send(base, 'POST', { streamUrl: `${here}/stream`, callbackUrl: `${here}/told`, initialDelayMs: 0, ...ask })
  const url = new URL(made.headers.get('location'), base)
  let seen = 0
  const next = () => until('a connection', () => lines.length > seen && lines[seen++])
  const kind = (message) => (typeof message === 'string' ? message : JSON.stringify(message))
  const told = async (...should) => {
    await until('callbacks', () => news.filter(Boolean).length >= should.length, { timeout: 60_000 })
    same(news.map((message, n) => (typeof should[n] === 'string' ? message.kind : kind(message))), should.map(kind), 'told')
  }
  try {
    await play({ line: await next(), lines, next, told, command: (body) => send(url, 'POST', body) })
  } finally {
    await send(url, 'DELETE')
    server.closeAllConnections()
    server.close()
  }
}
