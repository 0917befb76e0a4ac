// A tab that is really hidden lets its stream go after the grace, dials nothing, and misses nothing when it is back.
//
// Requests are counted where they arrive, not in the page: a browser may repeat some by itself.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { carried, chosen, hide, launch, open, show } from '../lib/browser.mjs'
import { Harness, publishTicks } from '../lib/harness.mjs'
import { judged, said } from '../lib/judge.mjs'
import { complete, counts, history } from '../lib/ledger.mjs'
import { bundle, html, pack, unpack } from '../lib/package.mjs'
import { cleanup } from '../lib/process.mjs'
import { carriedBy, serveSite } from '../lib/site.mjs'
import { must } from '../lib/tally.mjs'
import { pass, until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e hidden [--browser chromium|firefox|both] [--transport eventsource|fetch|both]
                     [--grace MS] [--away MS]

Hides a tab behind another for longer than the grace, and redeploys the server meanwhile: the old process is ended with
SIGTERM, a new one serves the same disk on the same port. The tab must dial nothing while it is hidden, at once when it
is visible, and miss nothing.

  --browser  both (the default), or one
  --transport what carries the stream: both (the default), or one
  --grace    how long a hidden tab keeps its stream (2000)
  --away     how long it stays hidden after that (6000)`

export const options = {
  browser: { type: 'string', default: 'both' },
  transport: { type: 'string', default: 'both' },
  grace: { type: 'string', default: '2000' },
  away: { type: 'string', default: '6000' },
}

// Only a machine that stands still is this slow.
const CEILING_MS = 30_000

const TOPIC = 'load.a'

export async function run({ browser, transport, grace, away }, tally) {
  const page = await bundle('ledger.mjs', await unpack(await pack()))
  for (const name of chosen(browser)) {
    for (const carrier of carried(transport)) {
      const what = `${name}, ${carrier}: hidden for ${away} ms after a grace of ${grace} ms`
      await tally.case(what, () => one(name, carrier, Number(grace), Number(away), page))
    }
  }
}

async function one(name, transport, grace, away, script) {
  const dir = mkdtempSync(join(tmpdir(), 'eventwire-hidden-'))
  cleanup(() => rmSync(dir, { recursive: true, force: true }))
  const harness = await new Harness(['--store', `disk:${dir}`, '--retain', '600']).start()
  const site = await serveSite({ '/': html('hidden'), '/page.js': script })
  site.upstream = harness.url
  const browser = await launch(name)
  const from = (await harness.stats()).position
  const page = await open(browser, `${site.url}/?topics=${TOPIC}&grace=${grace}&transport=${transport}`)
  const lasts = () => page.evaluate(() => window.book?.lasts ?? {})
  const has = (last) => until(`event ${last}`, async () => complete({ [TOPIC]: last }, await lasts()), { timeout: CEILING_MS })
  await until('the stream to open', () => page.evaluate(() => window.book?.states.at(-1)?.kind === 'open'))
  const answered = [await publishTicks(harness, TOPIC, 50)]
  await has(50)

  const hiding = Date.now()
  await hide(browser, page)
  answered.push(await publishTicks(harness, TOPIC, 50, { from: 51 }))
  await until('the stream to be let go', () => site.open === 0, { timeout: grace + CEILING_MS })
  const kept = Date.now() - hiding
  // The server saw a reader leave, not only the proxy.
  await until('the server to forget the reader', async () => readers(await harness.stats()) === 0)
  const before = site.requests.length

  await harness.restart('SIGTERM')
  answered.push(await publishTicks(harness, TOPIC, 200, { from: 101 }))
  await pass(away)
  const after = site.requests.length - before
  console.log(`requests after grace ${after}`)

  const showing = Date.now()
  await show(page)
  await until('the page to dial', () => site.requests.length > before + after, { timeout: CEILING_MS })
  const dialled = site.requests[before + after].at - showing
  // What never comes is the judge's to name.
  let late
  await has(300).catch((error) => (late = error))
  answered.push(await publishTicks(harness, TOPIC, 50, { from: 301 }))
  await has(350).catch((error) => (late ??= error))
  const { items, faults } = await page.evaluate(() => window.book)
  const run = history(answered.flatMap(({ published }) => published), { view: [TOPIC], from, items })
  const violations = await judged(run)
  const sum = counts(run, violations)
  console.log(`dialled ${dialled} ms after it was visible, let go ${kept} ms after it was hidden`)
  console.log(`unannounced ${sum.unannounced}`)

  must(after === 0, `the hidden page made ${after} requests: ${JSON.stringify(site.requests.slice(before, before + after))}`)
  must(kept >= grace * 0.75, `the stream was let go after ${kept} ms, before its grace of ${grace} ms`)
  must(dialled <= CEILING_MS, `the page dialled only ${dialled} ms after it was visible`)
  must(violations.length === 0, `${JSON.stringify(sum)}, ${said(violations)}`)
  if (late) throw late
  must(sum.gaps === 0 && sum.published === 350 && sum.delivered === 350, `a disk loses nothing: ${JSON.stringify(sum)}`)
  must(faults.length === 0, `faults: ${faults.slice(0, 3)}`)
  carriedBy(transport, site)
  await browser.close()
  await harness.process.kill()
}

/** Streams the server holds open, by its own word. */
const readers = (stats) => stats.readers
