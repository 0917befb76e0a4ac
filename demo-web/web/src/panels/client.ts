// What the client does and why: state, next attempt, position, gaps, faults, heartbeat, and a timeline of transitions.

import type { EventStream, State } from 'eventwire'
import type { DemoEvents } from '../demo.events'
import { clock, count, make, say } from '../page'

const TIMELINE = 100

export function show(stream: EventStream<DemoEvents>): (now: number) => void {
  const list = document.querySelector('#client dl')
  const timeline = document.querySelector('#client .timeline')
  const row = (title: string) => {
    const dd = make('dd', {}, '–')
    list?.append(make('dt', {}, title), dd)
    return dd
  }
  const rows = {
    state: row('state'),
    why: row('why'),
    next: row('next attempt'),
    position: row('position'),
    gaps: row('gaps'),
    faults: row('faults'),
    heard: row('last heard'),
    carried: row('carried by'),
  }
  let state: State = stream.state
  let gaps = 0
  let lastGap = ''
  let faults = 0
  let lastFault = ''

  const tell = (text: string) => {
    const at = Date.now()
    timeline?.prepend(make('li', {}, make('time', { dateTime: new Date(at).toISOString() }, clock(at)), text))
    while (timeline && timeline.children.length > TIMELINE) timeline.lastElementChild?.remove()
  }
  const onState = (next: State) => {
    state = next
    tell(`${next.kind}: ${next.reason}`)
  }
  onState(state)
  stream.onState(onState)
  stream.onGap(({ reason, topics }) => {
    gaps++
    lastGap = `${reason}${topics.length > 0 ? ` (${topics.join(', ')})` : ''}`
    tell(`gap: ${lastGap}`)
  })
  stream.onFault((fault) => {
    faults++
    lastFault = `${fault.event ?? ''} ${fault.path ?? ''}: ${fault.reason}`.trim()
    tell(`fault: ${lastFault}`)
  })
  stream.onOutdated(() => tell('the server speaks a newer contract: reload for it'))

  return () => {
    say(rows.state, state.kind, state.kind === 'open' ? 'fine' : state.kind === 'closed' ? 'lost' : 'warned')
    say(rows.why, state.reason)
    const wait = state.nextAttemptAt === undefined ? undefined : (state.nextAttemptAt - Date.now()) / 1000
    say(rows.next, wait === undefined ? '–' : wait > 0 ? `in ${wait.toFixed(1)} s` : 'now')
    say(rows.position, stream.position ?? 'none yet')
    say(rows.gaps, gaps === 0 ? '0' : `${count(gaps)}, last: ${lastGap}`)
    say(rows.faults, faults === 0 ? '0' : `${count(faults)}, last: ${lastFault}`)
    const { heardAt: heard, share } = stream.inspect()
    say(rows.heard, heard === undefined ? '–' : `${Math.max(0, (Date.now() - heard) / 1000).toFixed(0)} s ago`)
    say(rows.carried, share === 'leader' ? 'this tab, for all' : share === 'follower' ? 'another tab' : 'this tab')
  }
}
