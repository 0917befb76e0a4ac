// A page of its own over the demo's contract; `demo.events.ts` beside it is what the compiler writes.

import { connect, type EventNames } from 'eventwire'

import { Demo, type DemoEvents } from './demo.events.js'

/** Whoever has a word for every event is told by the compiler when there is another. */
export const WORDS: Record<EventNames<DemoEvents>, string> = {
  cpu: 'Processor',
  memory: 'Memory',
  network: 'Network',
  disks: 'Disks',
  temperatures: 'Sensors',
  processes: 'Processes',
  traffic: 'Traffic',
  request: 'Requests',
  drop: 'Flood',
  job: 'Jobs',
  note: 'Notes',
  broken: 'Broken',
}

const book = { shares: [] as number[], busy: [] as number[], notes: [] as number[], received: 0, faults: [] as string[], gaps: 0, outdated: [] as object[] }
const { searchParams: query } = new URL(import.meta.url)
const stream = connect(Demo, '/events', { topics: ['host.*'], from: query.get('from') ?? undefined })
Object.assign(globalThis, { book, stream })

stream.on('cpu', ({ cores }) => {
  for (const core of cores) book.busy.push(core / 100)
})
stream.on('memory', (memory) => {
  book.shares.push(memory.used / memory.total)
})
stream.on('network', ({ received }) => (book.received += received))
stream.on('note', ({ n }) => book.notes.push(n))
stream.onFault(({ event, path, reason, expected, found }) => book.faults.push([reason, event, path, expected, found].join(' | ')))
stream.onGap(() => (book.gaps += 1))
stream.onOutdated((outdated) => book.outdated.push(outdated))
