// Real browsers: Debian's Chromium and Firefox, each with a fresh profile, driven by puppeteer-core.
//
// Chromium is driven by CDP and Firefox by WebDriver BiDi. What a page sees of its streams is asked of the page itself:
// the protocols' own network events distort EventSource.

import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { cleanup } from './process.mjs'

const CHROMIUM_FLAGS = [
  '--no-sandbox', // root in a container has no sandbox to enter
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const FIREFOX_PREFERENCES = {
  // Nothing may be asked of the network but what the page asks.
  'app.update.enabled': false,
  'browser.safebrowsing.downloads.remote.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
}

/** The browsers a check was asked to run in. */
export const chosen = (name) => pick('browser', ['chromium', 'firefox'], name)

/** What a check was asked to let carry the stream. */
export const carried = (name) => pick('transport', ['eventsource', 'fetch'], name)

function pick(what, all, name) {
  if (name === 'both') return all
  if (all.includes(name)) return [name]
  throw new Error(`no ${what} "${name}"; take ${all.join(', ')} or both`)
}

/** Starts a browser, with `kept` one that keeps pages one goes back to; it is closed and its profile removed when the check ends, however it ends. */
export async function launch(name, { kept = false } = {}) {
  const { default: puppeteer } = await import('puppeteer-core')
  const profile = mkdtempSync(join(tmpdir(), `eventwire-${name}-`))
  const chromium = name === 'chromium'
  const browser = await puppeteer.launch({
    browser: chromium ? 'chrome' : 'firefox',
    executablePath: process.env[chromium ? 'CHROMIUM' : 'FIREFOX'] ?? (chromium ? '/usr/bin/chromium' : '/usr/bin/firefox-esr'),
    headless: true,
    // The driver turns it off by itself.
    ignoreDefaultArgs: kept ? ['--disable-back-forward-cache'] : false,
    userDataDir: profile,
    args: chromium ? CHROMIUM_FLAGS : [],
    extraPrefsFirefox: FIREFOX_PREFERENCES,
    protocolTimeout: 60_000,
  })
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await browser.close().catch(() => browser.process()?.kill('SIGKILL'))
    const gone = () => rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    // A helper of the browser's may outlive it and still write there: then at the end of the check, for which it counts nothing.
    await gone().catch(() => cleanup(gone))
  }
  cleanup(close)
  return { name, browser, close, version: await browser.version() }
}

/** A page that keeps what its console said and what it threw: `page.complaints`. */
export async function open(browser, url) {
  const page = await browser.browser.newPage()
  page.complaints = []
  page.on('console', (message) => {
    if (message.type() === 'error') page.complaints.push(message.text())
  })
  page.on('pageerror', (error) => page.complaints.push(String(error)))
  // Not `load`: a page may open its stream while it loads, and a stream never ends.
  await page.goto(url, { waitUntil: 'domcontentloaded' })
  return page
}

/** Really hides `page` behind another tab, which it returns. */
export async function hide(browser, page) {
  const other = await browser.browser.newPage()
  await other.bringToFront()
  await page.waitForFunction(() => document.visibilityState === 'hidden', { polling: 50 })
  return other
}

/** Brings `page` back to the front. */
export async function show(page) {
  await page.bringToFront()
  await page.waitForFunction(() => document.visibilityState === 'visible', { polling: 50 })
}
