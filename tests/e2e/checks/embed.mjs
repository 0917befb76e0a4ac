// An app that is not ours embeds the server and installs the packed package: its login decides who reads what.

import { cpSync } from 'node:fs'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { chosen, launch, open } from '../lib/browser.mjs'
import { curl, curlStream } from '../lib/curl.mjs'
import { accepted } from '../lib/harness.mjs'
import { judged, said } from '../lib/judge.mjs'
import { pack } from '../lib/package.mjs'
import { binary, e2e, fresh, tool } from '../lib/paths.mjs'
import { start, succeed } from '../lib/process.mjs'
import { serveSite } from '../lib/site.mjs'
import { data, handed } from '../lib/sse.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e embed [--browser chromium|firefox|both]

Starts a help desk with its own state, session extractor and layers, into which the server crate is put: without a
cookie 401, another tenant's topics 403, and whoever comes back with less access is shown nothing foreign. Installs the
packed npm package in a Vite app and in an empty Node project, both strictly typed, and opens the built page.

  --browser  both (the default), or one`

export const options = { browser: { type: 'string', default: 'both' } }

const ALICE = 'Cookie: theme=dark; desk=alice'

export async function run({ browser }, tally) {
  const front = fresh('embed-vite')
  cpSync(join(e2e, 'apps/vite'), front, { recursive: true })
  const desk = await start(binary('embed'), ['--types', join(front, 'src/desk.events.ts')], { ready: /^listening (http:\S+)/ })
  const url = `${desk.ready[1]}/desk`
  const events = `${url}/events?topics=`

  await tally.case('no cookie: the app says 401', async () => {
    const answer = await curl(`${events}acme.tickets.*`)
    must(answer.status === 401 && answer.body.includes('who are you'), `${answer.status} ${answer.body}`)
  })
  await tally.case("another tenant's topics: 403 and why", async () => {
    const answer = await curl(`${events}globex.tickets.*`, { headers: [ALICE] })
    must(answer.status === 403 && answer.type.startsWith('application/problem+json'), `${answer.status} ${answer.type} ${answer.body}`)
    const problem = JSON.parse(answer.body)
    must(problem.code && problem.detail, `no code or no next step: ${answer.body}`)
  })
  await tally.case('a pattern wider than the access: 403, not a part of it', async () => {
    const answer = await curl(`${events}acme.**`, { headers: [ALICE] })
    must(answer.status === 403, `${answer.status} ${answer.body}`)
  })
  await tally.case('access narrowed between two visits: nothing foreign is replayed', () => narrowed(url, 'carol', 'alice'))

  const tarball = await pack()
  await tally.case('the tarball in an empty Node project, strictly typed', () => emptyProject(tarball))
  const page = await tally.case('the tarball in a Vite app, strictly typed', () => viteApp(front, tarball))
  if (!page) return tally.skip('the built page in a browser', 'it was not built')
  for (const name of chosen(browser)) {
    await tally.case(`${name}: the built page, its access narrowed while it runs`, () => inBrowser(name, url, page))
  }
}

async function publish(url, topic, event) {
  const body = JSON.stringify(event)
  const response = await fetch(`${url}/publish/${topic}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const text = await response.text()
  if (!response.ok) throw new Error(`publish: ${response.status} ${text}`)
  const [[name, payload]] = Object.entries(event)
  return accepted(topic, name, payload, text)
}

/** `carol` is no boss and `alice` is one: both come back with the same position, and only alice is shown more. */
async function narrowed(url, carol, alice) {
  const stream = `${url}/events?topics=acme.tickets.*,acme.bosses`
  const as = (name) => ({ headers: [`Cookie: desk=${name}`] })
  const hello = (await curlStream(stream, as(alice)))[0]
  const position = data(hello).head
  const published = [
    await publish(url, 'acme.tickets.1', { note: 'first' }),
    await publish(url, 'acme.bosses', { note: 'not for everyone' }),
    await publish(url, 'globex.tickets.1', { note: 'another tenant' }),
    await publish(url, 'acme.tickets.1', { note: 'second' }),
  ]

  const readings = []
  const told = async (name, view) => {
    const all = await curlStream(stream, { ...as(name), position })
    readings.push({ view, from: position, new: false, items: handed(all, (block) => `${block.event} ${block.data}`) })
    return data(all[0]).denied.join()
  }
  const before = await told(alice, ['acme.tickets.*', 'acme.bosses'])
  must(before === '', `alice is denied ${before}`)
  const other = await told(carol, ['acme.tickets.*'])
  must(other === 'acme.bosses', `carol is denied "${other}"`)
  const violations = await judged({ published, readings })
  must(violations.length === 0, `alice is reader 0, carol is reader 1; ${said(violations)}`)
}

async function emptyProject(tarball) {
  const dir = fresh('embed-node')
  cpSync(join(e2e, 'apps/node'), dir, { recursive: true })
  await install(dir, tarball)
  // Importing starts nothing: no request, no timer, no wasm. A process that could not end would be ended by force.
  const script = "const names = Object.keys(await import('eventwire')); if (!names.includes('connect')) throw new Error(names.join())"
  await succeed(process.execPath, ['--input-type=module', '-e', script], { cwd: dir, timeout: 30_000 })
  await succeed(tool('tsc'), ['-p', dir], { cwd: dir })
}

/** Returns the built page's files. */
async function viteApp(dir, tarball) {
  await succeed('npm', ['ci', '--no-audit', '--no-fund'], { cwd: dir, timeout: 300_000 })
  await install(dir, tarball)
  await succeed('npm', ['run', 'build', '--silent'], { cwd: dir })
  const assets = readdirSync(join(dir, 'dist/assets')).map((name) => [`/assets/${name}`, readFileSync(join(dir, 'dist/assets', name))])
  return { '/': readFileSync(join(dir, 'dist/index.html')), ...Object.fromEntries(assets) }
}

const install = (dir, tarball) =>
  succeed('npm', ['install', '--no-save', '--no-audit', '--no-fund', tarball], { cwd: dir, timeout: 120_000 })

async function inBrowser(name, url, files) {
  const site = await serveSite(files)
  site.upstream = new URL(url).origin
  const browser = await launch(name)
  // A person of its own per browser: who was demoted once stays it.
  const person = `${name}-boss`
  await succeed('curl', ['-sf', '-X', 'POST', `${url}/hire/${person}`])
  await browser.browser.setCookie({ name: 'desk', value: person, domain: '127.0.0.1', path: '/' })
  const page = await open(browser, site.url)
  const lines = () => page.evaluate(() => [...document.querySelectorAll('li')].map((item) => item.textContent))
  const shows = (text) => until(async () => `"${text}" on the page; it shows ${JSON.stringify(await lines())}`, async () => (await lines()).includes(text))
  await until('the stream to open', () => page.evaluate(() => document.title === 'open'))

  await publish(url, 'acme.tickets.7', { ticketMoved: { ticket: 7, status: { waiting: { until: 'noon' } } } })
  await shows('acme.tickets.7: 7 is waiting until noon')
  await publish(url, 'acme.bosses', { note: 'raise' })
  await shows('acme.bosses: RAISE')

  await succeed('curl', ['-sf', '-X', 'POST', `${url}/demote/${person}`])
  await shows('gap forbidden acme.bosses')
  await publish(url, 'acme.bosses', { note: 'secret' })
  await publish(url, 'acme.tickets.7', { note: 'last' })
  await shows('acme.tickets.7: LAST')
  const all = (await lines()).join('\n')
  must(!all.includes('SECRET'), `the page was shown what it may not see:\n${all}`)
  await browser.close()
}
