// Pages that are put away, stopped, cut off without a word, or read through a service worker, in real browsers.
//
// Times are printed, and bounded only where a page would be lost: this machine is no measure.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { carried, chosen, launch, open } from '../lib/browser.mjs'
import { Harness, publishTicks } from '../lib/harness.mjs'
import { judged, said } from '../lib/judge.mjs'
import { complete, counts, history } from '../lib/ledger.mjs'
import { bundle, html, pack, unpack } from '../lib/package.mjs'
import { cleanup } from '../lib/process.mjs'
import { serveSite } from '../lib/site.mjs'
import { must } from '../lib/tally.mjs'
import { pass, until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e asleep [--browser chromium|firefox|both] [--transport eventsource|fetch|both] [--stopped MS] [--only WORDS]

Takes a page away and back by its history, stops the whole browser while its server is replaced, lets a connection go
silent without an end, and puts a service worker between page and server. Every history is judged.

  --browser    both (the default), or one
  --transport  what carries the stream: both (the default), or one
  --stopped    how long the browser is stopped (6000)
  --only       only the cases with these words in their name`

export const options = {
  browser: { type: 'string', default: 'both' },
  transport: { type: 'string', default: 'both' },
  stopped: { type: 'string', default: '6000' },
  only: { type: 'string', default: '' },
}

const TOPIC = 'load.a'
const HEARTBEAT_MS = 1000
/** Twice the heartbeat and ten seconds: docs/decisions/0008-silence.md. */
const STALL_MS = 2 * HEARTBEAT_MS + 10_000
// Only a machine that stands still is this slow.
const CEILING_MS = 30_000

const WORKER = `self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (event) => event.respondWith(fetch(event.request)))`

const CASES = [
  { name: 'w4 a page that is left and comes back', play: left },
  { name: 'c18 a browser that stands still while its server is replaced', play: stopped },
  { name: 'c18 a connection that is half open', play: halfOpen },
  { name: 'w12 a page behind a service worker', play: behindWorker },
]

export async function run({ browser, transport, only, ...options }, tally) {
  const script = await bundle('ledger.mjs', await unpack(await pack()))
  for (const name of chosen(browser)) {
    for (const carrier of carried(transport)) {
      for (const { name: what, play } of CASES.filter(({ name }) => name.includes(only))) {
        await tally.case(`${name}, ${carrier}: ${what} loses nothing`, async () => {
          const scene = await set(name, carrier, script, options)
          await play(scene)
          await end(scene)
        })
      }
    }
  }
}

/** A server with a disk, a page that reads it, and fifty events it has had. */
async function set(name, carrier, script, { stopped }) {
  const dir = mkdtempSync(join(tmpdir(), 'eventwire-asleep-'))
  cleanup(() => rmSync(dir, { recursive: true, force: true }))
  const harness = await new Harness(['--store', `disk:${dir}`, '--retain', '600', '--heartbeat', String(HEARTBEAT_MS)]).start()
  const site = await serveSite({ '/': html('asleep'), '/page.js': script, '/away': html('away').replace(/<script.*/, ''), '/worker.js': WORKER })
  site.upstream = harness.url
  const browser = await launch(name, { kept: true })
  const from = (await harness.stats()).position
  const page = await open(browser, `${site.url}/away`)
  const scene = { harness, site, browser, page, from, carrier, stopped: Number(stopped), published: [], last: 0 }
  scene.read = async () => {
    await page.goto(`${site.url}/?topics=${TOPIC}&transport=${carrier}`, { waitUntil: 'domcontentloaded' })
    await until('the stream to open', () => page.evaluate(() => window.book?.states.at(-1)?.kind === 'open'))
    await publish(scene)
    await seen(scene)
  }
  await scene.read()
  return scene
}

async function publish(scene) {
  const { published } = await publishTicks(scene.harness, TOPIC, 50, { from: scene.last + 1 })
  scene.published.push(...published)
  scene.last += 50
}

const seen = ({ page, last }) =>
  until(`event ${last}`, async () => complete({ [TOPIC]: last }, await page.evaluate(() => window.book?.lasts ?? {})), { timeout: 60_000 })

async function end(scene) {
  await publish(scene)
  await seen(scene)
  const { items, faults } = await scene.page.evaluate(() => window.book)
  const run = history(scene.published, { view: [TOPIC], from: scene.from, items })
  const violations = await judged(run)
  const sum = counts(run, violations)
  must(violations.length === 0, `${JSON.stringify(sum)}, ${said(violations)}`)
  must(sum.gaps === 0 && sum.delivered === scene.published.length, `a disk loses nothing: ${JSON.stringify(sum)}`)
  must(faults.length === 0, `faults: ${faults.slice(0, 3)}`)
  await scene.browser.close()
  await scene.harness.process.kill()
}

async function left(scene) {
  const { page, site } = scene
  await page.evaluate(() => {
    window.addEventListener('pageshow', ({ persisted }) => (window.kept = persisted))
    // Behind the answer to this.
    setTimeout(() => (location.href = '/away'), 0)
  })
  await until('the other page', () => page.evaluate(() => document.title === 'away').catch(() => false))
  await until('the stream to be let go', () => site.open === 0, { timeout: CEILING_MS })
  await publish(scene)
  const before = site.requests.length
  await page.evaluate(() => void setTimeout(() => history.back(), 0))
  await until('the page', () => page.evaluate(() => document.title === 'asleep').catch(() => false))
  const kept = await page.evaluate(() => window.kept === true)
  console.log(`      ${kept ? 'kept whole while it was away' : 'not kept: loaded anew'}, ${site.requests.length - before} requests when it was back`)
  if (kept) return seen(scene)
  // Loaded anew it begins anew, from now on.
  scene.from = (await scene.harness.stats()).position
  scene.published.length = 0
  await scene.read()
}

async function stopped(scene) {
  const { browser, site, harness } = scene
  const pids = family(browser.browser.process().pid)
  const every = (signal) => pids.forEach((pid) => to(pid, signal))
  cleanup(() => every('SIGCONT'))
  every('SIGSTOP')
  await harness.restart('SIGTERM')
  await publish(scene)
  await pass(scene.stopped)
  const before = site.requests.length
  const woken = Date.now()
  every('SIGCONT')
  await until('the page to dial', () => site.requests.length > before, { timeout: CEILING_MS })
  console.log(`      dialled ${site.requests[before].at - woken} ms after it ran again`)
  await seen(scene)
}

async function halfOpen(scene) {
  const { site } = scene
  const before = site.requests.length
  site.swallow()
  const silent = Date.now()
  await publish(scene)
  await until('the page to dial', () => site.requests.length > before, { timeout: STALL_MS + CEILING_MS })
  console.log(`      dialled ${site.requests[before].at - silent} ms after the last byte; silence is believed for ${STALL_MS} ms`)
  await seen(scene)
}

async function behindWorker(scene) {
  const { page, harness } = scene
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/worker.js')
    await navigator.serviceWorker.ready
  })
  await until('the worker to take over', () => page.evaluate(() => Boolean(navigator.serviceWorker.controller)))
  scene.from = (await harness.stats()).position
  scene.published.length = 0
  await scene.read()
  must(await page.evaluate(() => Boolean(navigator.serviceWorker.controller)), 'no worker controls the page')
  await harness.restart('SIGKILL')
}

function to(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error // some helper of the browser's that had just ended
  }
}

/** A process and all that came of it. */
function family(pid) {
  const parents = new Map()
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [, parent] = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ')[1].split(' ')
      parents.set(Number(entry), Number(parent))
    } catch {
      // gone meanwhile
    }
  }
  const all = [pid]
  for (const one of all) for (const [child, parent] of parents) if (parent === one) all.push(child)
  return all
}
