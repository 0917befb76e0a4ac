// One of the two panes: a stream's state, its score, its arrivals per second and its last lines.

import { Chart } from '../chart'
import { announce, byId, count, make, say, type Tone } from '../page'
import { Tracker } from '../score'

const LINES = 6

export class Pane {
  readonly tracker: { current: Tracker } = { current: new Tracker() }
  readonly #title: string
  readonly #badge = make('span', { className: 'badge' }, 'not yet connected')
  readonly #numbers: Record<'delivered' | 'missing' | 'announced' | 'duplicate', HTMLElement>
  readonly #verdict = make('p', { className: 'verdict' }, 'waiting for the first event')
  readonly #lines = make('ol', { className: 'lines' })
  readonly #chart: Chart
  #waiting: string[] = []
  #arrivals = 0
  #second = 0
  #missing = 0
  #published = 0
  #over = false

  constructor(id: 'naive' | 'ours', title: string, colour: string) {
    this.#title = title
    const number = () => make('dd', {}, '0')
    this.#numbers = { delivered: number(), missing: number(), announced: number(), duplicate: number() }
    const score = make('dl', { className: 'score' })
    for (const [name, dd] of Object.entries(this.#numbers)) {
      score.append(make('div', {}, make('dt', {}, name), dd))
    }
    this.#chart = new Chart({ title: 'arrivals per second', colours: [colour], bars: true })
    const heading = make('h2', { id: `${id}-title` }, title)
    byId(id).append(
      make('div', { className: 'top' }, heading, this.#badge),
      score,
      this.#verdict,
      this.#chart.element,
      this.#lines,
    )
  }

  state(text: string, tone: Tone): void {
    if (this.#badge.textContent !== text) announce(`${this.#title}: ${text}`)
    say(this.#badge, text, tone)
  }

  /** A numbered event arrived. */
  arrived(n: number, line: string): void {
    this.tracker.current.arrived(n)
    this.#arrivals++
    this.#waiting.push(`${n}  ${line}`)
    if (this.#waiting.length > LINES) this.#waiting.shift()
  }

  gap(): void {
    this.tracker.current.announced()
  }

  /** The publisher has numbered so many. */
  published(count: number): void {
    this.#published = count
  }

  /** The stream ended for good: from here on all that is published is missing, though no later number will show it. */
  over(): void {
    this.#over = true
  }

  /** Another run of the publisher counts from 1 again. */
  restart(): void {
    this.tracker.current = new Tracker()
  }

  draw(now: number): void {
    const score = this.tracker.current.score
    say(this.#numbers.delivered, count(score.delivered))
    say(this.#numbers.duplicate, count(score.duplicate), score.duplicate > 0 ? 'warned' : 'plain')
    say(this.#numbers.announced, count(score.announced), score.announced > 0 ? 'warned' : 'plain')
    const missing = score.missing + (this.#over ? Math.max(0, this.#published - score.highest) : 0)
    const silent = missing - score.announced
    const tone: Tone = silent > 0 ? 'lost' : missing > 0 ? 'warned' : score.delivered > 0 ? 'fine' : 'plain'
    say(this.#numbers.missing, count(missing), tone)
    if (score.delivered > 0) {
      say(this.#verdict, silent > 0 ? `${count(silent)} lost, never told` : missing > 0 ? 'lost, and told so' : 'nothing lost', tone)
    }
    // Not each number of a loss that goes on: a screen reader would never end.
    if (missing > this.#missing && !(this.#over && this.#missing > 0)) announce(`${this.#title}: ${missing} missing`)
    this.#missing = missing
    if (this.#waiting.length > 0) {
      this.#lines.replaceChildren(...this.#waiting.toReversed().map((line) => make('li', {}, line)))
    }
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#second) {
      if (this.#second !== 0) this.#chart.push(second * 1000, [this.#arrivals], `${count(this.#arrivals)}`)
      this.#second = second
      this.#arrivals = 0
    }
    this.#chart.draw()
    void now
  }
}
