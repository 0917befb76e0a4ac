// A stream as curl reads it from the demo: no client of ours, only the wire.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { curlStream, live } from '../lib/curl.mjs'
import { judged, said } from '../lib/judge.mjs'
import { binary } from '../lib/paths.mjs'
import { freePort } from '../lib/port.mjs'
import { cleanup, start } from '../lib/process.mjs'
import { data, handed, isFrame, place } from '../lib/sse.mjs'
import { must } from '../lib/tally.mjs'

export const help = `
cargo xtask e2e curl [--url URL]

Reads log.** with curl, resumes after the third id, which must give exactly what followed it, and resumes from a foreign
epoch, which must give a gap before any event.

  --url  a stream that runs already; without it the demo is started on a free port`

export const options = { url: { type: 'string' } }

const TOPICS = 'log.**'

export async function run({ url }, tally) {
  const stream = `${url ?? (await demo())}?topics=${TOPICS}`
  const happened = (blocks) => blocks.filter((block) => !isFrame(block))
  const has = (count) => ({ enough: (blocks) => live(blocks) && happened(blocks).length >= count })
  const first = happened(await curlStream(`${stream}&lastEventId=earliest`, has(10)))
  const third = first[2].id

  await tally.case('after the third id: hello, then exactly what followed', async () => {
    const [hello, ...rest] = await curlStream(stream, { position: third, ...has(first.length + 10) })
    isHello(hello)
    const gaps = rest.filter((block) => block.event === 'eventwire.gap')
    must(gaps.length === 0, `a gap where nothing was lost: ${gaps.map((gap) => gap.text)}`)
    await right(first, third, rest)
    linked(rest, place(third).offset)
  })

  await tally.case('with a foreign epoch: hello, gap epoch, then events', async () => {
    const foreign = third.replace(/^[^-]+/, 'zzzzzzzzzzzz')
    const [hello, gap, ...rest] = await curlStream(stream, { position: foreign, ...has(10) })
    isHello(hello)
    must(gap?.event === 'eventwire.gap' && data(gap).reason === 'epoch', `not a gap for the epoch:\n${gap?.text}`)
    await right(first, foreign, [gap, ...rest])
    linked(rest, place(gap.id).offset)
  })
}

function isHello(block) {
  must(block?.event === 'eventwire.hello', `the stream does not begin with hello:\n${block?.text}`)
  must(block.id === undefined, `hello has an id:\n${block.text}`)
  place(data(block).head)
}

/** Does the judge say so of what was read from `id` on? `before` was read at leisure before, and is what it has to equal. */
async function right(before, id, blocks) {
  const whole = (block) => block.text
  const events = (blocks) => handed(blocks.filter((block) => !isFrame(block)), whole).map(({ event }) => event)
  const known = events(before)
  // What came since then: nobody else has read it.
  const last = place(known.at(-1).at)
  const news = events(blocks).filter(({ at }) => place(at).offset > last.offset)
  const published = [...known, ...news].map(({ at, topic, content }) => ({ topic, content, outcome: { accepted: at } }))
  const { epoch, offset } = place(id)
  const reading = { view: [TOPICS], from: `${epoch}-${offset}`, new: false, items: handed(blocks, whole) }
  const violations = await judged({ published, readings: [reading] })
  must(violations.length === 0, said(violations))
}

/** Each event's predecessor lies within what the reader has: what a client of ours would look at. */
function linked(blocks, after) {
  let last = after
  for (const event of blocks.filter((block) => !isFrame(block))) {
    const { offset, back } = place(event.id)
    must(back === undefined || offset - BigInt(back) <= last, `${event.id} says that an event before it is missing`)
    last = offset
  }
}

async function demo() {
  const dir = mkdtempSync(join(tmpdir(), 'eventwire-curl-'))
  cleanup(() => rmSync(dir, { recursive: true, force: true }))
  const port = await freePort(2)
  await start(binary('eventwire-demo'), ['--port', String(port), '--data', dir], { ready: /^dashboard (http:\S+)/, timeout: 60_000 })
  return `http://127.0.0.1:${port}/events`
}
