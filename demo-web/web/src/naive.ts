// The left stream, written as a tutorial would: a bare EventSource, a listener per name, JSON.parse.

import type { Pane } from './panels/pane'
import { describe } from './describe'

const NAMES = ['traffic', 'request', 'drop', 'job', 'note', 'broken']

export function listen(pane: Pane): void {
  const source = new EventSource('/naive')
  source.onopen = () => pane.state('connected', 'fine')
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) {
      pane.state('gave up', 'lost')
      pane.over()
    } else pane.state('the browser tries again', 'warned')
  }
  for (const name of NAMES) {
    source.addEventListener(name, (event: MessageEvent<string>) => {
      const data = JSON.parse(event.data) as { n: number }
      pane.arrived(data.n, describe(name, data))
    })
  }
}
