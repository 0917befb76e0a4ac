// The wire's fixtures, read by the EventSource of real browsers.
//
// Shows that what our decoders are held to is what browsers do. Where one differs, the fixture says so under `browsers`.

import { readdirSync, readFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'

import { chosen, launch, open } from '../lib/browser.mjs'
import { root } from '../lib/paths.mjs'
import { cleanup } from '../lib/process.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e wire [--browser chromium|firefox|both] [--fixture NAME]

Replays tests/fixtures/wire/streams/*.sse to the browsers' own EventSource and compares what it hands over, and the id it
comes back with, with the .json beside each.

  --browser  both (the default), or one
  --fixture  one of them, without its ending`

export const options = { browser: { type: 'string', default: 'both' }, fixture: { type: 'string' } }

const STREAMS = join(root, 'tests/fixtures/wire/streams')

export async function run({ browser, fixture }, tally) {
  const names = readdirSync(STREAMS)
    .filter((name) => name.endsWith('.sse'))
    .map((name) => name.slice(0, -'.sse'.length))
    .filter((name) => !fixture || name === fixture)
  must(names.length > 0, `no fixture ${fixture ?? ''} in ${STREAMS}`)
  for (const name of chosen(browser)) await all(name, names, tally)
}

async function all(browserName, names, tally) {
  const replay = await serveReplay()
  const browser = await launch(browserName)
  const page = await open(browser, `${replay.url}/`)
  for (const name of names) {
    const fixture = JSON.parse(readFileSync(join(STREAMS, `${name}.json`), 'utf8'))
    const expected = { ...fixture, ...fixture.browsers?.[browserName] }
    await tally.case(`${browserName}: ${name}: ${expected.about}`, async () => {
      const blocks = await page.evaluate((name, types) => window.read(name, types), name, typesOf(name, expected))
      const [is, should] = [blocks, expected.blocks].map((blocks) => blocks.map((block) => JSON.stringify(block)).join('\n'))
      must(is === should, `handed over\n${is}\ninstead of\n${should}`)
    })
    replay.expected.set(name, expected)
  }
  // The browser comes back by itself, each at its own pace; only then does it show the id it holds.
  await tally.case(`${browserName}: comes back with the last id of each`, async () => {
    const missing = () => [...replay.expected.keys()].filter((name) => replay.expected.get(name).retry <= 5_000 && !replay.returned.has(name))
    await until(() => `a second request of ${missing()}`, () => missing().length === 0, { timeout: 30_000, every: 100 })
    const wrong = [...replay.returned].filter(([name, id]) => id !== replay.expected.get(name).lastEventId)
    must(wrong.length === 0, wrong.map(([name, id]) => `${name}: came back with "${id}", not "${replay.expected.get(name).lastEventId}"`).join('\n'))
  })
  await browser.close()
}

/** Every event name the page must listen for: those that come, and those that must not. */
function typesOf(name, expected) {
  const named = readFileSync(join(STREAMS, `${name}.sse`), 'utf8').matchAll(/event: ?([^\r\n]*)/g)
  return [...new Set(['message', ...[...named].map(([, type]) => type), ...expected.blocks.map(({ event }) => event)])].filter(Boolean)
}

/** Each stream once; whoever comes back for it is written down and told that there is no more. */
async function serveReplay() {
  const replay = { returned: new Map(), expected: new Map(), url: undefined }
  const served = new Set()
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(request.url.slice(1))
    if (name === '' || name === 'favicon.ico') {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(PAGE)
    } else if (served.has(name)) {
      // A header's bytes are read as Latin-1; an id is UTF-8.
      const id = Buffer.from(request.headers['last-event-id'] ?? '', 'latin1').toString('utf8')
      replay.returned.set(name, id)
      response.writeHead(204).end()
    } else {
      served.add(name)
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.end(readFileSync(join(STREAMS, `${name}.sse`)))
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup(() => {
    server.closeAllConnections()
    server.close()
  })
  replay.url = `http://127.0.0.1:${server.address().port}`
  return replay
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>wire</title><script>
// Resolves with what was handed over until the stream ended.
window.read = (name, types) => new Promise((resolve) => {
  const source = new EventSource('/' + name)
  const blocks = []
  for (const type of types) {
    source.addEventListener(type, (event) => {
      // The end of the stream is an event called "error" too, without data.
      if (event instanceof MessageEvent) blocks.push({ event: type, data: event.data, id: event.lastEventId })
    })
  }
  source.addEventListener('error', (event) => { if (!(event instanceof MessageEvent)) resolve(blocks) })
})
</script>`
