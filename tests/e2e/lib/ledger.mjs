// A run as the judge reads it, and its plain counts: what publishers were answered, what a page was handed.
//
// Believes no counter of the client, and decides nothing: what is wrong with a run is the judge's to say.

/** One page's history: what `publishTicks` answered, and what a page of `pages/ledger.mjs` wrote down. */
export function history(published, { view, from, items }) {
  return { published, readings: [{ view, from, new: true, items }] }
}

/** How much of it came, was missing, and was missing without a word in time, as the judge found. */
export function counts({ published, readings: [{ items }] }, violations) {
  const events = items.flatMap(({ event }) => event ?? [])
  const contents = new Set(events.map(({ topic, content }) => `${topic} ${content}`))
  const places = new Set(events.map(({ at }) => at))
  const missing = published.filter(({ outcome }) => outcome.accepted && !places.has(outcome.accepted)).length
  const unannounced = violations.filter(({ kind }) => kind === 'lost' || kind === 'lateGap').length
  return {
    published: published.length,
    delivered: contents.size,
    duplicate: events.length - contents.size,
    gaps: items.filter(({ gap }) => gap).length,
    announced: missing - unannounced,
    unannounced,
  }
}

/** Has the page been handed the last event of every topic? */
export function complete(published, lasts) {
  return Object.entries(published).every(([topic, last]) => lasts[topic] === last)
}
