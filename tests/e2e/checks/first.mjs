// How much later than a bare EventSource's a page's first event is there, its WebAssembly compiled on the way.
//
// Prints; asserts no time, for no machine of CI is quiet. Each round is two fresh pages, by turns.

import { chosen, launch, open } from '../lib/browser.mjs'
import { bundle, html, pack, unpack } from '../lib/package.mjs'
import { serveScript, stream } from '../lib/scripted.mjs'
import { must } from '../lib/tally.mjs'

export const help = `
cargo xtask e2e first [--browser chromium|firefox|both] [--rounds N]

Opens a stream in a fresh page by a bare EventSource and by connect, by turns, and prints the time from the call to the
first event: the middle of all rounds, and the difference. To be read on an idle machine.

  --browser  both (the default), or one
  --rounds   of each (20)`

export const options = { browser: { type: 'string', default: 'both' }, rounds: { type: 'string', default: '20' } }

/** DESIGN's budget: a first event at most this much later. */
const BAR_MS = 30

export async function run({ browser, rounds }, tally) {
  const site = await serveScript({ '/': html('first'), '/page.js': await bundle('first.mjs', await unpack(await pack())) })
  site.cases['/events'] = (response) => stream(response, 10, 11)
  for (const name of chosen(browser)) {
    await tally.case(`${name}: a first event, ${rounds} times each way`, async () => {
      const running = await launch(name)
      const took = { bare: [], connect: [] }
      for (let round = 0; round < Number(rounds); round += 1) {
        for (const way of round % 2 ? ['bare', 'connect'] : ['connect', 'bare']) {
          const page = await open(running, site.url)
          await page.waitForFunction(() => window.first)
          const ms = await page.evaluate((way) => window.first[way]('/events'), way)
          must(ms > 0, `${way} was handed its event after ${ms} ms`)
          took[way].push(ms)
          await page.close()
        }
      }
      const [bare, connect] = [took.bare, took.connect].map(middle)
      const later = connect - bare
      console.log(`      bare ${bare.toFixed(1)} ms, connect ${connect.toFixed(1)} ms: ${later.toFixed(1)} ms later (must ${BAR_MS}: ${later <= BAR_MS ? 'holds' : 'does not hold here'})`)
      await running.close()
    })
  }
}

const middle = (times) => times.sort((a, b) => a - b)[times.length >> 1]
