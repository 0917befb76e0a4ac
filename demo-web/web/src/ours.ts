// The right stream: connect, a handler per event, and what it tells about itself.

import type { EventStream, State } from 'eventwire'
import { describe } from './describe'
import type { DemoEvents } from './demo.events'
import type { Tone } from './page'
import type { Pane } from './panels/pane'

const NUMBERED = ['traffic', 'request', 'drop', 'job', 'note', 'broken'] as const

export function listen(pane: Pane, stream: EventStream<DemoEvents>): void {
  for (const name of NUMBERED) stream.on(name, (data) => pane.arrived(data.n, describe(name, data)))
  stream.onGap(() => pane.gap())
  stream.onFault((fault) => {
    // An event that broke its contract did arrive; what it holds is not to be trusted, but its number counts.
    const n = (fault.data as { n?: unknown } | null | undefined)?.n
    if (typeof n === 'number') pane.arrived(n, `fault at ${fault.path}: ${fault.reason}`)
  })
  const show = (state: State) => pane.state(...words(state))
  show(stream.state)
  stream.onState(show)
}

function words(state: State): [string, Tone] {
  switch (state.kind) {
    case 'open':
      return ['live', 'fine']
    case 'waiting':
      return [`waiting (${state.reason})`, 'warned']
    case 'closed':
      return [`closed (${state.reason})`, 'lost']
    default:
      return [`${state.kind} (${state.reason})`, 'warned']
  }
}
