// A page that does one thing very often, and keeps nothing of it.
//
// `?transport=fetch`: what carries the streams. The check says where, and how often.

import { connect } from 'eventwire'

import { Harness } from './harness.mjs'

const headers = new URLSearchParams(location.search).get('transport') === 'fetch' ? () => ({}) : undefined
const dial = (ticks, options) => connect(Harness, `${window.url}?ticks=${ticks}`, { headers, ...options })

window.events = (count) =>
  new Promise((resolve) => {
    const stream = dial(count)
    let seen = 0
    stream.on('tick', () => {
      seen += 1
      if (seen === count) resolve(stream.close())
    })
  })

/** Each topic that comes or goes is a redial. */
window.redials = (count) =>
  new Promise((resolve) => {
    const stream = dial(1, { topics: ['load.a'] })
    let seen = 0
    stream.on('tick', () => {
      seen += 1
      if (seen === count) return resolve(stream.close())
      stream.topics[seen % 2 ? 'add' : 'delete']('load.b')
    })
  })

window.streams = async (count) => {
  for (let n = 0; n < count; n += 1) {
    await new Promise((resolve) => {
      const stream = dial(1)
      stream.onGap(() => {})
      stream.on('tick', () => resolve(stream.close()))
    })
  }
}
