// The score of a run: what the publisher numbered against what a page was handed, in the order it was handed it.
//
// Believes no counter of the client. A page's record is a list of {topic, n} and {gap, topics}.

/** Does one of these patterns cover the topic? None at all means every topic. */
function covers(patterns, topic) {
  if (patterns.length === 0) return true
  const segments = topic.split('.')
  return patterns.some((pattern) => {
    const parts = pattern.split('.')
    if (parts.at(-1) === '**') {
      const head = parts.slice(0, -1)
      return segments.length > head.length && head.every((part, at) => part === '*' || part === segments[at])
    }
    return parts.length === segments.length && parts.every((part, at) => part === '*' || part === segments[at])
  })
}

/** `published` is {topic: last n}, every topic numbered from 1. */
export function score(published, record) {
  const topics = new Map(Object.keys(published).map((topic) => [topic, { last: 0, warned: false, seen: new Set() }]))
  const sum = { published: 0, delivered: 0, duplicate: 0, disorder: 0, gaps: 0, announced: 0, unannounced: 0, stray: 0 }
  for (const last of Object.values(published)) sum.published += last
  const missing = (topic, count) => (sum[topic.warned ? 'announced' : 'unannounced'] += count)

  for (const entry of record) {
    if (entry.gap) {
      sum.gaps += 1
      for (const [name, topic] of topics) topic.warned ||= covers(entry.topics, name)
      continue
    }
    const topic = topics.get(entry.topic)
    if (!topic || entry.n < 1 || entry.n > published[entry.topic]) {
      sum.stray += 1
      continue
    }
    if (topic.seen.has(entry.n)) {
      sum.duplicate += 1
      continue
    }
    topic.seen.add(entry.n)
    sum.delivered += 1
    if (entry.n < topic.last) {
      // Told late: the hole was counted when it was passed, so the order is what is wrong.
      sum.disorder += 1
      continue
    }
    missing(topic, entry.n - topic.last - 1)
    topic.last = entry.n
    topic.warned = false
  }
  for (const [name, topic] of topics) missing(topic, published[name] - topic.last)
  return sum
}

/** Has the page been handed the last event of every topic? */
export function complete(published, lasts) {
  return Object.entries(published).every(([topic, last]) => lasts[topic] === last)
}
