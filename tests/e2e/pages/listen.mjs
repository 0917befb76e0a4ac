// One stream, wherever this runs: a page, a worker, Node. Tells what it saw, once it has seen what it was told to wait for.

import { connect, connectRaw } from 'eventwire'

import { Harness } from './harness.mjs'

/**
 * `last`: the number of the tick after which all is seen; a stream that closes has seen all too. `tokens`: sent one after
 * the other, each time that headers are asked for. `bare`: without `EventSource`.
 */
globalThis.listen = (url, { last, tokens, bare, ...options }) => {
  if (bare) delete globalThis.EventSource
  const book = { ticks: [], gaps: [], faults: [], states: [], asked: [] }
  if (tokens) {
    options.headers = async ({ refused }) => {
      book.asked.push(refused ?? 0)
      return { authorization: `Bearer ${tokens[Math.min(book.asked.length, tokens.length) - 1]}`, 'x-mine': 'too' }
    }
  }
  return new Promise((resolve) => {
    const stream = connect(Harness, url, options)
    stream.on('tick', ({ n }) => {
      book.ticks.push(n)
      if (n === last) stream.close()
    })
    stream.onGap(({ reason }) => book.gaps.push(reason))
    stream.onFault(({ message }) => book.faults.push(message))
    stream.onState((state) => {
      book.states.push(`${state.kind} ${state.reason}`)
      if (state.kind !== 'closed') return
      const { error } = state
      book.error = error && { code: error.code, status: error.status, body: error.body, message: error.message }
      // A page is handed nothing behind its close; give what should not come the time of a task to come.
      setTimeout(() => resolve(book), 0)
    })
  })
}

/** As `listen`, for a server that speaks only what the standard says: ends with the event whose data is `last`. */
globalThis.listenRaw = (url, { last, bare, ...options }) => {
  if (bare) delete globalThis.EventSource
  const book = { events: [], comments: [], states: [] }
  return new Promise((resolve) => {
    const stream = connectRaw(url, options)
    for (const name of ['message', 'price']) {
      stream.on(name, (data, { id }) => {
        book.events.push([name, data, id])
        if (data === last) stream.close()
      })
    }
    stream.onComment((text) => book.comments.push(text))
    stream.onState(({ kind, reason }) => {
      book.states.push(`${kind} ${reason}`)
      if (kind === 'closed') setTimeout(() => resolve(book), 0)
    })
  })
}

// In a worker: one question, one answer.
if (typeof WorkerGlobalScope !== 'undefined') {
  globalThis.onmessage = ({ data: [how, url, options] }) => globalThis[how](url, options).then((book) => postMessage(book))
}
