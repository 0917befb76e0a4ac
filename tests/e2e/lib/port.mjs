// A port that was free a moment ago, for programs that must be told one.

import { createServer } from 'node:net'

/** The first of `count` free ports in a row. */
export async function freePort(count = 1) {
  for (let tries = 0; tries < 50; tries += 1) {
    const held = []
    try {
      held.push(await hold(0))
      const first = held[0].address().port
      for (let next = 1; next < count; next += 1) held.push(await hold(first + next))
      return first
    } catch {
      // One of the row is taken; try another row.
    } finally {
      for (const server of held) server.close()
    }
  }
  throw new Error(`no ${count} free ports in a row in 50 tries`)
}

function hold(port) {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
