// The ways from what a transport gives to a checked value: ours, as the npm package has them, and those of others.

import { createParser } from 'eventsource-parser'

import { decode } from '../../npm/dist/decode.js'
import { LINE, Lines } from '../../npm/wasm/lines.js'
import { Market } from './market.js'
import ajv from './ajv.mjs'
import valibot from './valibot.mjs'
import { parse as zod, union } from './zod.mjs'

/** What a path is given: strings that an `EventSource` made, for they are not like others, and chunks of bytes. */
export async function inputs({ name, per, events }) {
  const strings = await new Promise((resolve, reject) => {
    const heard = []
    const source = new EventSource(`/stream?set=${name}&n=${events.length}`)
    const hear = ({ type, data }) => {
      heard.push({ name: type, data })
      if (heard.length === events.length) resolve(heard, source.close())
    }
    for (const name of Market.names) source.addEventListener(name, hear)
    source.onerror = () => reject(new Error(`the stream of ${name} broke`), source.close())
  })
  const bytes = (events) => new TextEncoder().encode(events.map(({ frame }) => frame).join(''))
  const chunks = []
  for (let from = 0; from < events.length; from += per) chunks.push(bytes(events.slice(from, from + per)))
  return { strings, chunks, single: events.map((event) => bytes([event])) }
}

/** `{ name: { path, from } }`: a function, and what it takes, one after the other. */
export async function paths({ strings, chunks, single }) {
  // In the same page as ours, but with code and types of its own.
  const { parse: jitless } = await import('/jitless.js')
  const ours = (name, data) => {
    const { data: value, wrong } = decode(Market, name, data)
    if (wrong) throw new Error(`${name} is refused: ${JSON.stringify(wrong)}`)
    return value
  }
  const parsed = (_name, data) => JSON.parse(data)
  const all = {}
  const string = (way, take) => (all[way] = { path: ({ name, data }) => take(name, data), from: strings })
  string('parse', parsed)
  string('ours', ours)
  string('zod', (name, data) => zod(name, JSON.parse(data)))
  string('zod_union', (name, data) => union(name, JSON.parse(data)))
  string('zod_jitless', (name, data) => jitless(name, JSON.parse(data)))
  string('ajv', (name, data) => ajv(name, JSON.parse(data)))
  string('valibot', (name, data) => valibot(name, JSON.parse(data)))
  const fetched = (way, make) => {
    all[`fetch_${way}`] = { path: make(), from: chunks }
    all[`single_${way}`] = { path: make(), from: single }
  }
  fetched('ours', () => {
    let values = []
    const lines = new Lines({ block: (name, data) => data !== undefined && values.push(ours(name, data)) }, '', LINE)
    return (bytes) => {
      values = []
      if (!lines.push(bytes)) throw new Error('refused')
      return values
    }
  })
  const peer = (take) => () => {
    let values = []
    const decoder = new TextDecoder()
    const parser = createParser({ onEvent: ({ event, data }) => values.push(take(event, data)) })
    return (bytes) => {
      values = []
      parser.feed(decoder.decode(bytes, { stream: true }))
      return values
    }
  }
  fetched('parser', peer(parsed))
  fetched('parser_zod', peer((name, data) => zod(name, JSON.parse(data))))
  return all
}
