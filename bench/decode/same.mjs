// Whether what is measured is also right: the values of every path, and what is refused.

import { decode } from '../../npm/dist/decode.js'
import { LINE, Lines } from '../../npm/wasm/lines.js'
import ajv from './ajv.mjs'
import { Market } from './market.js'

/** What differs from `JSON.parse`, path by path: nothing. */
export function same({ events }, all) {
  const wanted = events.map(({ data }) => canonical(JSON.parse(data)))
  const wrong = []
  for (const [way, { path, from }] of Object.entries(all)) {
    const got = from.flatMap((input) => path(input)).map(canonical)
    const at = wanted.findIndex((value, n) => value !== got[n])
    if (got.length !== wanted.length || at >= 0) wrong.push(`${way}: ${got.length} of ${wanted.length}, event ${at} differs: ${wanted[at]} is ${got[at]}`)
  }
  return { wrong }
}

/** Payloads with one or a few bytes of theirs changed, through both of our paths, beside `JSON.parse` and ajv. */
export function mutated({ events }, count, seed) {
  let carried
  const lines = new Lines({ block: (name, data) => (carried = decode(Market, name, data)) }, '', LINE)
  const chance = generator(seed)
  const seen = { tried: 0, refused: 0, accepted: 0, falseAccepts: 0, falseRefusals: 0, different: 0, first: '' }
  for (let n = 0; n < count; n += 1) {
    const { name, data } = events[Math.floor(chance() * events.length)]
    // What the wire makes of any line's end.
    const text = mutant(data, chance).replace(/\r\n?/g, '\n')
    const by = oracle(name, text)
    const frame = `id: k3f9x2m1q0ab-1/a\nevent: ${name}\ndata: ${text.split('\n').join('\ndata: ')}\n\n`
    lines.push(new TextEncoder().encode(frame))
    seen.tried += 1
    for (const { data: value, wrong: refused } of [decode(Market, name, text), carried]) {
      let wrong = ''
      if (!refused && by === undefined) wrong = 'falseAccepts'
      else if (refused && by !== undefined) wrong = 'falseRefusals'
      else if (!refused && canonical(value) !== by) wrong = 'different'
      if (wrong) {
        seen[wrong] += 1
        seen.first ||= `${wrong} ${name} ${text.slice(0, 200)}`
      }
      seen[refused ? 'refused' : 'accepted'] += 1
    }
  }
  return seen
}

function oracle(name, text) {
  try {
    return canonical(ajv(name, JSON.parse(text)))
  } catch {
    return undefined
  }
}

/** Of equal values the same text, whatever the order of their members; -0 is not 0. */
function canonical(value) {
  return JSON.stringify(value, (_key, value) => {
    if (Object.is(value, -0)) return { minus: 0 }
    if (typeof value !== 'object' || !value || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

const PIECES = ['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', '.', 'e', '1e999', '9007199254740993', 'null', 'true', '""', '{}', '[]', ' ', '\n', '\u0000', 'ü', '\\u0041', '\\ud800', '"__proto__":1,', '1.5', '-0', '"id":7,']

function mutant(text, chance) {
  const below = (n) => Math.floor(chance() * n)
  let out = text
  for (let times = 1 + below(3); times > 0; times -= 1) {
    const at = below(out.length + 1)
    const piece = PIECES[below(PIECES.length)]
    const kind = below(5)
    if (kind === 0) out = out.slice(0, at) + piece + out.slice(at)
    else if (kind === 1) out = out.slice(0, at) + piece + out.slice(at + piece.length)
    else if (kind === 2) out = out.slice(0, at) + out.slice(at + 1 + below(8))
    else if (kind === 3) out = swapped(out, chance)
    else out = below(20) === 0 ? out.slice(0, at) : renamed(out, at)
  }
  return out
}

/** One of its plain values in another's place. */
function swapped(text, chance) {
  const values = [...text.matchAll(/(?<=[:[,])("[^"\\]*"|-?[\d.]+|true|false|null)(?=[,\]}])/g)]
  const [a, b] = [values, values].map((all) => all[Math.floor(chance() * all.length)])
  return a && b ? text.slice(0, a.index) + b[0] + text.slice(a.index + a[0].length) : text
}

/** The next member behind `at` under another name. */
function renamed(text, at) {
  const colon = text.indexOf('":', at)
  return colon < 0 ? text : `${text.slice(0, colon)}x${text.slice(colon)}`
}

/** Numbers from 0 to 1, the same for the same seed. */
function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let n = Math.imul(state ^ (state >>> 15), 1 | state)
    n = (n + Math.imul(n ^ (n >>> 7), 61 | n)) ^ n
    return ((n ^ (n >>> 14)) >>> 0) / 4294967296
  }
}
