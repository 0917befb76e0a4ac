// The harness hub: started, killed, started again on the same port, asked, and published to.

import { binary } from './paths.mjs'
import { freePort } from './port.mjs'
import { start } from './process.mjs'
import { place } from './sse.mjs'
import { must } from './tally.mjs'

export class Harness {
  /** `args` without `--listen`, which is ours: a restart comes back on the same port. */
  constructor(args) {
    this.args = args
  }

  async start() {
    this.port ??= await freePort()
    const listen = ['--listen', `127.0.0.1:${this.port}`]
    this.process = await start(binary('harness'), [...listen, ...this.args], { ready: /^listening http:/ })
    this.url = `http://127.0.0.1:${this.port}`
    return this
  }

  async restart(signal) {
    await this.process.kill(signal)
    await this.start()
  }

  async stats() {
    const response = await fetch(`${this.url}/stats`)
    if (!response.ok) throw new Error(`GET /stats: ${response.status} ${await response.text()}`)
    return response.json()
  }

  /** One try: the positions. Throws when the answer is not 200 or there is none: whether it was accepted is then unknown. */
  async publish(topic, events) {
    const response = await fetch(`${this.url}/publish/${topic}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(events),
      signal: AbortSignal.timeout(10_000),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`POST /publish/${topic}: ${response.status} ${text}`)
    return JSON.parse(text).positions
  }
}

/**
 * Publishes `tick {n}` from 1 to `count` on one topic, in order, under keys, until each is accepted: answers with what was
 * published, as the judge reads it, and how often a publish was tried again.
 */
export async function publishTicks(harness, topic, count, { batch = 10, from = 1, onAccepted = () => {}, wait = async () => {} } = {}) {
  const published = []
  let retries = 0
  for (let first = from; first < from + count; first += batch) {
    await wait({ last: first + batch >= from + count })
    const events = []
    for (let n = first; n < Math.min(first + batch, from + count); n += 1) {
      events.push({ event: 'tick', data: { n, pad: '' }, key: `${topic}:${n}` })
    }
    for (let tries = 0; ; tries += 1) {
      try {
        const positions = await harness.publish(topic, events)
        published.push(...events.map(({ event, data }, n) => accepted(topic, event, data, positions[n], tries > 0)))
        break
      } catch (error) {
        // The server may be dead or just back; the keys make a second try harmless.
        if (tries > 600) throw new Error(`publishing on ${topic} from ${first} failed ${tries} times, the last: ${error.cause ?? error}`)
        if (/ 4\d\d /.test(error.message)) throw error
        retries += 1
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    onAccepted(events.length)
  }
  inOrder(published)
  return { published, retries }
}

/** One publisher's order is kept: within an epoch its positions rise. The judge cannot know who published what. */
function inOrder(published) {
  const places = published.map(({ outcome }) => place(outcome.accepted))
  places.slice(1).forEach(({ epoch, offset }, n) => {
    const before = places[n]
    must(before.epoch !== epoch || before.offset < offset, `${published[n + 1].content} is at ${offset}, the one before it at ${before.offset}`)
  })
}

/** One publish with its answer. A page shows contents as JSON writes them. */
export const accepted = (topic, event, data, at, retried = false) => ({
  topic,
  content: `${event} ${JSON.stringify(data)}`,
  outcome: { accepted: at },
  retried,
})
