// Pages whose policy forbids WebAssembly: the stream goes on in basic mode, and nothing is lost without a word.
//
// The policy is the page's own, enforced by the browser; basic mode arrives as the piece of the bundle that it is.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { chosen, launch, open } from '../lib/browser.mjs'
import { Harness, publishTicks } from '../lib/harness.mjs'
import { judged, said } from '../lib/judge.mjs'
import { complete, counts, history } from '../lib/ledger.mjs'
import { html, pack, split, unpack } from '../lib/package.mjs'
import { cleanup } from '../lib/process.mjs'
import { serveScript, stream } from '../lib/scripted.mjs'
import { serveSite } from '../lib/site.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e strict [--browser chromium|firefox|both]

Opens a page whose Content-Security-Policy lacks 'wasm-unsafe-eval' on a server with a disk, kills that server twice while
it is published to, and has the page's history judged; then answers such a page with a refusal. And the same page with
'wasm-unsafe-eval', which must not run in basic mode, and one whose policy lacks the server.

  --browser  both (the default), or one`

export const options = { browser: { type: 'string', default: 'both' } }

const TOPICS = ['load.a', 'load.b']
const policy = (scripts, connect = "'self'") =>
  `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' ${scripts}; connect-src ${connect}">`

export async function run({ browser }, tally) {
  const modules = await unpack(await pack())
  const [ledger, listen] = [await split('ledger.mjs', modules), await split('listen.mjs', modules)]
  must(Object.keys(ledger).some((name) => name.includes('basic')), `basic mode is no piece of its own: ${Object.keys(ledger)}`)
  for (const name of chosen(browser)) {
    const running = await launch(name)
    await tally.case(`c24 ${name}: a strict page loses nothing while its server is killed`, () => killed(running, ledger))
    await tally.case(`c24 ${name}: a strict page that is refused is told so`, () => refused(running, listen))
    await tally.case(`c24 ${name}: a page that may run WebAssembly is sent nothing of basic mode`, () => allowed(running, ledger))
    await tally.case(`c24 ${name}: a policy that lacks the server is named by the browser, and the stream goes on trying`, () => unlisted(running, listen))
    await running.close()
  }
}

async function killed(browser, files) {
  const dir = mkdtempSync(join(tmpdir(), 'eventwire-strict-'))
  cleanup(() => rmSync(dir, { recursive: true, force: true }))
  const harness = await new Harness(['--store', `disk:${dir}`, '--retain', '600']).start()
  const site = await serveSite({ '/': html('strict', policy('')), ...files })
  site.upstream = harness.url
  const from = (await harness.stats()).position
  const { page, lines } = await listened(browser, `${site.url}/?topics=${TOPICS}`)
  await until('the stream to open', () => page.evaluate(() => window.book?.states.at(-1)?.kind === 'open'))
  const answered = []
  for (const [first, signal] of [[1, 'SIGKILL'], [101, 'SIGTERM'], [201, undefined]]) {
    for (const topic of TOPICS) answered.push(await publishTicks(harness, topic, 100, { from: first }))
    if (signal) await harness.restart(signal)
  }
  const lasts = Object.fromEntries(TOPICS.map((topic) => [topic, 300]))
  await until('every event', async () => complete(lasts, await page.evaluate(() => window.book.lasts)), { timeout: 60_000 })
  const { items, faults } = await page.evaluate(() => window.book)
  const run = history(answered.flatMap(({ published }) => published), { view: TOPICS, from, items })
  const violations = await judged(run)
  const sum = counts(run, violations)
  must(violations.length === 0, `${JSON.stringify(sum)}, ${said(violations)}`)
  must(sum.gaps === 0 && sum.delivered === 600, `a disk loses nothing: ${JSON.stringify(sum)}`)
  must(faults.length === 0, `faults: ${faults.slice(0, 3)}`)
  const warnings = lines.filter((line) => line.includes('basic mode'))
  must(warnings.length === 1 && warnings[0].includes("'wasm-unsafe-eval'"), `the console says: ${lines.join('; ')}`)
  await page.close()
  await harness.process.kill()
}

async function refused(browser, files) {
  const site = await serveScript({ '/': html('strict', policy('')), ...files })
  site.cases['/refused'] = (response) => response.writeHead(403).end()
  const { page } = await listened(browser, `${site.url}/`)
  const { error, states } = await page.evaluate(() => window.listen('/refused', {}))
  must(error.code === 'refused' && states.at(-1) === 'closed refused', JSON.stringify({ error, states }))
  must(site.requests.length === 1, `${site.requests.length} requests`)
  await page.close()
}

async function allowed(browser, files) {
  const site = await serveSite({ '/': html('strict', policy("'wasm-unsafe-eval'")), ...files })
  const harness = await new Harness(['--store', 'memory']).start()
  site.upstream = harness.url
  const { page, lines } = await listened(browser, `${site.url}/?topics=${TOPICS}`)
  await until('the stream to open', () => page.evaluate(() => window.book?.states.at(-1)?.kind === 'open'))
  const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
  must(!loaded.some((name) => name.includes('basic')), `loaded: ${loaded}`)
  must(!lines.some((line) => line.includes('basic mode')), `the console says: ${lines.join('; ')}`)
  await page.close()
  await harness.process.kill()
}

async function unlisted(browser, files) {
  const other = await serveScript()
  other.cases['/events'] = (response) => stream(response.setHeader('access-control-allow-origin', '*'), 10, 11)
  const site = await serveScript({ '/': html('strict', policy("'wasm-unsafe-eval'")), ...files })
  const { page } = await listened(browser, `${site.url}/`)
  await page.evaluate((url) => {
    window.named = []
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => window.named.push(`${effectiveDirective} ${blockedURI}`))
    void window.listen(url, {})
  }, `${other.url}/events`)
  // The console has it too, but not over WebDriver BiDi.
  const named = `connect-src ${other.url}/events`
  await until('the browser to name the directive, twice', () => page.evaluate((named) => window.named.filter((line) => line === named).length > 1, named))
  must(other.requests.length === 0, 'a request went out')
  await page.close()
}

/** A page, and what its console says. */
async function listened(browser, url) {
  const lines = []
  const page = await open(browser, 'about:blank')
  page.on('console', (message) => lines.push(message.text()))
  await page.goto(url)
  return { page, lines }
}
