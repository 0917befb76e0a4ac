// The stream by curl, for so many seconds: nothing of ours between the check and the wire.

import { finish } from './process.mjs'
import { blocks } from './sse.mjs'

/** Blocks that arrived within `seconds`. Anything but 200 throws with the answer. */
export async function curlStream(url, { position, seconds = 2, headers = [] } = {}) {
  const args = ['-sN', `-m${seconds}`, '-w', '\n%{stderr}%{http_code}']
  if (position) args.push('-H', `Last-Event-ID: ${position}`)
  for (const header of headers) args.push('-H', header)
  const done = await finish('curl', [...args, url])
  // 28: the time is over, which is how a stream is left.
  if (![0, 28].includes(done.code) || done.stderr.trim() !== '200') {
    throw new Error(`${done.spelled}\nended with ${done.code}, status ${done.stderr}:\n${done.stdout.slice(0, 2000)}`)
  }
  return blocks(done.stdout)
}

/** A status and a body, for what is no stream. */
export async function curl(url, { headers = [], method = 'GET', seconds = 5 } = {}) {
  const args = ['-s', `-m${seconds}`, '-X', method, '-w', '\n%{http_code} %{content_type}']
  for (const header of headers) args.push('-H', header)
  const done = await finish('curl', [...args, url])
  const [last, ...body] = done.stdout.split('\n').reverse()
  const [status, ...type] = last.split(' ')
  return { status: Number(status), type: type.join(' '), body: body.reverse().join('\n') }
}
