// What is right is decided by the one judge, `tests/judge`, as every other test asks it: a check writes a history and is
// told what is wrong with it.
//
// Knows how to ask, and how to spoil a history so that something must be wrong; the format stands in tests/src/history.rs.

import { binary } from './paths.mjs'
import { finish } from './process.mjs'
import { must } from './tally.mjs'

/** What is wrong with a history: a list of {kind, reader, at, what}. */
export async function judge(history, program = binary('judge')) {
  const done = await finish(program, [], { input: JSON.stringify(history) })
  if (done.code !== 0 && done.code !== 1) throw new Error(`${done.spelled}\nended with ${done.signal ?? done.code}: ${done.stderr}`)
  const violations = JSON.parse(done.stdout)
  must((done.code === 1) === violations.length > 0, `${done.spelled}\nended with ${done.code} and says ${done.stdout}`)
  return violations
}

/** As `judge`, which must also see everything that is wrong with the same history once it is spoiled. */
export async function judged(history) {
  const violations = await judge(history)
  for (const { what, kind, spoilt } of spoils(history)) {
    const seen = await judge(spoilt)
    must(seen.some((one) => one.kind === kind), `the judge is blind: ${what}, and it does not say "${kind}" but ${said(seen)}`)
  }
  return violations
}

/** The first of what is wrong, in words. */
export function said(violations) {
  if (violations.length === 0) return 'nothing is wrong'
  const lines = violations.slice(0, 5).map(({ kind, reader, at, what }) => `${kind}: reader ${reader} at ${at} (${what})`)
  return `${violations.length} violations:\n${lines.join('\n')}`
}

/** A history broken in one way each, with the name of what is wrong with it then. */
export function spoils(history) {
  const all = []
  history.readings.forEach((reading, reader) => {
    const spoil = (what, kind, change) => {
      const readings = history.readings.with(reader, { ...reading, ...change })
      all.push({ what: `${what} reader ${reader}`, kind, spoilt: { ...history, readings } })
    }
    const { items } = reading
    // The last two: no gap comes after them that could announce what is missing.
    const [last, before] = items.flatMap((item, n) => (item.event ? [n] : [])).reverse()
    if (last !== undefined) {
      const event = items[last]
      spoil('a hand-off was kept from', 'lost', { items: items.toSpliced(last, 1) })
      spoil('a hand-off was repeated to', 'duplicated', { items: [...items, event] })
      spoil('another event was handed to', 'phantom', { items: items.with(last, { event: { ...event.event, content: 'another' } }) })
      spoil('all was withheld by access from', 'unauthorised', { view: [] })
    }
    if (before !== undefined) {
      spoil('two hand-offs were swapped for', 'reordered', { items: items.with(before, items[last]).with(last, items[before]) })
    }
    if (items.some(({ gap }) => gap?.reason === 'epoch')) {
      spoil('the gaps were hidden from', 'wrongEpoch', { items: items.filter(({ gap }) => !gap) })
    }
  })
  return all
}
