// The score must see what it is there to see: each kind of loss is seeded here and found.

import assert from 'node:assert/strict'
import test from 'node:test'

import { complete, score } from './ledger.mjs'

const at = (topic, ...numbers) => numbers.map((n) => ({ topic, n }))
const gap = (...topics) => ({ gap: 'epoch', topics })
const scored = (published, ...record) => score(published, record.flat())

test('a complete record has nothing to report', () => {
  const sum = scored({ a: 3, b: 1 }, at('a', 1, 2), at('b', 1), at('a', 3))
  assert.deepEqual(sum, { published: 4, delivered: 4, duplicate: 0, disorder: 0, gaps: 0, announced: 0, unannounced: 0, stray: 0 })
})

test('a hole without a word is unannounced, in the middle, at the start and at the end', () => {
  assert.equal(scored({ a: 3 }, at('a', 1, 3)).unannounced, 1)
  assert.equal(scored({ a: 3 }, at('a', 3)).unannounced, 2)
  assert.equal(scored({ a: 3 }, at('a', 1)).unannounced, 2)
  assert.equal(scored({ a: 3 }).unannounced, 3)
})

test('a gap announces the hole that follows it and no later one', () => {
  const sum = scored({ a: 6 }, at('a', 1), gap(), at('a', 3, 4), at('a', 6))
  assert.deepEqual([sum.announced, sum.unannounced], [1, 1])
})

test('a gap after the later event is too late', () => {
  assert.equal(scored({ a: 3 }, at('a', 1, 3), gap()).unannounced, 1)
})

test('a gap of another topic announces nothing', () => {
  assert.equal(scored({ 'a.x': 2 }, gap('b.*', 'a', 'a.x.**'), at('a.x', 2)).unannounced, 1)
  assert.equal(scored({ 'a.x': 2 }, gap('a.*'), at('a.x', 2)).announced, 1)
  assert.equal(scored({ 'a.x.y': 2 }, gap('a.**'), at('a.x.y', 2)).announced, 1)
})

test('an event told twice is a duplicate and not a delivery', () => {
  const sum = scored({ a: 2 }, at('a', 1, 2, 2))
  assert.deepEqual([sum.delivered, sum.duplicate], [2, 1])
})

test('an event told late is disorder', () => {
  const sum = scored({ a: 2 }, at('a', 2, 1))
  assert.deepEqual([sum.disorder, sum.unannounced], [1, 1])
})

test('an event that nobody published is stray', () => {
  assert.equal(scored({ a: 1 }, at('a', 1, 2), at('z', 1)).stray, 2)
})

test('a page is complete when it has the last of every topic', () => {
  assert.ok(complete({ a: 2, b: 1 }, { a: 2, b: 1 }))
  assert.ok(!complete({ a: 2, b: 1 }, { a: 2 }))
})
