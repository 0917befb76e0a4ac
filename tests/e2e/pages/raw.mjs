// `connectRaw` in a page, for a test service outside of it: what comes is written down over HTTP, in its order.

import { connectRaw } from 'eventwire'

const streams = new Map()
let before = Promise.resolve()

const tell = (...said) => {
  before = before.then(() => fetch('/book', { method: 'POST', body: JSON.stringify(said) })).catch((error) => console.error(`not told: ${error}`))
}

globalThis.begin = (n, url, options) => {
  const stream = connectRaw(url, options)
  streams.set(n, stream)
  stream.onEvent((event) => tell(n, 'onEvent', event))
  stream.onComment((text) => tell(n, 'onComment', text))
  stream.onState(({ kind, reason, error }) => tell(n, 'onState', { kind, reason, error: error && { message: error.message } }))
}

globalThis.act = (n, what) => streams.get(n)[what]()
