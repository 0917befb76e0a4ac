// `run` in Node, Deno and Bun: what to do is the only argument, what came is said on standard output.
//
// Ends by itself: a client that is closed keeps no program alive.

import process from 'node:process'

import { run } from './run.mjs'

console.log(JSON.stringify(await run(JSON.parse(process.argv[2]))))
