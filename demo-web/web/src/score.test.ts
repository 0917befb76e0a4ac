import { expect, test } from 'vitest'
import { Tracker, type Score } from './score'

function check(steps: (number | 'gap')[], expected: Partial<Score>) {
  const tracker = new Tracker()
  for (const step of steps) {
    if (step === 'gap') tracker.announced()
    else tracker.arrived(step)
  }
  expect(tracker.score).toMatchObject(expected)
}

test('a stream that begins late has missed nothing', () => {
  check([7, 8, 9], { delivered: 3, missing: 0, duplicate: 0, highest: 9 })
})

test('a number passed over is missing, and nobody told', () => {
  check([1, 2, 6], { delivered: 3, missing: 3, announced: 0 })
})

test('a hole after a gap is missing and announced', () => {
  check([1, 2, 'gap', 6, 9], { delivered: 4, missing: 5, announced: 3 })
})

test('a late number fills its hole', () => {
  check([1, 5, 3], { delivered: 3, missing: 2, duplicate: 0 })
})

test('a number that arrives again is a duplicate', () => {
  check([1, 2, 2, 1], { delivered: 2, duplicate: 2, missing: 0 })
})
