// The stream by curl, until it has said what is waited for: nothing of ours between the check and the wire.

import { finish } from './process.mjs'
import { blocks, data } from './sse.mjs'

/** All that was there already has come. */
export const live = (blocks) => blocks.some((block) => block.event === 'eventwire.cursor' && data(block).kind === 'live')

/** What arrives until it is `enough`. Anything but 200 throws with the answer, and so does a stream that never says enough. */
export async function curlStream(url, { position, headers = [], enough = live, seconds = 30 } = {}) {
  const args = ['-sNi', `-m${seconds}`]
  if (position) args.push('-H', `Last-Event-ID: ${position}`)
  for (const header of headers) args.push('-H', header)
  const read = (text) => blocks(text.slice(text.indexOf('\r\n\r\n') + 4))
  const done = await finish('curl', [...args, url], { enough: (text) => enough(read(text)) })
  const said = read(done.stdout)
  if (!/^HTTP\/1.1 200 /.test(done.stdout) || !enough(said)) {
    throw new Error(`${done.spelled}\nended with ${done.signal ?? done.code}:\n${done.stdout.slice(0, 2000)}`)
  }
  return said
}

/** A status and a body, for what is no stream. */
export async function curl(url, { headers = [], method = 'GET', seconds = 30 } = {}) {
  const args = ['-s', `-m${seconds}`, '-X', method, '-w', '\n%{http_code} %{content_type}']
  for (const header of headers) args.push('-H', header)
  const done = await finish('curl', [...args, url])
  const [last, ...body] = done.stdout.split('\n').reverse()
  const [status, ...type] = last.split(' ')
  return { status: Number(status), type: type.join(' '), body: body.reverse().join('\n') }
}
