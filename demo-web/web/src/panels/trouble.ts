// The buttons that try the hard parts. Each says before and after what to watch, and rests while its effect lasts.

import { make, post, say } from '../page'
import type { Server } from './published'

interface Trouble {
  readonly label: string
  readonly before: string
  readonly after: string
  /** How long the effect lasts, in milliseconds; `server`: until the server runs again. */
  readonly lasts: number | 'server'
  readonly act: () => Promise<{ ok: boolean; why: string }>
}

/** Puts the buttons on the page; the answer is told how the server does. */
export function offer(control: string): (server: Server) => void {
  const here = (path: string) => () => post(path)
  const there = (path: string) => () => post(control + path)
  const list: Trouble[] = [
    {
      label: 'kill -9 the server',
      before: 'The server dies without a word and stays dead for 7 s; watch “missing” on the left.',
      after: 'The server is dead for 7 s. The left will miss what happens before it is back; the right catches up.',
      lasts: 'server',
      act: there('/kill'),
    },
    {
      label: 'deploy',
      before: 'The server says goodbye, ends and starts anew; watch both sides come back.',
      after: 'The server drains and starts anew. The right was told “bye” and comes back by itself.',
      lasts: 'server',
      act: there('/deploy'),
    },
    {
      label: 'cut me off',
      before: 'Breaks both of your connections in the middle; watch who notices what was in between.',
      after: 'Both connections broke. The left waits for the browser and asks from now on; the right asks from where it was.',
      lasts: 3_000,
      act: here('/trouble/cut'),
    },
    {
      label: '8 KB/s link',
      before: 'Slows both of your streams to 8 KB/s for 20 s; flood it and watch the left skip.',
      after: 'Slow for 20 s. Try “flood” now: the left overruns its channel and skips, the right falls behind and catches up.',
      lasts: 20_000,
      act: here('/trouble/slow'),
    },
    {
      label: 'break the contract',
      before: 'Publishes text where the contract promises a number; watch “faults”.',
      after: 'One event broke its contract: the right reports where, hands it to no handler, and goes on. The left took it as it came.',
      lasts: 1_000,
      act: there('/break'),
    },
    {
      label: 'flood',
      before: 'Publishes 10,000 events in 5 s; watch the arrivals.',
      after: '10,000 events in 5 s are on their way to both sides.',
      lasts: 5_500,
      act: there('/flood'),
    },
    {
      label: 'second tab',
      before: 'Opens this page again; “Sessions” lists both.',
      after: 'A second tab has a session of its own. Hide it: ten seconds later its row leaves.',
      lasts: 500,
      act: () => {
        const opened = window.open(location.href, '_blank')
        return Promise.resolve({ ok: opened !== null, why: 'the browser blocked the new tab' })
      },
    },
  ]
  const hint = document.querySelector<HTMLElement>('#trouble .hint')
  /** Buttons that rest until the server was started once more than this. */
  const resting = new Map<HTMLButtonElement, number>()
  let starts = 0
  for (const trouble of list) {
    const button = make('button', { type: 'button', title: trouble.before }, trouble.label)
    const explain = () => hint && say(hint, trouble.before)
    button.addEventListener('pointerenter', explain)
    button.addEventListener('focus', explain)
    button.addEventListener('click', async () => {
      // Disabling would drop the keyboard's focus; say so to both instead and ignore presses.
      if (button.getAttribute('aria-disabled') === 'true') return
      rest(button, true)
      const before = starts
      const { ok, why } = await trouble.act()
      if (hint) say(hint, ok ? trouble.after : `That did not work: ${why}.`)
      if (trouble.lasts === 'server' && ok) resting.set(button, before)
      else setTimeout(() => rest(button, false), ok && trouble.lasts !== 'server' ? trouble.lasts : 500)
    })
    document.querySelector('#trouble .buttons')?.append(button)
  }
  return (server) => {
    // Not by its states: a deploy may be over between two answers.
    starts = server.starts
    for (const [button, before] of resting) {
      if (server.state !== 'running' || starts <= before) continue
      rest(button, false)
      resting.delete(button)
    }
  }
}

function rest(button: HTMLButtonElement, on: boolean): void {
  button.setAttribute('aria-disabled', String(on))
}
