// A page that writes down all it is handed, in order and as the judge reads it (tests/src/history.rs).
//
// `?topics=a,b.*&grace=2000&transport=fetch`: what to ask for, how long to stay while hidden, and what carries it.

import { connect } from 'eventwire'

import { Harness } from './harness.mjs'

const query = new URLSearchParams(location.search)
const book = { items: [], lasts: {}, states: [], faults: [], outdated: 0 }
window.book = book

const options = { topics: query.get('topics').split(',') }
if (query.has('grace')) options.grace = Number(query.get('grace'))
if (query.get('transport') === 'fetch') options.headers = async () => ({ 'x-asked': 'again' })

const stream = connect(Harness, '/events', options)

let last
// The position is what a page would keep, to go on there later: it must be right whenever it is looked at.
const look = () => {
  const at = stream.position
  if (at !== undefined && at !== last) book.items.push({ at: (last = at) })
}
setInterval(look, 20)

stream.on('tick', (data, { topic, position }) => {
  book.items.push({ event: { at: position, topic, content: `tick ${JSON.stringify(data)}` } })
  book.lasts[topic] = data.n
  look()
})
stream.onGap(({ reason, topics, position }) => {
  book.items.push({ gap: { at: position, reason, topics } })
  look()
})
stream.onFault((fault) => book.faults.push(`${fault.event} ${fault.path}: ${fault.reason}`))
stream.onOutdated(() => (book.outdated += 1))
stream.onState(({ kind, reason }) => {
  book.states.push({ kind, reason, at: Date.now() })
  look()
})
window.stream = stream
