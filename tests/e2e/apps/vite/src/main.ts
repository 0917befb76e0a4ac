// The front end of the help desk: a page somebody else could have written, with the package from its tarball.
//
// `desk.events.ts` beside this file is written by the desk's debug build.

import { connect } from 'eventwire'

import { Desk, type Status } from './desk.events'

const list = document.querySelector('#tickets')!

function add(text: string): void {
  const item = document.createElement('li')
  item.textContent = text
  list.append(item)
}

function spelled(status: Status): string {
  return typeof status === 'string' ? status : `waiting until ${status.waiting.until}`
}

const stream = connect(Desk, '/desk/events', { topics: ['acme.tickets.*', 'acme.bosses'] })

stream.on('ticketMoved', ({ ticket, status }, { topic }) => {
  const exact: number = ticket
  add(`${topic}: ${exact} is ${spelled(status)}`)
})
stream.on('note', (text, { topic }) => add(`${topic}: ${text.toUpperCase()}`))
stream.onGap(({ reason, topics }) => add(`gap ${reason} ${topics.join(',')}`))
stream.onFault((fault) => add(`fault ${fault.reason} ${fault.path}`))
stream.onState((state) => (document.title = state.kind))

// What the contract does not have, the compiler refuses.
// @ts-expect-error: there is no such event
stream.on('ticketLost', () => {})
// @ts-expect-error: a ticket is a number
stream.on('ticketMoved', ({ ticket }: { ticket: string }) => ticket)
