// Components that listen, in a page of React 18 or 19; `window.stage` is what the check asks of them.

import { Component, createElement as h, StrictMode, useState } from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import { kept } from 'eventwire'
import { useEvents, useLatest } from 'eventwire/react'

import { Harness } from './harness.mjs'

const book = { ticks: {}, states: [], gaps: [], latest: [], renders: 0, caught: [] }
const note = (name, n) => (book.ticks[name] ??= []).push(n)

/** Listens on its topics; tells what it hears under its name. */
function Listener({ name, url, topics, options }) {
  const keep = options?.keep && kept(options.keep)
  const state = useEvents(Harness, url, { ...options, keep, topics, on: { tick: ({ n }) => note(name, n) }, onGap: ({ reason, topics }) => book.gaps.push(`${name} ${reason} ${topics}`) })
  book.states.push(`${name} ${state.kind} ${state.reason}`)
  return null
}

/** Shows the newest tick. */
function Newest({ name, url, topics }) {
  const latest = useLatest(Harness, url, 'tick', { topics })
  book.latest.push(`${name} ${latest ? `${latest.data.n} ${latest.topic}` : 'nothing'}`)
  return h('output', { id: name }, latest?.data.n)
}

class Boundary extends Component {
  state = {}
  static getDerivedStateFromError(error) {
    return { error }
  }
  componentDidCatch(error) {
    book.caught.push(error.code ?? error.message)
  }
  render() {
    return this.state.error ? h('button', { id: 'again', onClick: () => this.setState({ error: undefined }) }) : this.props.children
  }
}

const KINDS = { listener: Listener, newest: Newest }

/** Throws while it renders. */
function Bomb() {
  throw new Error('bomb')
}

let show
function Stage({ first }) {
  const [parts, setParts] = useState(first)
  show = setParts
  return h(Boundary, null, parts.map((part) => (part.kind === 'bomb' ? h(Bomb, { key: 'bomb' }) : h(KINDS[part.kind], { key: `${part.kind} ${part.name}`, ...part }))))
}

window.stage = {
  book,
  begin: (parts, strict) => {
    const stage = h(Stage, { first: parts })
    createRoot(document.getElementById('root')).render(strict ? h(StrictMode, null, stage) : stage)
  },
  show: (parts) => flushSync(() => show(parts)),
  /** Mounts and unmounts within one turn. */
  flash: (parts) => {
    flushSync(() => window.stage.begin(parts, true))
    flushSync(() => show([]))
  },
}
