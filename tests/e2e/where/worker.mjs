// `run` in workerd, where a program is a server: what to do is the request's body, what came is the answer.

import { run } from './run.mjs'

export default {
  async fetch(request) {
    return Response.json(await run(await request.json()))
  },
}
