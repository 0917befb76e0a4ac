// A page of the version after: it knows the variant that was added, and is served by nodes that do not.

import { connect } from 'eventwire'

import { Demo } from './demo.events.js'

const { searchParams: query } = new URL(import.meta.url)
const book = { swaps: [] as number[], notes: [] as number[], faults: [] as string[], gaps: 0, outdated: [] as object[] }
const stream = connect(Demo, '/events', { topics: ['host.*'], from: query.get('from') ?? undefined })
Object.assign(globalThis, { book, stream })

stream.on('swap', ({ used }) => book.swaps.push(used))
stream.on('note', ({ n }) => book.notes.push(n))
stream.onFault(({ event, path, reason, expected, found }) => book.faults.push([reason, event, path, expected, found].join(' | ')))
stream.onGap(() => (book.gaps += 1))
stream.onOutdated((outdated) => book.outdated.push(outdated))
