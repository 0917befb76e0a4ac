// The page's server: hands it orders and takes its answers, and streams a set as a server of ours would.
//
// The page works by itself between an order and its answer, so that whoever gave the order may read what it worked.

import http from 'node:http'

import { typeOf } from '../../tests/e2e/lib/site.mjs'
import { greeting, id } from './words.mjs'

/** How much is handed to the socket at once. */
const PIECE = 64 * 1024

/** Serves `files` and the streams of `sets`; `site.order(what)` answers with what the page said when it had done it. */
export async function serve(files, sets, contract) {
  const site = { url: '', loaded: undefined, order: undefined, failed: undefined }
  // The page asks for an order with its answer to the last; it waits here until there is one.
  let waiting
  let answered
  const arrived = (answer) => {
    const take = answered
    answered = undefined
    take?.(answer)
  }
  site.order = (what) => {
    const answer = site.answer()
    const page = waiting
    waiting = undefined
    page.end(JSON.stringify(what))
    return answer
  }
  site.answer = () => new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the page did not answer in 60 s')), 60_000)
    answered = (answer) => {
      clearTimeout(timer)
      if (answer.failed) reject(new Error(`the page failed: ${answer.failed}`))
      else resolve(answer)
    }
  })
  const server = http.createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://here')
    if (pathname === '/order') {
      let body = ''
      for await (const chunk of request) body += chunk
      waiting = response
      return arrived(JSON.parse(body))
    }
    if (pathname === '/stream') return stream(response, sets[searchParams.get('set')], searchParams, contract)
    const file = pathname in files ? pathname : undefined
    if (!file) return response.writeHead(204).end()
    response.setHeader('content-type', typeOf(file))
    response.setHeader('cache-control', 'no-store')
    response.end(files[file])
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  site.url = `http://127.0.0.1:${server.address().port}`
  site.close = () => {
    server.closeAllConnections()
    server.close()
  }
  return site
}

/** `n` events of a set, round and round, as fast as they are taken; the stream then stays open. */
function stream(response, set, asked, contract) {
  const n = Number(asked.get('n'))
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(greeting(contract).map(({ id, name, data }) => `${id && `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`).join(''))
  let sent = 0
  const more = () => {
    while (sent < n) {
      let piece = ''
      for (; sent < n && piece.length < PIECE; sent += 1) {
        const { name, data } = set.events[sent % set.events.length]
        piece += `id: ${id(sent)}\nevent: ${name}\ndata: ${data}\n\n`
      }
      if (!response.write(piece)) return response.once('drain', more)
    }
  }
  more()
}
