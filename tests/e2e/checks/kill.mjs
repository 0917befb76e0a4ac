// The server is killed while a page listens: nothing is lost, or the page is told.
//
// The judge is told what publishers were answered and what the page was handed.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { carried, chosen, launch, open } from '../lib/browser.mjs'
import { Harness, publishTicks } from '../lib/harness.mjs'
import { judged, said } from '../lib/judge.mjs'
import { complete, counts, history } from '../lib/ledger.mjs'
import { bundle, html, pack, unpack } from '../lib/package.mjs'
import { cleanup } from '../lib/process.mjs'
import { carriedBy, serveSite } from '../lib/site.mjs'
import { must } from '../lib/tally.mjs'
import { pass, until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e kill [--store disk|memory] [--browser chromium|firefox|both] [--transport eventsource|fetch|both]
                   [--kills N] [--events N]

Kills the harness hub with SIGKILL while a retrying, keyed publisher publishes on three topics and a page listens with
the packed npm package. With the disk store nothing may be lost, doubled or gapped; with memory, nothing may be lost
without a word.

  --store    disk (the default), memory, or both
  --browser  both (the default), or one
  --transport what carries the stream: both (the default), or one
  --kills    how often (5)
  --events   how many are published (10000)`

export const options = {
  store: { type: 'string', default: 'disk' },
  browser: { type: 'string', default: 'both' },
  transport: { type: 'string', default: 'both' },
  kills: { type: 'string', default: '5' },
  events: { type: 'string', default: '10000' },
}

const TOPICS = ['load.a', 'load.b', 'other.c']
const VIEW = ['load.*', 'other.c']

// Three topics hold back their last ten events until the last kill is over.
const SMALLEST = 30

export async function run({ store, browser, transport, kills, events }, tally) {
  const stores = store === 'both' ? ['disk', 'memory'] : [store]
  must(stores.every((store) => ['disk', 'memory'].includes(store)), `no store "${store}"; take disk, memory or both`)
  const page = await bundle('ledger.mjs', await unpack(await pack()))
  for (const store of stores) {
    for (const name of chosen(browser)) {
      for (const carrier of carried(transport)) {
        const what = `${store}, ${name}, ${carrier}: ${kills} kills, ${events} events`
        await tally.case(what, () => one(store, name, carrier, Number(kills), Number(events), page))
      }
    }
  }
}

async function one(store, name, transport, kills, events, script) {
  const dir = mkdtempSync(join(tmpdir(), 'eventwire-kill-'))
  cleanup(() => rmSync(dir, { recursive: true, force: true }))
  const harness = await new Harness(['--store', store === 'disk' ? `disk:${dir}` : 'memory', '--retain', '600']).start()
  const site = await serveSite({ '/': html('kill'), '/page.js': script })
  site.upstream = harness.url
  const browser = await launch(name)
  // Before the page is there: whatever is published later is its.
  const from = (await harness.stats()).position
  const page = await open(browser, `${site.url}/?topics=${VIEW}&transport=${transport}`)
  const book = (read) => page.evaluate(read)
  const opens = () => book(() => window.book?.states.filter(({ kind }) => kind === 'open').length)
  await until('the stream to open', opens)

  const shares = share(events)
  const segment = events / (kills + 1)
  must(segment >= SMALLEST, `${events} events are too few for ${kills} kills: at least ${SMALLEST * (kills + 1)}`)
  let [accepted, killed, away, bound] = [0, 0, undefined, 0]
  const killAndComeBack = async () => {
    const before = await opens()
    await harness.restart('SIGKILL')
    // Half a segment for the page to catch up on, published by the new process while the page is not back yet.
    bound = accepted + segment / 2
    await until('the page to come back', async () => (await opens()) > before, { timeout: 60_000, every: 50 })
  }
  const killInTime = () => {
    if (!away && killed < kills && accepted >= segment * (killed + 1)) {
      killed += 1
      // Publishing goes on until the kill, so that it meets some on their way.
      bound = accepted + segment / 4
      away = killAndComeBack().finally(() => (away = undefined))
      away.catch(() => {}) // whoever waits for it hears of it
    }
  }
  const wait = async ({ last }) => {
    killInTime()
    // At the bound publishers wait for the page: else all would be published before it is back, and the later kills
    // would meet nobody. The last of each topic wait until all is over: in memory they would be lost with a kill.
    while ((away && accepted >= bound) || (last && (away || killed < kills))) {
      await Promise.race([away ?? pass(20), pass(20)])
      killInTime()
    }
  }
  const onAccepted = (count) => (accepted += count)
  const publishers = Object.entries(shares).map(([topic, count]) => publishTicks(harness, topic, count, { onAccepted, wait }))
  const answered = await Promise.all(publishers)
  const retries = answered.reduce((sum, { retries }) => sum + retries, 0)
  await away
  must(killed === kills, `the server was killed ${killed} times, not ${kills}`)

  const lasts = () => book(() => window.book.lasts)
  // What never comes is the judge's to name.
  const whole = until(async () => `the last events; it has ${JSON.stringify(await lasts())}`, async () => complete(shares, await lasts()), { timeout: 60_000, every: 100 })
  const late = await whole.then(() => undefined, (error) => error)
  const { items, faults } = await book(() => window.book)
  const run = history(answered.flatMap(({ published }) => published), { view: VIEW, from, items })
  const violations = await judged(run)
  const sum = counts(run, violations)
  const opened = await opens()
  console.log(`      ${name}, ${transport}: ${retries} publishes were tried again, the page was open ${opened} times and told of ${sum.announced} lost events`)
  console.log(store === 'disk' ? `published ${sum.published} delivered ${sum.delivered} duplicate ${sum.duplicate} gaps ${sum.gaps}` : `gaps ${sum.gaps} unannounced ${sum.unannounced}`)
  must(violations.length === 0, `${JSON.stringify(sum)}, ${said(violations)}`)
  if (late) throw late
  must(sum.published === events, `${sum.published} publishes were answered, not ${events}`)
  if (store === 'disk') {
    must(sum.delivered === sum.published && sum.duplicate === 0 && sum.gaps === 0, `a disk loses nothing: ${JSON.stringify(sum)}`)
  } else {
    must(sum.gaps >= 1, 'a server that forgot all it knew was killed, and no gap was told')
    must(sum.announced >= 1, 'nothing was lost, so nothing was shown: every event came before its server was killed')
  }
  must(faults.length === 0, `faults: ${faults.slice(0, 3)}`)
  must(opened > kills, `the page was open ${opened} times in ${kills} kills: some kill met no stream`)
  carriedBy(transport, site)
  await browser.close()
  await harness.process.kill()
}

/** Events over the topics, unevenly: a third, a third, and the rest. */
function share(events) {
  const third = Math.floor(events / 3)
  return { [TOPICS[0]]: third, [TOPICS[1]]: third, [TOPICS[2]]: events - 2 * third }
}
