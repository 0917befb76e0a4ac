// Whole doors: from a stream of the server's to a handler of the page's, each way once.

import { createParser } from 'eventsource-parser'

import { connect } from '../../npm/dist/index.js'
import { Market } from './market.js'
import { greeting, id } from './words.mjs'
import { parse as zod } from './zod.mjs'

/** `{ name: n => … }`: opens a stream of `n` events and resolves when the last is handed over. */
export function doors({ name, events }) {
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
    // Without a browser's `EventSource`, whose own work is most of what the others take.
    played: async (n) => {
      const source = await played()
      let heard = 0
      for (const name of Market.names) source.stream.on(name, () => (heard += 1))
      for (let i = 0; i < n; i += 1) source.say({ ...events[i % events.length], id: id(i) })
      source.stream.close()
      if (heard !== n) throw new Error(`${heard} of ${n} events were handed over`)
    },
    played_bare: (n) => {
      let heard = 0
      const hear = ({ data }) => (heard += JSON.parse(data) ? 1 : 0)
      const listeners = new Map(Market.names.map((name) => [name, hear]))
      for (let i = 0; i < n; i += 1) {
        const { name, data } = events[i % events.length]
        listeners.get(name)({ type: name, data, lastEventId: id(i) })
      }
      if (heard !== n) throw new Error(`${heard} of ${n} events were handed over`)
    },
  }
}

/** A stream of ours on an `EventSource` that says what it is told to, at once. */
async function played() {
  const real = globalThis.EventSource
  try {
    return await new Promise((resolve) => {
      globalThis.EventSource = class {
        static CLOSED = 2
        OPEN = 1
        CLOSED = 2
        readyState = 1
        heard = new Map()
        addEventListener(name, hear) {
          this.heard.set(name, hear)
          // The last of what it listens to before it is told anything.
          if (name === 'error') queueMicrotask(() => this.begin())
        }
        removeEventListener() {}
        close() {}
        say = ({ id, name, data }) => this.heard.get(name)({ type: name, data, lastEventId: id })
        begin() {
          this.heard.get('open')({})
          greeting(Market).forEach(this.say)
          resolve({ stream, say: this.say })
        }
      }
      const stream = connect(Market, new URL('/played', location.href))
    })
  } finally {
    globalThis.EventSource = real
  }
}
