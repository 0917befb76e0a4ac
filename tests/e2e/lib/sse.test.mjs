// What curl read becomes what the judge reads: nothing of it may be left out.

import assert from 'node:assert/strict'
import test from 'node:test'

import { blocks, handed } from './sse.mjs'

test('events, gaps and positions are handed over in the order of the stream, and half a block is not', () => {
  const stream = `event: eventwire.hello
data: {"v":1}

id: k3f9x2m1q0ab-2
event: eventwire.gap
data: {"reason":"evicted","topics":["log.*"]}

id: k3f9x2m1q0ab-3.1/log.a
event: line
data: {"n":3}

id: k3f9x2m1q0ab-4
event: eventwire.cursor
data: {"kind":"live"}

id: k3f9x2m1q0ab-5.2/log.a
event: line
data: {"n":5}
`
  assert.deepEqual(handed(blocks(stream), ({ event, data }) => `${event} ${data}`), [
    { gap: { at: 'k3f9x2m1q0ab-2', reason: 'evicted', topics: ['log.*'] } },
    { event: { at: 'k3f9x2m1q0ab-3', topic: 'log.a', content: 'line {"n":3}' } },
    { at: 'k3f9x2m1q0ab-4' },
  ])
})
