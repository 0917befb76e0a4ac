// What a server may answer, on both transports, where users run the client: pages, workers, Node.
//
// What each engine does by itself (redirects) is asked of it here, not believed.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { carried, launch, open } from '../lib/browser.mjs'
import { bundle, html, pack, unpack } from '../lib/package.mjs'
import { fresh } from '../lib/paths.mjs'
import { at, serveScript, stream, tick } from '../lib/scripted.mjs'
import { must } from '../lib/tally.mjs'

export const help = `
cargo xtask e2e answers [--runtime chromium|firefox|node|all] [--transport eventsource|fetch|both] [--only WORDS]

Serves streams, cuts, refusals, tokens that expire and redirects, to the packed npm package in a page and in a worker of
each browser and in Node, over EventSource and over fetch.

  --runtime    all (the default), or one
  --transport  what carries the stream: both (the default), or one
  --only       only the cases with these words in their name`

export const options = {
  runtime: { type: 'string', default: 'all' },
  transport: { type: 'string', default: 'both' },
  only: { type: 'string', default: '' },
}

const same = (is, should, what) => must(JSON.stringify(is) === JSON.stringify(should), `${what}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`)
const page = (status, type = 'text/html') => (response) => response.writeHead(status, { 'content-type': type }).end('<h1>Sign in</h1>')
const anyone = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization, x-mine', 'access-control-max-age': '0' }

/** The other origin, which lets this one in, with its cookies and headers. */
const abroad = (answer) => (response, asked) => {
  const { request, site } = asked
  response.setHeader('access-control-allow-origin', site.home)
  response.setHeader('access-control-allow-credentials', 'true')
  response.setHeader('access-control-allow-headers', 'authorization, x-mine')
  response.setHeader('access-control-allow-methods', 'POST, REPORT')
  if (request.method === 'OPTIONS') response.end()
  else answer(response, asked)
}
const eleven = abroad((response) => stream(response, 10, 11))
const crossed = (cookie, preflights) => (_, [{ headers }], transport, site) => {
  same([headers.cookie, site.preflights], [cookie, preflights], 'cookie, preflights')
}

/** `fetch`: only there. `abroad`: across origins, in browsers. `raw`: by `connectRaw`. `ask`: what `listen` is told. `serve`: the answers. `look`: at the book, and at what was asked. */
const CASES = [
  {
    name: 'c2 a stream cut inside an event goes on behind the one before it',
    ask: { last: 13 },
    serve: (response, { n }) => {
      if (n > 1) return stream(response, 11, 12, 13)
      stream(response, 10, 11)
      response.end(tick(12).slice(0, -1))
    },
    look: ({ ticks, gaps, faults }, [first, second]) => {
      same([ticks, gaps, faults], [[11, 12, 13], [], []], 'handed over')
      same([first.query.get('lastEventId'), second.query.get('lastEventId')], [null, at(11)], 'positions asked for')
      // In the header it would win, and cost a preflight.
      same([first, second].map(({ headers }) => headers['last-event-id']), [undefined, undefined], 'the header')
    },
  },
  {
    name: 'c13 a page for people ends the stream with what it says',
    ask: {},
    serve: page(404),
    look: ({ error, states }) => {
      same([error.code, error.status, error.body], ['not-found', 404, '<h1>Sign in</h1>'], 'the error')
      same(states.at(-1), 'closed not-found', 'the state')
    },
  },
  {
    name: 'c13 success of another type ends the stream',
    ask: {},
    serve: page(200),
    look: ({ error }) => same([error.code, error.status, error.body], ['not-a-stream', 200, '<h1>Sign in</h1>'], 'the error'),
  },
  {
    name: 'c13 a 204 ends the stream without an error',
    ask: {},
    serve: (response) => response.writeHead(204).end(),
    look: ({ error, states }) => same([error, states.at(-1)], [undefined, 'closed no-content'], 'the end'),
  },
  {
    name: 'c14 a server that asks for two seconds gets them',
    ask: { last: 11 },
    serve: (response, { n, site }) => {
      if (site.requests.at(-1).at - site.requests[0].at >= 2000) return stream(response, 10, 11)
      response.writeHead(503, { 'retry-after': '2' }).end(`${n}`)
    },
    // Behind an EventSource the status is asked for at once.
    look: ({ ticks }, requests, transport) => same([ticks, requests.length], [[11], transport === 'fetch' ? 2 : 3], 'handed over, requests'),
  },
  {
    name: 'c14 a connection that is reset is tried again',
    ask: { last: 11 },
    serve: (response, { n }) => (n === 1 ? response.destroy() : stream(response, 10, 11)),
    look: ({ ticks, gaps }) => same([ticks, gaps], [[11], []], 'handed over'),
  },
  {
    name: 'c12 a token that expired is asked for once more, and the body is sent again',
    fetch: true,
    ask: { last: 11, method: 'POST', body: 'what I ask', tokens: ['old', 'new'] },
    serve: (response, { request }) => (request.headers.authorization === 'Bearer new' ? stream(response, 10, 11) : page(401)(response)),
    look: ({ ticks, asked, states }, requests) => {
      same([ticks, asked], [[11], [0, 401]], 'handed over, asked')
      same(requests.map(({ method, body }) => `${method} ${body}`), ['POST what I ask', 'POST what I ask'], 'requests')
      must(!states.some((state) => state.startsWith('waiting')), `it waited: ${states}`)
    },
  },
  {
    name: 'c12 a token refused twice ends the stream',
    fetch: true,
    ask: { tokens: ['old', 'older'] },
    serve: page(403),
    look: ({ error, asked }, requests) => same([error.code, error.status, asked, requests.length], ['forbidden', 403, [0, 403], 2], 'the end'),
  },
  {
    name: 'c12 c19 a lost stream comes back with a fresh token',
    fetch: true,
    ask: { last: 12, tokens: ['first', 'second'] },
    serve: (response, { n }) => {
      stream(response, n === 1 ? 10 : 11, n === 1 ? 11 : 12)
      if (n === 1) response.end()
    },
    look: ({ ticks }, requests) => {
      same(ticks, [11, 12], 'handed over')
      same(requests.map(({ headers }) => headers.authorization), ['Bearer first', 'Bearer second'], 'tokens')
    },
  },
  {
    name: 'REPORT is a method like any',
    fetch: true,
    ask: { last: 11, method: 'REPORT', body: '<filter/>' },
    serve: (response) => stream(response, 10, 11),
    look: ({ ticks }, [{ method, body }]) => same([ticks, method, body], [[11], 'REPORT', '<filter/>'], 'asked and handed over'),
  },
  {
    name: 'a request says what it accepts and that nothing may be cached',
    ask: { last: 11 },
    serve: (response) => stream(response, 10, 11),
    look: (_, [{ method, headers }]) => {
      same([method, headers.accept, headers['cache-control']], ['GET', 'text/event-stream', 'no-cache'], 'asked')
    },
  },
  {
    name: "another server's stream is read, and goes on behind its last id",
    raw: true,
    ask: { last: 'end', names: ['price'] },
    serve: (response, { n }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      if (n === 1) response.end('\ufeff: hi\nretry: 1000\nid: a/ü\nevent: price\ndata: 1\ndata: 2\n\ndata: half')
      else response.write('data: end\n\n')
    },
    look: ({ events, comments, states }, [first, second], transport) => {
      const id = Buffer.from(second.headers['last-event-id'] ?? '', 'latin1').toString()
      same([first.headers['last-event-id'], id || second.query.get('lastEventId')], [undefined, 'a/ü'], 'ids sent')
      same(events, [['price', '1\n2', 'a/ü'], ['message', 'end', 'a/ü']], 'handed over')
      same(comments, transport === 'fetch' ? ['hi'] : [], 'comments')
      same(states.filter((state) => state.startsWith('open')), ['open answer', 'open answer'], 'opened')
    },
  },
  {
    name: 'c13 a refusal across origins is seen if the refusal lets the page in',
    abroad: true,
    ask: {},
    foreign: abroad(page(404)),
    look: ({ error }) => same([error.code, error.body], ['not-found', '<h1>Sign in</h1>'], 'the error'),
  },
  { name: 'w13 across origins a stream needs no preflight', abroad: true, ask: { last: 11 }, foreign: eleven, look: crossed(undefined, 0) },
  {
    name: 'across origins cookies go where they are asked to',
    abroad: true,
    ask: { last: 11, withCredentials: true },
    foreign: eleven,
    look: crossed('desk=mine', 0),
  },
  {
    name: 'across origins POST of text needs no preflight',
    abroad: true,
    fetch: true,
    ask: { last: 11, method: 'POST', body: 'x' },
    foreign: eleven,
    look: crossed(undefined, 0),
  },
  {
    name: 'w13 across origins a token needs a preflight',
    abroad: true,
    fetch: true,
    ask: { last: 11, tokens: ['mine'] },
    foreign: eleven,
    look: crossed(undefined, 1),
  },
  {
    name: 'a redirect on the same origin keeps the token',
    fetch: true,
    ask: { last: 11, tokens: ['mine'] },
    serve: (response, { request }) => {
      if (!request.url.includes('moved')) return response.writeHead(307, { location: `${request.url}${request.url.includes('?') ? '&' : '?'}moved` }).end()
      stream(response, 10, 11)
    },
    look: (_, requests) => same(requests.map(({ headers }) => headers.authorization), ['Bearer mine', 'Bearer mine'], 'tokens'),
  },
  {
    name: 'a redirect to another origin does not take the token along',
    fetch: true,
    ask: { last: 11, tokens: ['mine'] },
    serve: (response, { request, site }) => response.writeHead(307, { location: `${site.foreign}${request.url}`, ...anyone }).end(),
    // The other origin lets everybody in, and any header: nobody but the engine keeps the token.
    foreign: (response, { request }) => {
      for (const [name, value] of Object.entries(anyone)) response.setHeader(name, value)
      if (request.method === 'OPTIONS') return response.end()
      stream(response, 10, 11)
    },
    look: ({ ticks }, [first, second]) => {
      same(ticks, [11], 'handed over')
      same([first.headers.authorization, second.headers.authorization], ['Bearer mine', undefined], 'tokens')
      console.log(`      other headers at the other origin: ${second.headers['x-mine'] === 'too' ? 'taken along' : 'dropped'}`)
    },
  },
]

export async function run({ runtime, transport, only }, tally) {
  const script = await bundle('listen.mjs', await unpack(await pack()))
  const cases = CASES.filter(({ name }) => name.includes(only))
  const all = ['chromium', 'firefox', 'node']
  must(runtime === 'all' || all.includes(runtime), `no runtime "${runtime}"; take ${all.join(', ')} or all`)
  for (const name of all.filter((name) => runtime === 'all' || name === runtime)) {
    const files = { '/': html('answers'), '/page.js': script }
    const [site, foreign] = [await serveScript(files), await serveScript()]
    ;[site.foreign, foreign.home] = [foreign.url, site.url]
    const place = name === 'node' ? await inNode(script) : await inBrowser(name, site)
    for (const [where, listen] of Object.entries(place.listen)) {
      // Node 20 has no EventSource.
      for (const carrier of name === 'node' ? ['fetch'] : carried(transport)) {
        for (const one of cases.filter((one) => (!one.fetch || carrier === 'fetch') && (!one.abroad || name !== 'node'))) {
          await tally.case(`${where}, ${carrier}: ${one.name}`, () => play(one, listen, carrier, site, foreign))
        }
      }
    }
    await place.close()
  }
}

let played = 0

async function play(one, listen, transport, site, foreign) {
  const path = `/case/${(played += 1)}`
  site.requests.length = foreign.requests.length = foreign.preflights = 0
  site.cases[path] = one.serve
  foreign.cases[path] = one.foreign
  // Where an EventSource could do it, fetch is taken because there is none.
  const book = await listen(one.raw ? 'listenRaw' : 'listen', `${one.abroad ? foreign.url : site.url}${path}`, { ...one.ask, bare: transport === 'fetch' && !one.fetch })
  await one.look(book, [...site.requests, ...foreign.requests], transport, foreign)
}

async function inNode(script) {
  const file = join(fresh('answers'), 'listen.mjs')
  writeFileSync(file, script)
  await import(pathToFileURL(file))
  return { listen: { [`node ${process.version}`]: (how, url, ask) => globalThis[how](url, ask) }, close: () => {} }
}

async function inBrowser(name, site) {
  const browser = await launch(name)
  const page = (body) => async (how, url, ask) => {
    const tab = await open(browser, site.url)
    await tab.waitForFunction(() => window.listen)
    const book = await tab.evaluate(body, how, url, JSON.stringify(ask))
    await tab.close()
    return book
  }
  const listen = {
    [`${name} page`]: page((how, url, ask) => window[how](url, JSON.parse(ask))),
    [`${name} worker`]: page((how, url, ask) => {
      const worker = new Worker('/page.js', { type: 'module' })
      return new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data)
        worker.onerror = ({ message }) => reject(new Error(message))
        worker.postMessage([how, url, JSON.parse(ask)])
      })
    }),
  }
  return { listen, close: browser.close }
}
