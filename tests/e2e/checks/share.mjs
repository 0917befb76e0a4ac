// Tabs of one browser and one user have one connection: while the tab that carries it is closed, crashes or freezes, while
// the server is replaced, and until the user leaves. No tab misses anything, and no tab hears of another user.
//
// Connections are counted where they arrive and by the server's own list. What each tab was handed is judged.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { carried, chosen, launch, open } from '../lib/browser.mjs'
import { Harness, publishTicks } from '../lib/harness.mjs'
import { judge, judged, said } from '../lib/judge.mjs'
import { bundle, html, pack, unpack } from '../lib/package.mjs'
import { cleanup } from '../lib/process.mjs'
import { serveSite } from '../lib/site.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e share [--browser chromium|firefox|both] [--transport eventsource|fetch|both] [--tabs N]

Opens many tabs of two users over HTTP/1.1, whose browsers open six connections to a host. The tabs of one user must have
one session in the server's list, and each must be handed all of its own topics once and in order, or be told of the gap:
while the tab that carries the stream is closed, and in Chromium crashed, frozen and left for another page, while one tab
adds a topic, while the server is replaced. At the end one tab logs out.

  --browser   both (the default), or one
  --transport what carries the stream: eventsource (the default), fetch, or both
  --tabs      how many tabs the first user has (12)`

export const options = {
  browser: { type: 'string', default: 'both' },
  transport: { type: 'string', default: 'eventsource' },
  tabs: { type: 'string', default: '12' },
}

const MINE = 'load.a'
const OTHERS = 'load.b'

// The bound of a take-over is five seconds; what is above it here is the machine's.
const TAKEOVER = { timeout: 30_000 }

export async function run({ browser, transport, tabs }, tally) {
  const page = await bundle('ledger.mjs', await unpack(await pack()))
  for (const name of chosen(browser)) {
    for (const carrier of carried(transport)) await one(name, carrier, Number(tabs), page, tally)
  }
}

async function one(name, transport, count, script, tally) {
  const dir = mkdtempSync(join(tmpdir(), 'eventwire-share-'))
  cleanup(() => rmSync(dir, { recursive: true, force: true }))
  const harness = await new Harness(['--store', `disk:${dir}`, '--retain', '600']).start()
  const site = await serveSite({ '/': html('share'), '/away': '<!doctype html><title>away</title>', '/page.js': script })
  site.upstream = harness.url
  const browser = await launch(name)
  const world = new World(browser, site, harness, transport)
  const step = (what, body) => tally.case(`${name}, ${transport}: ${what}`, body)

  await step(`w1 ${count} tabs are live on one connection`, async () => {
    for (let n = 0; n < count; n += 1) await world.open('user 7', n % 3 ? [MINE] : [MINE, OTHERS])
    await world.settled(1)
    await world.publish(50)
  })
  await step('w11 another user of the same browser has a connection of its own', async () => {
    await world.open('user 8', [OTHERS])
    await world.settled(2)
    await world.publish(20)
  })
  await step('a topic that one tab adds is there, and nothing is handed to a tab that did not ask for it', async () => {
    const tab = world.tabs.find(({ key, topics }) => key === 'user 7' && topics.length === 1)
    await tab.add('load.c')
    await world.settled(2)
    await world.publish(20, [MINE, OTHERS, 'load.c'])
  })
  await step('w7 closed, the tab that carries the stream is followed by another', async () => {
    const leader = await world.leader('user 7')
    await world.forget(leader)
    await leader.page.close()
    await world.publish(20)
    await world.settled(2)
  })
  if (name === 'chromium') {
    await step('w7 crashed, it is too', async () => {
      const leader = await world.leader('user 7')
      await world.forget(leader)
      await crash(leader.page)
      await world.publish(20)
      await world.settled(2)
    })
    await step('w6 w8 frozen, it is too, and nothing is handed over twice when it runs again', async () => {
      const leader = await world.leader('user 7')
      const thaw = await freeze(leader.page)
      leader.frozen = true
      const began = Date.now()
      await world.publish(20)
      console.log(`      taken over and caught up ${Date.now() - began} ms after the freeze`)
      await thaw()
      leader.frozen = false
      await world.publish(20)
      await world.settled(2)
    })
    // Firefox keeps no page in its cache that has a stream open when it is left.
    await step('left for another page, it is followed too, and follows when it is back out of the cache', async () => {
      const leader = await world.leader('user 7')
      await leader.page.evaluate(() => (window.kept = true) && setTimeout(() => (location.href = '/away'), 0))
      leader.frozen = true
      await until('the other page', () => leader.page.evaluate(() => location.pathname === '/away').catch(() => false))
      await until('another leader', async () => (await world.leader('user 7')) !== leader && (await harness.stats()).sessions === 2, TAKEOVER)
      await world.publish(20)
      const back = () => leader.page.evaluate(() => location.pathname === '/' && window.kept === true && window.book.states.at(-1).kind === 'open')
      await leader.page.evaluate(() => setTimeout(() => history.back(), 0))
      await until('the page to be back, as it was', () => back().catch(() => false))
      leader.frozen = false
      await world.settled(2)
      await world.publish(20)
    })
  }
  await step('a deploy costs one request', async () => {
    const before = site.requests.length
    await harness.restart('SIGTERM')
    await world.settled(2)
    await world.publish(20)
    const asked = site.requests.slice(before).filter(({ status }) => status === 200).length
    console.log(`      ${site.requests.length - before} requests, ${asked} of them answered`)
    must(asked <= 4, `${asked} streams were dialled by two users`)
  })
  await step('w9 a tab that comes late is served, and the others do not notice', async () => {
    await world.open('user 7', [MINE])
    await world.settled(2)
    await world.publish(20)
  })
  await step('what each tab was handed is right', () => world.judge())
  await step('w11 who logs out in one tab is logged out in all, and in no other user\'s', async () => {
    const [first] = world.of('user 7')
    await first.page.evaluate(() => window.stream.logout())
    for (const { page } of world.of('user 7')) {
      await until('the tab to be closed', () => page.evaluate(() => window.book.states.at(-1).reason === 'logout'))
    }
    await until('the user\'s session to end', async () => (await harness.stats()).sessions === 1)
    const [other] = world.of('user 8')
    must(await other.page.evaluate(() => window.stream.state.kind === 'open'), 'the other user was closed too')
  })
  await browser.close()
  await harness.process.kill()
}

/** The tabs of all users, and what they are owed. */
class World {
  tabs = []
  answered = []
  last = {}

  constructor(browser, site, harness, transport) {
    Object.assign(this, { browser, site, harness, transport })
  }

  async open(key, topics) {
    const from = (await this.harness.stats()).position
    const query = new URLSearchParams({ topics: topics.join(), share: key, grace: '600000', transport: this.transport })
    const page = await open(this.browser, `${this.site.url}/?${query}`)
    const tab = new Tab(page, key, topics, from)
    this.tabs.push(tab)
    await until(() => tab.tell('to be live'), () => page.evaluate(() => window.book?.states.at(-1)?.kind === 'open'))
    return tab
  }

  of(key) {
    return this.tabs.filter((tab) => tab.key === key)
  }

  /** It will be gone: what it was handed is right up to here. */
  async forget(tab) {
    await this.right([tab])
    this.tabs = this.tabs.filter((other) => other !== tab)
  }

  async leader(key) {
    return until(`a leader of ${key}`, async () => {
      for (const tab of this.of(key)) if ((await tab.role()) === 'leader') return tab
    }, TAKEOVER)
  }

  /** So many connections carry all tabs, by the server's own list. */
  async settled(count) {
    const roles = async () => (await Promise.all(this.tabs.map(async (tab) => `${tab.key}: ${await tab.role()}`))).join(', ')
    let sessions
    await until(async () => `${count} sessions instead of ${sessions} (${await roles()})`, async () => {
      sessions = (await this.harness.stats()).sessions
      return sessions === count && (await Promise.all(this.tabs.map((tab) => tab.role()))).every((role) => role !== 'alone')
    })
  }

  /** Publishes on each topic, and waits until all tabs have what is theirs. */
  async publish(count, topics = [MINE, OTHERS]) {
    for (const topic of topics) {
      const from = (this.last[topic] ?? 0) + 1
      this.answered.push(await publishTicks(this.harness, topic, count, { from }))
      this.last[topic] = from + count - 1
    }
    for (const tab of this.tabs.filter(({ frozen }) => !frozen)) {
      for (const topic of tab.topics.filter((topic) => topics.includes(topic))) {
        const has = () => tab.page.evaluate((topic) => window.book.lasts[topic], topic)
        await until(() => tab.tell(`to be handed ${topic} ${this.last[topic]}`), async () => (await has()) === this.last[topic], TAKEOVER)
      }
    }
  }

  async judge() {
    const [first, ...rest] = this.tabs
    // What the judge must not be blind to is spoilt in one history: that is many runs of it.
    await this.right([first], judged)
    const readings = await this.right(rest)
    const gaps = readings.flatMap(({ items }) => items.filter(({ gap }) => gap))
    must(gaps.length === 0, `a disk loses nothing: ${JSON.stringify(gaps.slice(0, 3))}`)
    const events = readings.reduce((sum, { items }) => sum + items.filter(({ event }) => event).length, 0)
    console.log(`      ${readings.length} tabs were handed ${events} events, nothing is wrong`)
  }

  /** Lets what these tabs were handed be judged. */
  async right(tabs, how = judge) {
    const readings = []
    for (const tab of tabs) {
      const { items, faults } = await tab.page.evaluate(() => window.book)
      must(faults.length === 0, `faults: ${faults.slice(0, 3)}`)
      readings.push({ view: tab.first, from: tab.from, new: true, items })
    }
    const violations = await how({ published: this.answered.flatMap(({ published }) => published), readings })
    must(violations.length === 0, said(violations))
    return readings
  }
}

class Tab {
  frozen = false

  constructor(page, key, topics, from) {
    Object.assign(this, { page, key, topics, first: topics, from })
  }

  role() {
    return this.frozen ? 'frozen' : this.page.evaluate(() => window.stream.inspect().share)
  }

  async tell(what) {
    const book = this.frozen ? {} : await this.page.evaluate(() => ({ ...window.book, items: window.book?.items.slice(-3), inspected: window.stream?.inspect() }))
    return `a tab of ${this.key} ${what}: ${JSON.stringify(book)}`
  }

  /** Asks for one more topic; from when it is live its view is wider. */
  async add(topic) {
    const states = await this.page.evaluate((topic) => {
      const { length } = window.book.states
      window.stream.topics.add(topic)
      return length
    }, topic)
    await until('the redial', () => this.page.evaluate((n) => window.book.states.length > n && window.book.states.at(-1).kind === 'open', states))
    this.topics = [...this.topics, topic]
    await this.page.evaluate((view) => window.book.items.push({ view }), this.topics)
  }
}

/** Ends the process behind a page. */
async function crash(page) {
  const client = await page.createCDPSession()
  await Promise.race([client.send('Page.crash').catch(() => {}), new Promise((resolve) => page.once('error', resolve))])
}

/** Stops the process behind a page; what it answers with lets it run again. */
async function freeze(page) {
  const client = await page.browser().target().createCDPSession()
  const { processInfo } = await client.send('SystemInfo.getProcessInfo')
  const renderers = processInfo.filter(({ type }) => type === 'renderer')
  const cpu = async () => new Map((await client.send('SystemInfo.getProcessInfo')).processInfo.map(({ id, cpuTime }) => [id, cpuTime]))
  // It is the one that works when the page does, however little of the machine it is given meanwhile.
  const spent = new Map(renderers.map(({ id }) => [id, 0]))
  const id = await until('one process that works more than all others', async () => {
    const before = await cpu()
    await page.evaluate(() => {
      const end = performance.now() + 500
      while (performance.now() < end);
    })
    for (const [id, seconds] of await cpu()) if (spent.has(id)) spent.set(id, spent.get(id) + seconds - before.get(id))
    const [[first, most], [, next]] = [...spent].sort(([, a], [, b]) => b - a)
    return most > 0.2 && most > 3 * next && first
  })
  process.kill(id, 'SIGSTOP')
  cleanup(() => {
    try {
      process.kill(id, 'SIGCONT')
    } catch {
      // it is gone with its browser
    }
  })
  return async () => process.kill(id, 'SIGCONT')
}
