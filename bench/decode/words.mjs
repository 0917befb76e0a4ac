// What a server of ours says around a set's events: in the server that plays it, and in the page without one.

const EPOCH = 'k3f9x2m1q0ab'

/** The id of a stream's event, counted from 0. */
export const id = (n) => `${EPOCH}-${n + 1}${n > 0 ? '.1' : ''}/market.all`

/** What comes before the first. */
export function greeting({ names, hash }) {
  const start = `${EPOCH}-0`
  const hello = { v: 1, start, head: start, names, contract: hash, topics: ['**'], denied: [], heartbeat: 15_000, spread: 1000, retry: 1000 }
  const cursor = (kind) => ({ id: start, name: 'eventwire.cursor', data: `{"kind":"${kind}"}` })
  return [{ id: '', name: 'eventwire.hello', data: JSON.stringify(hello) }, cursor('prelude'), cursor('live')]
}
