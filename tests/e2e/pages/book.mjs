// Writes down all that a stream hands over, in order and as the judge reads it (tests/src/history.rs).

/** `look`: the position is what a page would keep, to go on there later; it must be right whenever it is looked at. */
export function keep(stream) {
  const book = { items: [], lasts: {}, states: [], faults: [], outdated: 0 }
  let last
  const look = () => {
    const at = stream.position
    if (at !== undefined && at !== last) book.items.push({ at: (last = at) })
  }
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
  return { book, look }
}

/**
 * A page that keeps a book of what it is handed: `?topics=a,b.*&grace=2000&transport=fetch&share=user&url=…`: what to ask
 * for, how long to stay while hidden, what carries it, with whom to share it, and where.
 */
export function listen(connect, contract) {
  const query = new URLSearchParams(location.search)
  const options = { topics: query.get('topics').split(',') }
  if (query.has('grace')) options.grace = Number(query.get('grace'))
  if (query.has('share')) options.share = query.get('share')
  if (query.get('transport') === 'fetch') options.headers = async () => ({ 'x-asked': 'again' })

  const stream = connect(contract, query.get('url') ?? '/events', options)
  const { book, look } = keep(stream)
  setInterval(look, 20)
  Object.assign(window, { stream, book })
}
