// A history that was spoiled must be another in one way: what the judge says of each is asked in every check.

import assert from 'node:assert/strict'
import test from 'node:test'

import { spoils } from './judge.mjs'

const event = (n) => ({ event: { at: `k3f9x2m1q0ab-${n}`, topic: 'a', content: `tick ${n}` } })
const gap = (reason) => ({ gap: { at: 'k3f9x2m1q0ab-1', reason, topics: [] } })
const spoilt = (items) => Object.fromEntries(spoils({ published: [], readings: [{ view: ['a'], items }] }).map(({ kind, spoilt }) => [kind, spoilt.readings[0]]))

test('each way to spoil a history leaves the rest of it as it was', () => {
  const items = [event(1), gap('epoch'), { at: 'k3f9x2m1q0ab-1' }, event(2), { at: 'k3f9x2m1q0ab-2' }, event(3)]
  const { lost, duplicated, phantom, unauthorised, reordered, wrongEpoch, ...rest } = spoilt(items)
  assert.deepEqual(lost.items, items.slice(0, 5))
  assert.deepEqual(duplicated.items, [...items, event(3)])
  assert.deepEqual(phantom.items.at(-1).event, { ...event(3).event, content: 'another' })
  assert.deepEqual([unauthorised.view, unauthorised.items], [[], items])
  assert.deepEqual(reordered.items, [...items.slice(0, 3), event(3), items[4], event(2)])
  assert.deepEqual(wrongEpoch.items, items.filter(({ gap }) => !gap))
  assert.deepEqual(rest, {})
})

test('what a reader was not handed cannot be spoiled', () => {
  assert.deepEqual(Object.keys(spoilt([])), [])
  assert.ok(!('reordered' in spoilt([event(1)])))
  assert.ok(!('wrongEpoch' in spoilt([gap('evicted'), event(2)])))
})
