// A port that was free a moment ago, for programs that must be told one.

import { createServer } from 'node:net'

// Below the ports that systems give by themselves to who connects (Linux from 32,768, RFC 6335 from 49,152): while a server is
// away, a connection to it could be given its port, and would meet itself there.
const [FROM, TO] = [20_000, 32_000]

/** The first of `count` free ports in a row. */
export async function freePort(count = 1) {
  for (let tries = 0; tries < 50; tries += 1) {
    const first = FROM + Math.floor(Math.random() * (TO - FROM - count))
    const held = []
    try {
      for (let port = first; port < first + count; port += 1) held.push(await hold(port))
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
