// The counts must count what came; what is wrong is the judge's to say.

import assert from 'node:assert/strict'
import test from 'node:test'

import { complete, counts, history } from './ledger.mjs'

const place = (n) => `k3f9x2m1q0ab-${n}`
const published = [1, 2, 3].map((n) => ({ topic: 'a', content: `tick ${n}`, outcome: { accepted: place(n) } }))
const event = (n) => ({ event: { at: place(n), topic: 'a', content: `tick ${n}` } })
const gap = { gap: { at: place(2), reason: 'evicted', topics: [] } }
const counted = (items, violations = []) => counts(history(published, { view: ['a'], from: place(0), items }), violations)

test('a page that was handed all misses nothing', () => {
  const sum = counted([event(1), { at: place(1) }, event(2), event(3)])
  assert.deepEqual(sum, { published: 3, delivered: 3, duplicate: 0, gaps: 0, announced: 0, unannounced: 0 })
})

test('what is missing was announced, unless the judge says that it was not, or too late', () => {
  const told = counted([event(1), gap, event(3)])
  assert.deepEqual([told.gaps, told.announced, told.unannounced], [1, 1, 0])
  for (const kind of ['lost', 'lateGap']) {
    const sum = counted([event(1), event(3)], [{ kind }])
    assert.deepEqual([sum.announced, sum.unannounced], [0, 1])
  }
})

test('an event told twice is a duplicate and not a delivery', () => {
  const sum = counted([event(1), event(1)])
  assert.deepEqual([sum.delivered, sum.duplicate], [1, 1])
})

test('a page is complete when it has the last of every topic', () => {
  assert.ok(complete({ a: 2, b: 1 }, { a: 2, b: 1 }))
  assert.ok(!complete({ a: 2, b: 1 }, { a: 2 }))
})
