// One `EventSource`, the drop-in one or the browser's own, wherever this runs. Tells all it dispatched.

import { EventSource as Ours } from 'eventwire/eventsource'

/** Ends with the message `end`, with a final error, or after `lines` lines; and looks a while for what should not come. */
globalThis.watch = ({ url, mode, lines = Infinity, ...init }) => {
  const source = mode === 'native' ? new EventSource(url, init) : new Ours(url, { mode, ...init })
  const book = (globalThis.book = { said: [], url: source.url, name: source.constructor.name })
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      source.close()
      resolve(book)
    }, 50_000)
    const say = (line, over) => {
      book.said.push(line)
      if (!over && book.said.length < lines) return
      if (line !== 'error 2') source.close()
      clearTimeout(late)
      setTimeout(() => resolve(book), 100)
    }
    source.onopen = () => say(`open ${source.readyState}`)
    source.onmessage = ({ data, lastEventId, origin }) => say(`${data}|${lastEventId}|${new URL(origin).port}`, data === 'end')
    source.onerror = () => say(`error ${source.readyState}`, source.readyState === 2)
  })
}

// In a worker: one question, one answer.
if (typeof WorkerGlobalScope !== 'undefined') {
  globalThis.onmessage = ({ data }) => watch(data).then((book) => postMessage(book))
}
