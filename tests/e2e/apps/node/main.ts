// An empty Node project: importing does nothing, and the types are strict there too.

import { connect, type Contract, type State } from 'eventwire'

type Events = { tick: { n: number } }

const Ticks: Contract<Events> = {
  name: 'Ticks',
  hash: '0000000000000000',
  names: ['tick'],
  validate: { tick: () => null },
}

export function ticks(url: string, signal: AbortSignal): void {
  const stream = connect(Ticks, url, { topics: ['load.*'], signal })
  stream.on('tick', ({ n }, { topic }) => console.log(topic, n.toFixed()))
  stream.onState((state: State) => console.log(state.kind))
  // @ts-expect-error: there is no such option
  connect(Ticks, url, { topic: 'load.*' })
  // @ts-expect-error: topics are a list
  connect(Ticks, url, { topics: 'load.*' })
}
