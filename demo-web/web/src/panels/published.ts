// The publisher's own numbers and the server's health, asked of the publisher, never of a stream.

import { byId, clock, count, say } from '../page'

interface Answer {
  published: { run: string; published: number; accepted: number }
  server: { state: 'starting' | 'running' | 'draining' | 'dead'; since: number; starts: number }
}

export type Server = Answer['server']

/** Asks twice a second for as long as the page lives. */
export function follow(control: string, onRun: () => void, onAnswer: (published: number, server: Server) => void): void {
  const published = byId('published-count')
  const rate = byId('published-rate')
  const server = byId('server-state')
  let run = ''
  let seen: { at: number; published: number }[] = []
  const ask = async () => {
    try {
      const answer = (await (await fetch(`${control}/score`)).json()) as Answer
      if (answer.published.run !== run) {
        if (run !== '') onRun()
        run = answer.published.run
        seen = []
      }
      const now = performance.now()
      seen = [...seen.filter((s) => now - s.at < 3000), { at: now, published: answer.published.published }]
      const [oldest] = seen
      const seconds = oldest ? (now - oldest.at) / 1000 : 0
      if (oldest && seconds > 0.4) say(rate, count(Math.round((answer.published.published - oldest.published) / seconds)))
      say(published, count(answer.published.published))
      const { state, since } = answer.server
      say(server, `${state} since ${clock(since)}`, state === 'running' ? 'fine' : state === 'dead' ? 'lost' : 'warned')
      onAnswer(answer.published.published, answer.server)
    } catch {
      say(server, 'the publisher does not answer: is the demo still running?', 'lost')
    }
  }
  void ask()
  setInterval(() => void ask(), 500)
}
