// One stream in a program and not in a page: reads up to tick `last`, and answers with what it was handed.

import { connect } from 'eventwire'

import { keep } from '../pages/book.mjs'
import { Harness } from '../pages/harness.mjs'

export function run({ url, topic, from, last, transport }) {
  const options = { topics: [topic], from }
  if (transport === 'fetch') options.headers = async () => ({ 'x-asked': 'again' })
  const stream = connect(Harness, url, options)
  const { book } = keep(stream)
  return new Promise((resolve) => {
    stream.on('tick', ({ n }) => n === last && stream.close())
    stream.onState(({ kind, error }) => kind === 'closed' && resolve({ ...book, error: error?.message, eventSource: typeof EventSource }))
  })
}
