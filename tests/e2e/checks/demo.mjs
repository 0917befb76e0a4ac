// The dashboard as a visitor sees it, before and after the server is killed, with pictures to look at.
//
// Holds the page to its own words; whether it looks well is for whoever opens the pictures.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { chosen, launch, open } from '../lib/browser.mjs'
import { binary, left } from '../lib/paths.mjs'
import { freePort } from '../lib/port.mjs'
import { cleanup, start } from '../lib/process.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e demo [--browser chromium|firefox|both]

Opens the demo dashboard, kills its server by the page's own button, and reads on the page that the naive stream lost
events and ours lost none. Pictures of it (desktop, phone, light, dark, after the kill) are left in target/e2e.

  --browser  both (the default), or one`

export const options = { browser: { type: 'string', default: 'both' } }

const DESKTOP = { width: 1280, height: 1600 }
const PHONE = { width: 390, height: 844 }

// What a browser itself says of a server that is away; no page can keep it quiet.
const AWAY = /Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE|can.t establish a connection|connection to .* was interrupted|NetworkError/

export async function run({ browser }, tally) {
  const dir = mkdtempSync(join(tmpdir(), 'eventwire-demo-'))
  cleanup(() => rmSync(dir, { recursive: true, force: true }))
  const port = await freePort(2)
  const args = ['--port', String(port), '--data', dir, '--hash', join(dir, '..')]
  const demo = await start(binary('eventwire-demo'), args, { ready: /^dashboard (http:\S+)/, timeout: 60_000 })
  // Asked to end, not killed: it ends the server it watches over.
  cleanup(() => demo.kill('SIGTERM'))
  for (const name of chosen(browser)) await visit(name, demo.ready[1], tally)
}

async function visit(name, url, tally) {
  const browser = await launch(name)
  const page = await open(browser, url)
  const words = (selector) => page.evaluate((selector) => document.querySelector(selector)?.textContent ?? '', selector)
  const score = (pane, word) =>
    page.evaluate(
      (pane, word) => {
        const dt = [...document.querySelectorAll(`#${pane} dt`)].find((dt) => dt.textContent === word)
        return Number(dt?.nextElementSibling?.textContent.replace(/\D/g, '') ?? NaN)
      },
      pane,
      word,
    )
  const picture = (what) => page.screenshot({ path: left(`demo-${name}-${what}.png`), fullPage: true })

  await tally.case(`${name}: both panes move, and nothing complains`, async () => {
    await page.setViewport(DESKTOP)
    await until('events on both sides', async () => (await score('naive', 'delivered')) > 20 && (await score('ours', 'delivered')) > 20)
    await picture('desktop')
    must(page.complaints.length === 0, `the console says: ${page.complaints.join('\n')}`)
  })
  await tally.case(`${name}: in the other light, and on a phone without scrolling sideways`, async () => {
    await page.click('#theme')
    await picture('desktop-other-light')
    await page.setViewport(PHONE)
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
    must(wide <= seen, `the page is ${wide} pixels wide on a phone of ${seen}`)
    await picture('phone-other-light')
    await page.click('#theme')
    await picture('phone')
    await page.setViewport(DESKTOP)
  })
  await tally.case(`${name}: the server is killed: the left lost events without a word, the right none`, async () => {
    const before = await score('ours', 'delivered')
    await page.evaluate(() => [...document.querySelectorAll('#trouble button')].find((button) => /kill/.test(button.textContent)).click())
    await until('the page to say that the server is away', async () => !/running/.test(await words('#server-state')), { every: 50 })
    await picture('while-away')
    await until('the server to run again', async () => /running/.test(await words('#server-state')), { timeout: 30_000 })
    await until('the left to miss events', async () => (await score('naive', 'missing')) > 0, { timeout: 30_000 })
    const missed = await score('naive', 'missing')
    // What the left missed, the right was handed since: the catching up itself, not the calm before it.
    const caughtUp = async () => (await score('ours', 'delivered')) >= before + missed && (await score('ours', 'missing')) === 0
    await until('the right to have caught up', caughtUp, { timeout: 30_000 })
    await picture('after-kill')
    const [missing, duplicate, announced] = await Promise.all(['missing', 'duplicate', 'announced'].map((word) => score('ours', word)))
    console.log(`left missing ${await score('naive', 'missing')}, right missing ${missing}`)
    must(missing === 0 && duplicate === 0 && announced === 0, `ours: missing ${missing} duplicate ${duplicate} announced ${announced}`)
    const complaints = page.complaints.filter((text) => !AWAY.test(text))
    must(complaints.length === 0, `the console says: ${complaints.join('\n')}`)
  })
  await browser.close()
}
