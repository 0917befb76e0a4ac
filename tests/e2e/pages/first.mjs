// From the call to the first event, in milliseconds, by a bare EventSource and by connect. One per page.

import { connect } from 'eventwire'

import { Harness } from './harness.mjs'

window.first = {
  bare: (url) =>
    new Promise((resolve) => {
      const began = performance.now()
      const source = new EventSource(url)
      source.addEventListener('tick', ({ data }) => {
        JSON.parse(data)
        resolve(performance.now() - began)
        source.close()
      })
    }),
  connect: (url) =>
    new Promise((resolve) => {
      const began = performance.now()
      const stream = connect(Harness, url)
      stream.on('tick', () => {
        resolve(performance.now() - began)
        stream.close()
      })
    }),
}
