// A test service as LaunchDarkly's sse-contract-tests drive one: a harness says over HTTP what to listen to, and is told over
// HTTP what came. Made of `connectRaw` over fetch; run by itself it listens on the port in PORT (8000).

import http from 'node:http'

/** Optional features that this client has: all there are. */
export const CAPABILITIES = [
  'bom', 'comments', 'event-type-listeners', 'headers', 'last-event-id', 'payload-size-stress-testable', 'post', 'read-timeout', 'report', 'restart', 'server-directed-shutdown-request', '204',
]

/** Serves; `listen` is `connectRaw`. Returns the server. */
export function serve(connectRaw, port, host = '127.0.0.1') {
  const streams = new Map()
  let made = 0

  function begin({ streamUrl, callbackUrl, lastEventId, readTimeoutMs, headers = {}, method, body }) {
    // One callback after the other: the harness sorts them by number, and waits for none that is missing.
    let [said, before] = [0, Promise.resolve()]
    const tell = (message) => {
      const url = `${callbackUrl}/${(said += 1)}`
      before = before.then(() => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(message) })).catch(() => {})
    }
    // Payloads of 128 MiB are asked for.
    const stream = connectRaw(streamUrl, { largest: 256 << 20, lastEventId, stall: readTimeoutMs || undefined, headers, ...(method && { method }), ...(body !== undefined && { body }) })
    stream.onEvent((event) => tell({ kind: 'event', event }))
    stream.onComment((comment) => tell({ kind: 'comment', comment }))
    let was
    stream.onState((state) => {
      const lost = state.kind === 'waiting' && was !== 'waiting'
      if (lost || (state.kind === 'closed' && state.reason !== 'closed')) tell({ kind: 'error', error: state.error?.message ?? state.reason, comment: state.error?.message ?? state.reason })
      was = state.kind
    })
    return stream
  }

  async function answer(request) {
    const [, id] = request.url.split('/')
    let text = ''
    for await (const chunk of request) text += chunk
    const asked = text ? JSON.parse(text) : undefined
    switch (`${request.method} ${id ? 'stream' : 'service'}`) {
      case 'GET service':
        return [200, { capabilities: CAPABILITIES }]
      case 'DELETE service':
        setTimeout(() => server.close(), 0)
        server.closeIdleConnections()
        return [204]
      case 'POST service':
        if (!asked?.streamUrl || !asked.callbackUrl) return [400]
        streams.set(`${(made += 1)}`, begin(asked))
        return [201, undefined, { location: `/${made}` }]
    }
    const stream = streams.get(id)
    if (!stream) return [404]
    if (request.method === 'DELETE') {
      stream.close()
      streams.delete(id)
      return [204]
    }
    if (asked?.command === 'restart') stream.restart()
    else if (asked?.command !== 'listen') return [400] // every name is heard
    return [202]
  }

  const server = http.createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const [status, body, headers = {}] = await answer(request).catch(() => [400])
    response.writeHead(status, { ...(body && { 'content-type': 'application/json' }), ...headers }).end(body && JSON.stringify(body))
  })
  server.on('close', () => streams.forEach((stream) => stream.close()))
  server.listen(port, host)
  return server
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { connectRaw } = await import(new URL('../../../npm/dist/index.js', import.meta.url))
  serve(connectRaw, Number(process.env.PORT ?? 8000))
}
