// A stream as curl reads it from the demo: no client of ours, only the wire.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { curlStream } from '../lib/curl.mjs'
import { binary } from '../lib/paths.mjs'
import { freePort } from '../lib/port.mjs'
import { cleanup, start } from '../lib/process.mjs'
import { data, isFrame, place } from '../lib/sse.mjs'
import { must } from '../lib/tally.mjs'

export const help = `
cargo xtask e2e curl [--url URL]

Reads log.** with curl, resumes after the third id, which must give exactly what followed it, and resumes from a foreign
epoch, which must give a gap before any event.

  --url  a stream that runs already; without it the demo is started on a free port`

export const options = { url: { type: 'string' } }

export async function run({ url }, tally) {
  const stream = `${url ?? (await demo())}?topics=log.**`
  const first = (await curlStream(`${stream}&lastEventId=earliest`, { seconds: 3 })).filter((block) => !isFrame(block))
  must(first.length > 5, `only ${first.length} events of log.** in three seconds`)
  const third = first[2].id

  await tally.case('after the third id: hello, then exactly what followed', async () => {
    const [hello, ...rest] = await curlStream(stream, { position: third })
    isHello(hello)
    const gaps = rest.filter((block) => block.event === 'eventwire.gap')
    must(gaps.length === 0, `a gap where nothing was lost: ${gaps.map((gap) => gap.text)}`)
    const events = rest.filter((block) => !isFrame(block))
    const followed = first.slice(3)
    must(events.length >= followed.length, `${events.length} events followed, and ${followed.length} were there before`)
    followed.forEach((block, at) => must(block.text === events[at].text, `event ${at + 1} after the third is not what it was:\n${block.text}\n---\n${events[at].text}`))
    rising(events, place(third).offset)
  })

  await tally.case('with a foreign epoch: hello, gap epoch, then events', async () => {
    const [hello, gap, ...rest] = await curlStream(stream, { position: third.replace(/^[^-]+/, 'zzzzzzzzzzzz') })
    isHello(hello)
    must(gap?.event === 'eventwire.gap' && data(gap).reason === 'epoch', `not a gap for the epoch:\n${gap?.text}`)
    const events = rest.filter((block) => !isFrame(block))
    must(events.length > 0, 'no event in the two seconds after the gap')
    rising(events, place(gap.id).offset)
  })
}

function isHello(block) {
  must(block?.event === 'eventwire.hello', `the stream does not begin with hello:\n${block?.text}`)
  must(block.id === undefined, `hello has an id:\n${block.text}`)
  place(data(block).head)
}

/** Offsets rise from `after` on, and each event's predecessor lies within what the reader has. */
function rising(events, after) {
  let last = after
  for (const event of events) {
    const { offset, back } = place(event.id)
    must(offset > last, `ids fall: ${offset} after ${last}`)
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
