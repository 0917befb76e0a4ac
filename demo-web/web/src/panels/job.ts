// A job with progress. What it told before this page loaded comes with the page, the rest by the stream.

import type { EventStream } from 'eventwire'
import type { DemoEvents, Job } from '../demo.events'
import { byId, bytes, count, make, post, say } from '../page'

export function show(stream: EventStream<DemoEvents>, control: string, before: readonly Job[]): void {
  const button = make('button', { type: 'button' }, 'Hash it')
  const bar = make('progress', { max: 1, value: 0 })
  bar.setAttribute('aria-label', 'Files hashed')
  const status = make('p', { className: 'hint' }, 'Nothing hashed yet. Press, then reload the page in the middle.')
  const digest = make('p', { className: 'digest' })
  byId('job').append(button, bar, status, digest)
  let shown: Pick<Job, 'id' | 'n'> = { id: '', n: 0 }
  const rest = (on: boolean) => button.setAttribute('aria-disabled', String(on))

  const draw = (job: Job) => {
    // The page's own state and the stream may tell the same thing; ids rise, and numbers within a job.
    if (job.id < shown.id || (job.id === shown.id && job.n < shown.n)) return
    shown = job
    bar.max = Math.max(1, job.ofFiles)
    bar.value = job.files
    const done = job.digest != null
    rest(!done)
    if (job.ofFiles === 0 && !done) return say(status, 'Looking for files…')
    const of = `${count(job.files)} of ${count(job.ofFiles)} files, ${bytes(job.bytes)}`
    say(status, done ? `Done: ${of}` : `${of}${job.last ? `: ${job.last}` : ''}`)
    say(digest, done ? `SHA-256 ${job.digest}` : job.folder)
  }
  const last = before.at(-1)
  if (last) draw(last)
  stream.on('job', draw)
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true') return
    rest(true)
    say(status, 'Looking for files…')
    const { ok, why } = await post(`${control}/jobs`)
    if (ok) return
    rest(false)
    say(status, `That did not work: ${why}.`)
  })
}
