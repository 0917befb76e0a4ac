// Whole doors: from a stream of the server's to a handler of the page's, each way once.

import { createParser } from 'eventsource-parser'

import { connect } from '../../npm/dist/index.js'
import { Market } from './market.js'
import { parse as zod } from './zod.mjs'

/** `{ name: n => … }`: opens a stream of `n` events and resolves when the last is handed over. */
export function doors({ name }) {
  const url = (n) => new URL(`/stream?set=${name}&n=${n}`, location.href)
  const bare = (n, take) => new Promise((resolve, reject) => {
    let heard = 0
    const source = new EventSource(url(n))
    const hear = ({ type, data }) => {
      take(type, data)
      if (++heard === n) resolve(source.close())
    }
    for (const name of Market.names) source.addEventListener(name, hear)
    source.onerror = () => reject(new Error('the stream broke'), source.close())
  })
  const ours = (n, options) => new Promise((resolve, reject) => {
    let heard = 0
    const stream = connect(Market, url(n), options)
    const hear = () => {
      if (++heard === n) resolve(stream.close())
    }
    for (const name of Market.names) stream.on(name, hear)
    stream.onFault(({ message }) => reject(new Error(message), stream.close()))
    stream.onGap(({ reason }) => reject(new Error(`a gap: ${reason}`), stream.close()))
  })
  const read = async (n, take) => {
    let heard = 0
    const abort = new AbortController()
    const { body } = await fetch(url(n), { signal: abort.signal })
    const reader = body.getReader()
    const decoder = new TextDecoder()
    const parser = createParser({
      onEvent({ event, data }) {
        if (event.startsWith('eventwire.')) return
        take(event, data)
        heard += 1
      },
    })
    while (heard < n) parser.feed(decoder.decode((await reader.read()).value, { stream: true }))
    abort.abort()
  }
  return {
    bare: (n) => bare(n, (_name, data) => JSON.parse(data)),
    bare_zod: (n) => bare(n, (name, data) => zod(name, JSON.parse(data))),
    ours: (n) => ours(n, {}),
    ours_fetch: (n) => ours(n, { fetch: (...asked) => fetch(...asked) }),
    parser: (n) => read(n, (_name, data) => JSON.parse(data)),
    parser_zod: (n) => read(n, (name, data) => zod(name, JSON.parse(data))),
  }
}
