// A server that answers each path as its case says, request by request, and writes down what it was asked.
//
// Speaks the wire just enough to be believed: hello, cursors, ticks.

import http from 'node:http'

import { cleanup } from './process.mjs'
import { typeOf } from './site.mjs'

const EPOCH = 'k3f9x2m1q0ab'

const HELLO = {
  v: 1,
  start: `${EPOCH}-10`,
  head: `${EPOCH}-10`,
  names: ['tick'],
  contract: '',
  topics: ['**'],
  denied: [],
  heartbeat: 15_000,
  spread: 1000,
  retry: 1000,
}

/** An id as a client holds it. */
export const at = (n) => `${EPOCH}-${n}`

/** One tick, as the wire has it. */
export const tick = (n) => `id: ${at(n)}.1/load.a\nevent: tick\ndata: {"n":${n},"pad":"ü"}\n\n`

/** What a stream that begins behind `from` says before its first event: a hello with this `change`, a `gap` if one is due. */
export function greeting(from, change = {}, gap = '') {
  const cursor = (kind) => `id: ${at(from)}\nevent: eventwire.cursor\ndata: {"kind":"${kind}"}\n\n`
  const hello = { ...HELLO, start: at(from), head: at(from), ...change }
  return `event: eventwire.hello\ndata: ${JSON.stringify(hello)}\n\n${gap}${cursor('prelude')}${cursor('live')}`
}

/** A stream that begins behind `from` and says `ticks`; it stays open. */
export function stream(response, from, ...ticks) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(greeting(from) + ticks.map(tick).join(''))
}

/** `site.cases[path]` answers: `(response, { request, n, site })`, n from 1. `files` are served as they are, with a cookie. */
export async function serveScript(files = {}) {
  const site = { cases: {}, requests: [], preflights: 0, url: undefined }
  // On a machine that stood still it would end a connection, as idle, that the next request is on its way over.
  const server = http.createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://here')
    if (pathname in files) {
      response.setHeader('content-type', typeOf(pathname))
      response.setHeader('set-cookie', 'desk=mine; Path=/')
      return response.end(files[pathname])
    }
    const answer = site.cases[pathname]
    if (!answer) return response.writeHead(204).end()
    let body = ''
    for await (const chunk of request) body += chunk
    const { method, headers } = request
    if (method === 'OPTIONS') site.preflights += 1
    else site.requests.push({ at: Date.now(), path: pathname, query: searchParams, method, headers, body })
    const n = site.requests.filter(({ path }) => path === pathname).length
    answer(response, { request, n, site })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup(() => {
    server.closeAllConnections()
    server.close()
  })
  site.url = `http://127.0.0.1:${server.address().port}`
  return site
}
