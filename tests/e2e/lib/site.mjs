// One origin for a page: files out of memory, and everything else handed on to the server under test.
//
// Sees each request a page makes, which a page cannot be asked about: a browser repeats some by itself.

import http from 'node:http'
import { extname } from 'node:path'

import { cleanup } from './process.mjs'
import { must } from './tally.mjs'

const TYPES = { '.css': 'text/css', '.js': 'text/javascript', '.json': 'application/json', '.mjs': 'text/javascript', '.wasm': 'application/wasm' }

/** What a file of this name is served as: a page, if it has no ending that says otherwise. */
export const typeOf = (path) => TYPES[extname(path)] ?? 'text/html; charset=utf-8'

/**
 * Serves `files` ({'/': html, '/page.js': js}); other paths go to `site.upstream` ('http://127.0.0.1:1234/node').
 * When the upstream is away or dies, so does the client's connection: no answer is made up. `site.swallow()` makes every
 * connection that is open half-open: it stays, and nothing comes through any more.
 */
export async function serveSite(files) {
  const site = { upstream: undefined, requests: [], open: 0, swallow: () => site.requests.forEach((entry) => (entry.swallowed = true)) }
  // What is handed on breaks off where it is, as when the network goes.
  site.cut = () => site.requests.forEach(({ socket, closedAt }) => closedAt ?? socket.destroy())
  // On a machine that stood still it would end a connection, as idle, that the next request is on its way over.
  const server = http.createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const path = request.url.split('?')[0]
    if (path in files) {
      response.setHeader('content-type', typeOf(path))
      response.end(files[path])
    } else if (path === '/favicon.ico') {
      response.writeHead(204).end()
    } else {
      handOn(site, request, response)
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup(() => {
    server.closeAllConnections()
    server.close()
  })
  site.url = `http://127.0.0.1:${server.address().port}`
  return site
}

/** Throws unless every stream was asked for by the transport that the page was told to take. */
export function carriedBy(transport, site) {
  const others = site.requests.filter(({ headers }) => (headers['x-asked'] === 'again') !== (transport === 'fetch'))
  must(others.length === 0, `${others.length} of ${site.requests.length} requests were not made by ${transport}`)
}

function handOn(site, request, response) {
  const entry = { at: Date.now(), url: request.url, method: request.method, headers: request.headers, socket: request.socket, said: '', status: undefined, closedAt: undefined }
  site.requests.push(entry)
  site.open += 1
  response.on('close', () => {
    site.open -= 1
    entry.closedAt = Date.now()
  })
  if (!site.upstream) {
    request.socket.destroy()
    return
  }
  const { host: _host, connection: _connection, ...headers } = request.headers
  const up = http.request(new URL(site.upstream + request.url), { method: request.method, headers, agent: false }, (answer) => {
    entry.status = answer.statusCode
    response.writeHead(answer.statusCode, answer.headers)
    // What was said last: a check waits for it.
    answer.on('data', (chunk) => (entry.said = (entry.said + chunk).slice(-4096)))
    answer.on('data', (bytes) => entry.swallowed || response.write(bytes))
    answer.on('end', () => entry.swallowed || response.end())
    answer.on('error', () => entry.swallowed || response.destroy())
    answer.on('close', () => entry.swallowed || answer.complete || response.destroy())
  })
  up.on('error', () => request.socket.destroy())
  response.on('close', () => up.destroy())
  request.pipe(up)
}
