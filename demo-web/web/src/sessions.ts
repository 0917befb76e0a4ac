// The pop-out: the server's live sessions, asked twice a second.

import { byId, make, say } from './page'

interface Session {
  id: string | number
  topics: string[]
  position: string
  live: boolean
  age: number
  mine: boolean
}

const body = document.querySelector('tbody')
const offset = (position: string) => Number(position.split('-')[1] ?? 0)

async function ask(): Promise<void> {
  try {
    const { head, sessions } = (await (await fetch('/sessions.json')).json()) as { head: string; sessions: Session[] }
    say(byId('status'), `${sessions.length} live ${sessions.length === 1 ? 'session' : 'sessions'}; newest position ${head}`)
    body?.replaceChildren(
      ...sessions.map((s) =>
        make(
          'tr',
          { className: s.mine ? 'mine' : '' },
          make('td', {}, String(s.id)),
          make('td', {}, s.topics.join(', ')),
          make('td', {}, s.position),
          make('td', {}, s.live ? 'live' : `${Math.max(0, offset(head) - offset(s.position))} behind`),
          make('td', {}, `${s.age.toFixed(0)} s`),
        ),
      ),
    )
  } catch {
    say(byId('status'), 'The server does not answer; this list is the last one.')
  }
}

void ask()
setInterval(() => void ask(), 500)
