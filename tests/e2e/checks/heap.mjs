// A page that lives long: what the client holds does not grow with events, nor with connections.
//
// Asked of Chromium's own heap after a collection, which Firefox does not offer over WebDriver BiDi.

import { once } from 'node:events'
import http from 'node:http'

import { carried, launch, open } from '../lib/browser.mjs'
import { bundle, html, pack, unpack } from '../lib/package.mjs'
import { cleanup } from '../lib/process.mjs'
import { greeting, serveScript, tick } from '../lib/scripted.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e heap [--events N] [--redials N] [--streams N] [--transport eventsource|fetch|both]

Has a page of Chromium handed so many events, dial so often on one stream, and open and close so many streams, and
compares what its heap and the memory of its WebAssembly hold after a tenth of them and in the end.

  --events   1000000 for the full figure (100000)
  --redials  1000 for the full figure (100)
  --streams  1000 for the full figure (100)
  --transport  what carries the stream: both (the default), or one`

export const options = {
  events: { type: 'string', default: '100000' },
  redials: { type: 'string', default: '100' },
  streams: { type: 'string', default: '100' },
  transport: { type: 'string', default: 'both' },
}

// What the browser's own bookkeeping may grow by; a leak of 2 bytes an event would be more.
const SLACK = 128 * 1024

export async function run({ events, redials, streams, transport }, tally) {
  const files = { '/': html('heap'), '/page.js': await bundle('heap.mjs', await unpack(await pack())) }
  const site = await serveScript(files)
  const browser = await launch('chromium')
  for (const carrier of carried(transport)) {
    const page = await open(browser, `${site.url}/?transport=${carrier}`)
    await page.waitForFunction(() => window.events)
    const grew = (what, count, name) =>
      tally.case(`c22 ${carrier}: ${count} ${what} leave nothing behind`, async () => {
        await again(page, name, Math.ceil(count / 10))
        const before = await held(page)
        await again(page, name, count - Math.ceil(count / 10))
        const after = await held(page)
        console.log(`      heap ${before.heap} and then ${after.heap} bytes, buffers ${before.buffers} and then ${after.buffers}, listeners ${before.listeners} and then ${after.listeners}`)
        must(after.heap - before.heap < SLACK, `the heap grew by ${after.heap - before.heap} bytes`)
        must(after.buffers - before.buffers < SLACK, `buffers, of them the memory of the WebAssembly, grew by ${after.buffers - before.buffers} bytes`)
        must(after.listeners <= before.listeners + 5, `${after.listeners - before.listeners} listeners more`)
      })
    await page.evaluate((url) => (window.url = url), await serveFlood())
    await grew('events', Number(events), 'events')
    await grew('connections of one stream', Number(redials), 'redials')
    await grew('streams, opened and closed', Number(streams), 'streams')
    must(page.complaints.length === 0, `the console says ${page.complaints}`)
    await page.close()
  }
  await browser.close()
}

/** Has the page do it so often, however long that takes. */
async function again(page, name, count) {
  await page.evaluate((name, count) => {
    window.done = false
    void window[name](count).then(() => (window.done = true))
  }, name, count)
  await until(`${count} ${name}`, () => page.evaluate(() => window.done), { timeout: 60_000 + count * 200, every: 100 })
}

/** Bytes held once garbage is collected, and listeners. */
async function held(page) {
  const protocol = await page.createCDPSession()
  // What a first collection ends, a second takes away.
  for (let n = 0; n < 3; n += 1) await protocol.send('HeapProfiler.collectGarbage')
  const { usedSize, backingStorageSize = 0 } = await protocol.send('Runtime.getHeapUsage')
  const { jsEventListeners } = await protocol.send('Memory.getDOMCounters')
  await protocol.detach()
  return { heap: Math.round(usedSize), buffers: Math.round(backingStorageSize), listeners: jsEventListeners }
}

/** A server that greets and then says as many ticks as `?ticks=` asks for, as fast as they are taken. */
async function serveFlood() {
  const server = http.createServer(async (request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-allow-headers', '*')
    if (request.method === 'OPTIONS') return response.end()
    const { searchParams } = new URL(request.url, 'http://here')
    const from = Number(searchParams.get('lastEventId')?.split('-')[1] ?? 10)
    const last = from + Number(searchParams.get('ticks'))
    const gone = once(response, 'close')
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(greeting(from))
    for (let n = from + 1; n <= last && !response.destroyed; ) {
      let block = ''
      for (let more = 0; more < 500 && n <= last; more += 1, n += 1) block += tick(n)
      if (!response.write(block)) await Promise.race([once(response, 'drain'), gone])
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${server.address().port}/`
}
