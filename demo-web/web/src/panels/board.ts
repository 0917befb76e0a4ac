// The board: visitors leave short notes, every page shows them.

import type { EventStream } from 'eventwire'
import type { DemoEvents, Note } from '../demo.events'
import { byId, clock, make, post, say } from '../page'

const SHOWN = 50

export function show(stream: EventStream<DemoEvents>, control: string, before: readonly Note[]): void {
  const input = make('input', { type: 'text', maxLength: 200, required: true, placeholder: 'A short note', name: 'note' })
  input.setAttribute('aria-label', 'Your note')
  const form = make('form', {}, input, make('button', { type: 'submit' }, 'Leave it'))
  const status = make('p', { className: 'hint' })
  const list = make('ul', { className: 'notes' }, make('li', { className: 'quiet' }, 'No note yet.'))
  list.setAttribute('aria-label', 'Notes, newest first')
  list.tabIndex = 0
  byId('board').append(form, status, list)
  const known = new Set<string>()

  const put = ({ n, at, text }: Note) => {
    // The page's own state and the stream may bring the same note; another run of the publisher numbers from 1 again.
    const key = `${at} ${n}`
    if (known.has(key)) return
    if (known.size === 0) list.replaceChildren()
    known.add(key)
    list.prepend(make('li', {}, make('time', { dateTime: new Date(at).toISOString() }, clock(at)), text))
    while (list.children.length > SHOWN) list.lastElementChild?.remove()
  }
  before.forEach(put)
  stream.on('note', put)
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const { ok, why } = await post(`${control}/notes`, { text: input.value })
    if (ok) input.value = ''
    say(status, ok ? '' : `That did not work: ${why}.`)
  })
}
