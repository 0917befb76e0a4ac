// The dashboard. Reads top-down as a tutorial of the package: ask the page's state, connect, hand the stream to panels.

import { connect } from 'eventwire'
import { Demo, type Job, type Note } from './demo.events'
import * as naive from './naive'
import * as ours from './ours'
import { answered, byId, everyPaint } from './page'
import * as board from './panels/board'
import * as client from './panels/client'
import * as job from './panels/job'
import * as machine from './panels/machine'
import { Pane } from './panels/pane'
import * as published from './panels/published'
import * as trouble from './panels/trouble'
import './theme'

// The position is taken before the state is asked: what happens in between comes by the stream.
const { position, control } = await answered<{ position: string; control: string }>('/page.json', 'the server')
const before = await answered<{ jobs: Job[]; notes: Note[] }>(`${control}/state`, 'the publisher')

const left = new Pane('naive', 'axum Sse + EventSource', '--second')
const right = new Pane('ours', 'eventwire', '--accent')

const stream = connect(Demo, '/events', {
  topics: ['host.**', 'log.**', 'jobs.**', 'board.**'],
  from: position,
  // A hidden tab keeps its stream for ten seconds here, so that “Sessions” has something to show.
  grace: 10_000,
  // All tabs of this browser are one visitor's, and have one connection between them.
  share: 'visitor',
})

naive.listen(left)
ours.listen(right, stream)
const drawMachine = machine.show(stream)
const drawClient = client.show(stream)
job.show(stream, control, before.jobs)
board.show(stream, control, before.notes)
const onServer = trouble.offer(control)
const restart = () => [left, right].forEach((pane) => pane.restart())
published.follow(control, restart, (count, server) => {
  for (const pane of [left, right]) pane.published(count)
  onServer(server)
})

byId('sessions').addEventListener('click', () => {
  window.open('/sessions.html', 'sessions', 'popup,width=760,height=420')
})

everyPaint((now) => {
  left.draw(now)
  right.draw(now)
  drawMachine(now)
  drawClient(now)
})
