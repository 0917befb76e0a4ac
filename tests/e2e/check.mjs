// Runs one check: `node check.mjs NAME [options]`, called by `cargo xtask e2e NAME`.
//
// Ends with `N passed, N failed, N skipped` and with everything ended that the check started.

import { parseArgs } from 'node:util'

import { endAll } from './lib/process.mjs'
import { Tally } from './lib/tally.mjs'

const CHECKS = ['curl', 'wire', 'kill', 'hidden', 'share', 'asleep', 'answers', 'strict', 'heap', 'first', 'leptos', 'rename', 'embed', 'demo', 'bundlers', 'runtimes', 'react', 'eventsource', 'contract', 'types']

// No check takes a third of this on two cores; one that hangs must not hang whoever waits for it.
const LIMIT_MS = 15 * 60_000

const [name, ...words] = process.argv.slice(2)
if (!CHECKS.includes(name)) {
  console.error(`no check "${name ?? ''}"; the checks are ${CHECKS.join(', ')}`)
  process.exit(2)
}
const check = await import(`./checks/${name}.mjs`)

let options
try {
  options = parseArgs({ args: words, options: { ...check.options, help: { type: 'boolean', short: 'h' } } }).values
} catch (error) {
  console.error(`cargo xtask e2e ${name}: ${error.message}\n\`cargo xtask e2e ${name} --help\` lists what it takes`)
  process.exit(2)
}
if (options.help) {
  console.log(check.help.trim())
  process.exit(0)
}

const tally = new Tally()
const limit = setTimeout(async () => {
  tally.fail(name, new Error(`not over after ${LIMIT_MS / 60_000} minutes`))
  await finish()
}, LIMIT_MS)
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await endAll()
    process.exit(130)
  })
}
try {
  await check.run(options, tally)
} catch (error) {
  tally.fail(name, error)
}
await finish()

async function finish() {
  clearTimeout(limit)
  await endAll()
  const code = tally.failed === 0 && tally.passed > 0 ? 0 : 1
  // What a slow reader has not taken yet would be lost.
  process.stdout.write(`${tally}\n`, () => process.exit(code))
}
