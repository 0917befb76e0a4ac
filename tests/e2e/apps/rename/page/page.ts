// A page of its own over the demo's contract; `demo.events.ts` beside it is what the compiler writes.

import { connect } from 'eventwire'

import { Demo } from './demo.events.js'

const book = { shares: [] as number[], cores: [] as number[], faults: [] as string[], outdated: 0, state: '' }
Object.assign(globalThis, { book })

const stream = connect(Demo, '/events', { topics: ['host.*'] })

stream.on('cpu', ({ cores }) => book.cores.push(cores.length))
stream.on('memory', (memory) => {
  book.shares.push(memory.used / memory.total)
})
stream.onFault(({ event, path, reason }) => book.faults.push(`${event} ${path} ${reason}`))
stream.onOutdated(() => (book.outdated += 1))
stream.onState(({ kind }) => (book.state = kind))
