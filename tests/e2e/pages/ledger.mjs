// A page that writes down all it is handed, in order, for the check to score.
//
// `?topics=a,b.*&grace=2000`: what to ask for, and how long to stay while hidden.

import { connect } from 'eventwire'

import { Harness } from './harness.mjs'

const query = new URLSearchParams(location.search)
const book = { record: [], lasts: {}, states: [], faults: [], outdated: 0 }
window.book = book

const options = { topics: query.get('topics').split(',') }
if (query.has('grace')) options.grace = Number(query.get('grace'))

const stream = connect(Harness, '/events', options)
stream.on('tick', ({ n }, { topic }) => {
  book.record.push({ topic, n })
  book.lasts[topic] = n
})
stream.onGap(({ reason, topics }) => book.record.push({ gap: reason, topics }))
stream.onFault((fault) => book.faults.push(`${fault.event} ${fault.path}: ${fault.reason}`))
stream.onOutdated(() => (book.outdated += 1))
stream.onState(({ kind, reason }) => book.states.push({ kind, reason, at: Date.now() }))
window.stream = stream
