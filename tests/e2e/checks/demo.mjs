// The dashboard as a visitor meets it: every button, both sides' score, a second tab, the keyboard, a phone.
//
// Numbers are read off the page, as the visitor reads them. Nothing is timed; what must come is waited for.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
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

Starts the demo on free ports and does what a visitor does: watches both streams, kills the server, deploys, cuts, floods,
breaks the contract, hashes a folder through a reload, leaves a note, opens a second tab that shares the stream, hides both,
goes through all controls by keyboard. Firefox watches, kills and breaks only. Screenshots stay in target/e2e/demo-*.png.

  --browser  both (the default), or one`

export const options = { browser: { type: 'string', default: 'both' } }

const DESKTOP = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }

// Backoff doubles while a server is away, and a laden machine starts one slowly.
const PATIENCE = { timeout: 60_000 }

// What a browser itself says of a server that is away, or of a page it leaves; no page can keep it quiet.
const AWAY = /Failed to load resource|ERR_|can.t establish a connection|connection to .* was interrupted|NetworkError/

export async function run({ browser }, tally) {
  for (const name of chosen(browser)) {
    const url = await demo()
    const client = await launch(name)
    const page = await open(client, url)
    await page.setViewport(DESKTOP)
    const step = (what, body) => tally.case(`${name}: ${what}`, () => body(page, client, url))
    await step('both sides move within seconds, nothing in the console', moves)
    if (name === 'chromium') {
      await step('no serious accessibility violation, light and dark', accessible)
      await step('every control by keyboard, with a visible focus', keyboard)
      await step('no sideways scrolling on a phone', phone)
    }
    await step('an event that breaks the contract is a fault with its path, and the stream stays open', breaks)
    await step('after a kill the left lost without a word, the right lost nothing', kills)
    if (name === 'chromium') {
      await step('cut off and deployed, the right still lost nothing', cutAndDeploy)
      await step('a flood arrives whole', floods)
      await step('a job goes on through a reload and ends with a digest', hashes)
      await step('a note appears, and is there after a reload', notes)
      await step('two tabs are one session in the list, and hidden tabs leave it', sessions)
    }
    await step('no complaint of the page itself to the end', calm)
    await client.close()
  }
}

async function moves(page) {
  for (const side of ['naive', 'ours']) {
    const first = await until(`the first event of ${side}`, async () => (await score(page, side)).delivered)
    await until(`more events of ${side}`, async () => (await score(page, side)).delivered > first + 5)
  }
  await until('the charts of the machine', () => page.$$eval('#machine canvas', (all) => all.length >= 3))
  must(page.complaints.length === 0, `the console says: ${page.complaints.join('\n')}`)
}

async function accessible(page) {
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') })
  for (const scheme of ['light', 'dark']) {
    // Without motion: a colour on its way to another is neither.
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }])
    await page.screenshot({ path: left(`demo-${scheme}.png`), fullPage: true })
    const bad = await page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] })
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      return serious.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`)
    })
    must(bad.length === 0, `${scheme}: ${bad.join('\n')}`)
  }
}

async function keyboard(page) {
  const controls = await page.$$eval('a[href], button, input, [tabindex="0"]', (all) => all.length)
  await page.evaluate(() => document.activeElement?.blur())
  const reached = new Set()
  for (let press = 0; press < controls + 2 && reached.size < controls; press += 1) {
    await page.keyboard.press('Tab')
    const focus = await page.evaluate(() => {
      const at = document.activeElement
      const all = [...document.querySelectorAll('a[href], button, input, [tabindex="0"]')]
      return { index: all.indexOf(at), text: at.textContent.slice(0, 30), outline: getComputedStyle(at).outlineStyle }
    })
    if (focus.index < 0) continue
    must(focus.outline !== 'none', `the focus on "${focus.text}" cannot be seen`)
    reached.add(focus.index)
  }
  must(reached.size === controls, `Tab reaches ${reached.size} of ${controls} controls`)
}

async function phone(page) {
  await page.setViewport(PHONE)
  const width = await until('the narrow layout', () => page.evaluate(() => innerWidth === 390 && document.documentElement.scrollWidth))
  await page.screenshot({ path: left('demo-phone.png'), fullPage: true })
  await page.setViewport(DESKTOP)
  must(width <= PHONE.width, `the page is ${width} wide on a phone of ${PHONE.width}`)
}

async function breaks(page) {
  await press(page, 'break the contract')
  await until('the fault', async () => (await client(page, 'faults')).includes('/celsius'))
  must((await client(page, 'state')) === 'open', `the stream is ${await client(page, 'state')}`)
}

async function kills(page) {
  await press(page, 'kill -9 the server')
  await until('the server to be dead', () => server(page, 'dead'))
  await until('the page to say that it waits', () => text(page, '#ours .badge').then((badge) => /waiting|connecting/.test(badge)))
  await page.screenshot({ path: left(`demo-dead-${await brand(page)}.png`), fullPage: true })
  await until('the server to run again by itself', () => server(page, 'running'))
  // It comes back and shows a hole, or the browser gives it up for good: both are a loss.
  const naively = async () => `a loss on the left, which says: ${await text(page, '#naive .badge')}`
  await until(naively, async () => (await score(page, 'naive')).missing > 0, PATIENCE)
  must((await text(page, '#naive .verdict')).endsWith('never told'), 'the left does not say that nobody told')
  await caughtUp(page)
  const [naive, ours] = [await score(page, 'naive'), await score(page, 'ours')]
  console.log(`      after a kill: left missing ${naive.missing}, right missing ${ours.missing} duplicate ${ours.duplicate}`)
  await page.screenshot({ path: left(`demo-killed-${await brand(page)}.png`), fullPage: true })
  whole(ours)
}

async function cutAndDeploy(page) {
  for (const button of ['cut me off', 'deploy']) {
    const before = await timeline(page)
    await press(page, button)
    await until(`the stream to notice "${button}"`, async () => (await timeline(page)) > before)
    await until('the right to be live', async () => (await text(page, '#ours .badge')) === 'live', PATIENCE)
    await until('the server to run', () => server(page, 'running'), PATIENCE)
    await until(`"${button}" to be offered again`, () => offered(page, button), PATIENCE)
  }
  await caughtUp(page)
  whole(await score(page, 'ours'))
}

async function floods(page) {
  const before = (await score(page, 'ours')).delivered
  await press(page, 'flood')
  await until('the whole flood', async () => (await score(page, 'ours')).delivered >= before + 10_000, PATIENCE)
  whole(await score(page, 'ours'))
}

async function hashes(page) {
  const bar = () => page.$eval('#job progress', (bar) => ({ value: bar.value, max: bar.max }))
  await page.$eval('#job button', (button) => button.click())
  const { value } = await until('the job to begin', () => bar().then((at) => at.value > 0 && at))
  await reload(page)
  await until('the progress after a reload', () => bar().then((at) => at.value >= value))
  await until('the digest', async () => /^SHA-256 [0-9a-f]{64}$/.test(await text(page, '#job .digest')), PATIENCE)
}

async function notes(page) {
  const note = `left by a check ${process.pid}`
  const there = () => page.$eval('#board .notes', (list, note) => list.textContent.includes(note), note)
  await page.type('#board input', note)
  await page.keyboard.press('Enter')
  await until('the note', there)
  await reload(page)
  await until('the note after a reload', there)
}

async function sessions(page, browser, url) {
  // Read without a browser's help, so that no third tab hides these.
  const list = async () => (await (await fetch(`${url}/sessions.json`)).json()).sessions
  // A page that has just been opened has no panels yet.
  const live = (tab) => tab.$$eval('#ours .badge', ([badge]) => badge?.textContent === 'live')
  await until('the first tab to be live', () => live(page))
  const second = await open(browser, url)
  await until('the second tab to be live', () => live(second))
  await until('the two tabs to share', async () => (await client(second, 'carried by')) === 'another tab' && (await list()).length === 1)
  const before = (await score(second, 'ours')).delivered
  await until('events in the second tab', async () => (await score(second, 'ours')).delivered > before + 5)
  await until('the hidden tab, which had the stream, to rest', async () => (await text(page, '#ours .badge')).startsWith('paused'), PATIENCE)
  await until('the other tab to have it', async () => (await client(second, 'carried by')) === 'this tab, for all' && (await list()).length === 1)
  await page.bringToFront()
  await until('both to be live', async () => (await live(page)) && (await live(second)))
  await until('one session again', async () => (await list()).length === 1)
  await caughtUp(page)
  whole(await score(page, 'ours'))
  whole(await score(second, 'ours'))
  const pop = await open(browser, `${url}/sessions.html`)
  await until('the list', () => pop.$$eval('tbody tr', (rows) => rows.length === 1))
  await pop.screenshot({ path: left('demo-sessions.png') })
  await until('the hidden tabs to leave', async () => (await list()).length === 0, { ...PATIENCE, every: 200 })
  await page.bringToFront()
  await until('the first tab to come back', async () => (await list()).length === 1 && live(page), { every: 200 })
  for (const opened of [pop, second]) await opened.close()
}

function calm(page) {
  const said = page.complaints.filter((text) => !AWAY.test(text))
  must(said.length === 0, `the console says: ${said.join('\n')}`)
}

/** Loads the page anew; its panels are there once its stream is. */
async function reload(page) {
  await page.reload({ waitUntil: 'domcontentloaded' })
  await until('the page to be live again', () => page.$$eval('#ours .badge', ([badge]) => badge?.textContent === 'live').catch(() => false))
}

/** Everything published has arrived on the right. */
async function caughtUp(page) {
  const published = await number(page, '#published-count')
  await until('the right to catch up', () => page.$eval('#ours .lines li', (line, n) => parseInt(line.textContent, 10) >= n, published), PATIENCE)
}

function whole({ missing, duplicate, announced }) {
  must(missing === 0 && duplicate === 0 && announced === 0, `the right: missing ${missing} announced ${announced} duplicate ${duplicate}`)
}

const text = (page, selector) => page.$eval(selector, (element) => element.textContent)
const number = async (page, selector) => Number((await text(page, selector)).replaceAll(',', ''))
const timeline = (page) => page.$$eval('#client .timeline li', (all) => all.length)
const server = async (page, state) => (await text(page, '#server-state')).startsWith(state)
const brand = async (page) => ((await page.browser().version()).startsWith('firefox') ? 'firefox' : 'chromium')

/** A pane's score by name. */
async function score(page, side) {
  const pairs = await page.$$eval(`#${side} .score div`, (all) => all.map((div) => [div.children[0].textContent, div.children[1].textContent]))
  return Object.fromEntries(pairs.map(([name, value]) => [name, Number(value.replaceAll(',', ''))]))
}

/** A row of “What the client does”. */
function client(page, title) {
  return page.$$eval('#client dt', (all, title) => all.find((dt) => dt.textContent === title).nextElementSibling.textContent, title)
}

const button = (page, label, read) =>
  page.$$eval('#trouble button', (all, label, read) => {
    const found = all.find((one) => one.textContent === label)
    const rests = found.getAttribute('aria-disabled') === 'true'
    if (read) found.click()
    return !rests
  }, label, read)
const offered = (page, label) => button(page, label, false)

async function press(page, label) {
  await until(`"${label}" to be offered`, () => offered(page, label))
  await button(page, label, true)
}

async function demo() {
  const dir = mkdtempSync(join(tmpdir(), 'eventwire-demo-'))
  cleanup(() => rmSync(dir, { recursive: true, force: true }))
  // A folder that takes a debug build some seconds to hash, wherever this runs.
  const hashed = join(dir, 'hashed')
  mkdirSync(hashed)
  for (let file = 0; file < 256; file += 1) writeFileSync(join(hashed, String(file)), Buffer.alloc(64 << 10, file))
  const port = await freePort(2)
  const args = ['--port', String(port), '--data', join(dir, 'data'), '--hash', hashed]
  const demo = await start(binary('eventwire-demo'), args, { ready: /^dashboard (http:\S+)/, timeout: 60_000 })
  // Asked to end, not killed: it ends the server it watches over.
  cleanup(() => demo.kill('SIGTERM'))
  return demo.ready[1]
}
