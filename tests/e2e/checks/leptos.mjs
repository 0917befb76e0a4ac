// A front end in Rust: the example page of `client-wasm/examples/leptos`, in real browsers.
//
// xtask has compiled it; here it is served, driven, and its history is judged as any other page's is.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

import { chosen, hide, launch, open, show } from '../lib/browser.mjs'
import { Harness, publishTicks } from '../lib/harness.mjs'
import { judged, said } from '../lib/judge.mjs'
import { complete, counts, history } from '../lib/ledger.mjs'
import { target } from '../lib/paths.mjs'
import { cleanup } from '../lib/process.mjs'
import { at, greeting, serveScript, stream } from '../lib/scripted.mjs'
import { serveSite } from '../lib/site.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e leptos [--browser chromium|firefox|both] [--events N]

A Leptos page on \`eventwire-client\`: the hub is killed with SIGKILL and comes back from its disk while the page listens;
its tab is hidden; its queue is full; a topic is added and deleted; the component is removed; a token is refused once.
What it hands to JavaScript is held against what a stream of the npm package hands over.

  --browser  both (the default), or one
  --events   how many are published around the kill (1500)`

export const options = {
  browser: { type: 'string', default: 'both' },
  events: { type: 'string', default: '1500' },
}

const TOPICS = ['prices.a', 'prices.b', 'prices.c']
const VIEW = ['prices.*']

// Only a machine that stands still is this slow.
const CEILING_MS = 30_000

export async function run({ browser, events }, tally) {
  const files = pageFiles()
  for (const name of chosen(browser)) {
    const started = await launch(name)
    await tally.case(`${name}: killed once in ${events} events, on disk`, () => killed(started, files, Number(events)))
    await tally.case(`${name}: hidden, and back`, () => hidden(started, files))
    await tally.case(`${name}: a topic more and less, and the component removed`, () => removed(started, files))
    await tally.case(`${name}: more at once than its queue holds`, () => full(started, files))
    await tally.case(`${name}: a token that is refused once`, () => refused(started, files))
    await tally.case(`${name}: objects for JavaScript, as npm's stream has them`, () => objects(started, files))
    await tally.case(`${name}: values for JavaScript of every kind, and no prototype among them`, () => kinds(started, files))
    await started.close()
  }
}

/** The kill: publishers go on through it, and the page is to have every event once and in order. */
async function killed(browser, files, events) {
  const { harness, site } = await hub(files)
  const from = (await harness.stats()).position
  const page = await open(browser, `${site.url}/?topics=${VIEW}`)
  await opened(page)
  const each = Math.floor(events / TOPICS.length)
  let [accepted, away] = [0, undefined]
  const comeBack = async () => {
    const before = await states(page, 'open')
    await harness.restart('SIGKILL')
    await until('the page to come back', async () => (await states(page, 'open')) > before, { timeout: 60_000 })
  }
  const onAccepted = (count) => {
    accepted += count
    if (!away && accepted >= events / 2) away = comeBack()
  }
  const publishers = TOPICS.map((topic) => publishTicks(harness, topic, each, { onAccepted }))
  const answered = await Promise.all([...publishers])
  must(away, 'all was published before the kill')
  await away
  const last = Object.fromEntries(TOPICS.map((topic) => [topic, each]))
  const late = await until('the last events', async () => complete(last, await lasts(page)), { timeout: 60_000 }).then(() => undefined, (error) => error)
  const sum = await verdict(page, from, answered, VIEW)
  if (late) throw late
  must(sum.published === each * TOPICS.length && sum.delivered === sum.published, `a disk loses nothing: ${JSON.stringify(sum)}`)
  must(sum.duplicate === 0 && sum.gaps === 0, `a disk loses nothing: ${JSON.stringify(sum)}`)
  const shown = await page.evaluate((topic) => document.getElementById(`${topic}-value`)?.textContent, TOPICS[0])
  must(shown === String(each), `the page shows ${shown} of ${TOPICS[0]}, not ${each}`)
  console.log(`      published ${sum.published} delivered ${sum.delivered} duplicate ${sum.duplicate} gaps ${sum.gaps}`)
  await over(page, harness)
}

/** Hidden past the grace it lets its stream go, and when it is back it has missed nothing. */
async function hidden(browser, files) {
  const { harness, site } = await hub(files)
  const from = (await harness.stats()).position
  const page = await open(browser, `${site.url}/?topics=${VIEW}&grace=500`)
  await opened(page)
  const answered = [await publishTicks(harness, TOPICS[0], 20)]
  await has(page, 20)
  const other = await hide(browser, page)
  await until('the stream to be let go', () => site.open === 0, { timeout: CEILING_MS })
  await until('the server to forget the reader', async () => (await harness.stats()).readers === 0)
  const before = site.requests.length
  answered.push(await publishTicks(harness, TOPICS[0], 80, { from: 21 }))
  must(site.requests.length === before, 'the hidden page dialled')
  await show(page)
  await has(page, 100)
  const sum = await verdict(page, from, answered, VIEW)
  must(sum.delivered === 100 && sum.gaps === 0, `nothing was lost: ${JSON.stringify(sum)}`)
  must((await seen(page)).includes('paused, hidden'), `the badge went ${await seen(page)}`)
  await other.close()
  await over(page, harness)
}

/** Bytes that are framed here come many events at a time: at its bound it stops reading, and goes on from there. */
async function full(browser, files) {
  const { harness, site } = await hub(files)
  const from = (await harness.stats()).position
  const answered = [await publishTicks(harness, TOPICS[0], 200, { batch: 50 })]
  const page = await open(browser, `${site.url}/?topics=${VIEW}&from=earliest&queue=50&token=yes`)
  await has(page, 200)
  const sum = await verdict(page, from, answered, VIEW)
  must(sum.delivered === 200 && sum.duplicate === 0 && sum.gaps === 0, `nothing was lost: ${JSON.stringify(sum)}`)
  must(site.requests.length > 1, 'all came on one stream: the queue was never full')
  console.log(`      ${site.requests.length} streams`)
  await over(page, harness)
}

/** The button asks for one topic more and less; without the component the server has no reader. */
async function removed(browser, files) {
  const { harness, site } = await hub(files)
  const page = await open(browser, `${site.url}/?topics=${VIEW}`)
  await opened(page)
  const asked = async (topic) => {
    const rows = await (await fetch(`${harness.url}/sessions`)).json()
    return rows.some(({ topics }) => topics.includes(topic))
  }
  const press = (id) => page.evaluate((id) => document.getElementById(id).click(), id)
  await press('notes')
  await until('the server to be asked for notes', () => asked('notes'))
  await harness.publish('notes', [{ event: 'note', data: { text: 'hello' } }])
  await until('the note', () => page.evaluate(() => document.getElementById('notes-value')?.textContent === 'hello'))
  await press('notes')
  await until('the server to be asked for no notes', async () => !(await asked('notes')))
  await press('shut')
  await until('the server to see the reader leave', async () => (await harness.stats()).readers === 0)
  const { items, states } = await page.evaluate(() => window.book)
  const requests = site.requests.length
  await harness.publish('prices.a', [{ event: 'tick', data: { n: 1, pad: '' } }])
  await press('shut')
  // Another component is another stream: it starts now.
  await until('another reader', async () => (await harness.stats()).readers === 1)
  await harness.publish('prices.b', [{ event: 'tick', data: { n: 2, pad: '' } }])
  await until('its event', async () => (await lasts(page))['prices.b'] === 2)
  must(site.requests.length === requests + 1, `${site.requests.length - requests} requests for one stream`)
  must(items.length > 0 && states.length > 0 && !(await lasts(page))['prices.a'], 'what came while there was no component was handed over')
  await over(page, harness)
}

/** Asked for headers before each attempt, and once more when they were refused. */
async function refused(browser, files) {
  const site = await serveScript(files)
  site.cases['/events'] = (response, { request }) => {
    if (request.headers.authorization === 'Bearer second') stream(response, 10, 11)
    else response.writeHead(401).end()
  }
  const page = await open(browser, `${site.url}/?topics=load.*&token=yes`)
  await until('the event behind the token', async () => (await lasts(page))['load.a'] === 11)
  const tokens = await page.evaluate(() => window.book.tokens)
  must(JSON.stringify(tokens) === '[null,401]', `the page was asked for tokens with ${JSON.stringify(tokens)}`)
  const sent = site.requests.map(({ headers }) => headers.authorization).join()
  must(sent === 'Bearer first,Bearer second', `the requests bore ${sent}`)
  must(page.complaints.every((text) => text.includes('401')), `the page complained: ${page.complaints}`)
  await page.close()
}

/** A gap, events and faults as `Item::to_js` makes them, beside what `for await` of the npm package is handed. */
async function objects(browser, files) {
  const site = await serveScript(files)
  const event = (n, name, data, id = `${at(n)}.1/prices.a`) => `id: ${id}\nevent: ${name}\ndata: ${data}\n\n`
  const gap = `id: ${at(10)}\nevent: eventwire.gap\ndata: {"reason":"epoch","topics":["prices.*"]}\n\n`
  const said = [
    greeting(10, { names: ['tick', 'note', 'later'], topics: VIEW }, gap),
    event(11, 'tick', JSON.stringify({ n: 1, pad: 'é\u{1f980} "\\' })),
    event(12, 'note', '{"text":""}'),
    event(13, 'tick', '{"n":"no number","pad":""}'),
    event(14, 'tick', '{"n":'),
    event(15, 'later', '{}'),
    event(0, 'tick', '{"n":1,"pad":""}', 'no id'),
    event(16, 'tick', '{"n":4294967295,"pad":""}'),
  ]
  site.cases['/events'] = (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).write(said.join(''))
  // Of a hub that is no more: the stream begins with a gap.
  const from = 'zzzzzzzzzzzz-7'
  const page = await open(browser, `${site.url}/?topics=${VIEW}&from=${from}`)
  const { connect } = await import(new URL('../../../npm/dist/index.js', import.meta.url))
  const wrong = ({ n }) => (Number.isInteger(n) ? null : { path: '/n', expected: 'an integer', found: typeof n })
  const contract = { name: 'Board', hash: '', names: ['tick', 'note'], validate: { tick: wrong, note: () => null } }
  const stream = connect(contract, `${site.url}/events`, { topics: VIEW, from })
  const theirs = []
  for await (const item of stream) if (theirs.push(item) === said.length) break
  const handed = () => page.evaluate(() => window.book.objects)
  const ours = await until('as many objects', async () => (await handed()).length === said.length && handed(), { timeout: CEILING_MS })
  for (const [i, item] of theirs.entries()) {
    const mine = plain(ours[i])
    if (item.type === 'eventwire.fault') {
      // serde has other words for it, and keeps no payload.
      const same = ({ type, topic, position, data: { reason, event, topic: on, position: at } }) => ({ type, topic, position, reason, event, on, at })
      assert.deepEqual(same(mine), same(item))
      assert.deepEqual(Object.keys(mine.data).sort(), Object.keys(item.data).sort())
    } else {
      assert.deepEqual(mine, item)
    }
  }
  const came = theirs.map(({ type, data }) => (type === 'eventwire.fault' ? data.reason : type)).join()
  must(came === 'eventwire.gap,tick,note,invalid,json,unknown,id,tick', `they came as ${came}`)
  must(!ours.some((text) => text.includes('"[object')), `not plain: ${ours}`)
  await page.close()
}

/** Values that JavaScript has another way with, as text: what is an object there is plain, or it were marked. */
async function kinds(browser, files) {
  const site = await serveScript(files)
  const page = await open(browser, `${site.url}/?kinds=yes`)
  const { objects, faults } = await until(
    'all kinds',
    () => page.evaluate(() => window.book.objects.length + window.book.faults.length === 13 && window.book),
    { timeout: CEILING_MS },
  )
  const told = objects.map((text) => {
    const { type, data, topic, position } = JSON.parse(text)
    must(topic === 'kinds' && position === at(11), text)
    return `${type} ${JSON.stringify(data)}`
  })
  assert.deepEqual(told, [
    'Named {"__proto__":{"n":1},"b":{"n":2}}',
    'Nested [null,{"__proto__":{"__proto__":1}}]',
    'Flat {"own":1,"__proto__":1}',
    'Numbered {"-7":true}',
    'Switched {"false":"ü"}',
    'Widely {"340282366920938463463374607431768211455":null}',
    'Wide "[bigint -1]"',
    'Whole "18446744073709551615"',
    'Long 9007199254740991',
    'Nothing null',
  ])
  const reasons = [/a map has a key that is no string/, /a field is called __proto__/, /9007199254740992/]
  must(faults.length === reasons.length && reasons.every((words, i) => words.test(faults[i])), faults.join('\n'))
  const touched = await page.evaluate(() => 'n' in {} || Object.getPrototypeOf(Object.prototype) !== null)
  must(!touched, 'the prototype of all objects was changed')
  await page.close()
}

/** Of the text that the driver made, with the marks of what JSON has not. */
const plain = (text) => unmarked(JSON.parse(text))
const unmarked = (value) => {
  if (value === '[undefined]') return undefined
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(unmarked)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unmarked(inner)]))
}

async function hub(files) {
  const dir = mkdtempSync(join(tmpdir(), 'eventwire-leptos-'))
  cleanup(() => rmSync(dir, { recursive: true, force: true }))
  const harness = await new Harness(['--store', `disk:${dir}`]).start()
  const site = await serveSite(files)
  site.upstream = harness.url
  return { harness, site }
}

async function over(page, harness) {
  const { faults } = await page.evaluate(() => window.book)
  must(faults.length === 0, `faults: ${faults.slice(0, 3)}`)
  const panics = page.complaints.filter((text) => text.includes('panicked'))
  must(panics.length === 0, panics.join('\n'))
  await page.close()
  await harness.process.kill()
}

async function verdict(page, from, answered, view) {
  const { items } = await page.evaluate(() => window.book)
  const run = history(answered.flatMap(({ published }) => published), { view, from, items })
  const violations = await judged(run)
  must(violations.length === 0, said(violations))
  return counts(run, violations)
}

const lasts = (page) => page.evaluate(() => window.book.lasts)
const has = (page, n) => until(`event ${n}`, async () => (await lasts(page))[TOPICS[0]] === n, { timeout: CEILING_MS })
const seen = (page) => page.evaluate(() => window.book.states)
const states = async (page, kind) => (await seen(page)).filter((state) => state.startsWith(kind)).length
const opened = (page) => until('the stream to open', async () => (await states(page, 'open')) > 0, { timeout: CEILING_MS })

/** What `cargo xtask e2e leptos` has built, each file under its path, and the page around it. */
export function pageFiles() {
  const dir = join(target, 'leptos', 'page')
  const files = { '/': HTML }
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files[`/${relative(dir, path)}`] = readFileSync(path)
  }
  return files
}

/** The driver's half of `src/bin/book.rs`. */
function driver() {
  const query = new URLSearchParams(location.search)
  const book = { items: [], lasts: {}, faults: [], states: [], tokens: [], objects: [] }
  let last
  book.asked = (name) => query.get(name) ?? undefined
  book.event = (at, topic, content) => {
    book.items.push({ event: { at, topic, content } })
    book.lasts[topic] = JSON.parse(content.slice(content.indexOf(' '))).n
  }
  book.gap = (at, reason, topics) => book.items.push({ gap: { at, reason, topics: topics ? topics.split(',') : [] } })
  book.fault = (text) => book.faults.push(text)
  // As text: on its way to the check an object would lose what is undefined, and a Map become an empty object.
  book.object = (item) =>
    book.objects.push(
      JSON.stringify(item, (_, value) => {
        if (value === undefined) return '[undefined]'
        if (typeof value === 'bigint') return `[bigint ${value}]`
        const plain = value === null || typeof value !== 'object' || [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value))
        return plain ? value : Object.prototype.toString.call(value)
      }),
    )
  book.position = (at) => {
    if (at && at !== last) book.items.push({ at: (last = at) })
  }
  book.token = async (refused) => {
    book.tokens.push(refused ?? null)
    return refused ? 'second' : 'first'
  }
  // The badge is what a visitor sees of the stream's state.
  const look = () => {
    const state = document.getElementById('state')?.textContent
    if (state && state !== book.states.at(-1)) book.states.push(state)
  }
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true })
  window.book = book
}

const HTML = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>leptos</title><body><script>(${driver})()</script>
<script type="module">import init from '/page.js'; init()</script></body></html>`
