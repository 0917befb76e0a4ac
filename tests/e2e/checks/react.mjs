// The hooks in real pages: one stream for all components, StrictMode, topics that change, a hidden tab, error boundaries.

import { join } from 'node:path'

import { chosen, hide, launch, open, show } from '../lib/browser.mjs'
import { html, pack, unpack } from '../lib/package.mjs'
import { e2e } from '../lib/paths.mjs'
import { serveScript, stream, tick } from '../lib/scripted.mjs'
import { must } from '../lib/tally.mjs'
import { pass, until } from '../lib/until.mjs'

export const help = `
cargo xtask e2e react [--browser chromium|firefox|both] [--react 18|19|both]

Components of the packed package in pages of React 18 and 19.

  --browser  both (the default), or one
  --react    both (the default), or one`

export const options = {
  browser: { type: 'string', default: 'both' },
  react: { type: 'string', default: 'both' },
}

const same = (is, should, what) => must(JSON.stringify(is) === JSON.stringify(should), `${what}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`)
const listener = (name, ...topics) => ({ kind: 'listener', name, url: '/events', topics })
const newest = (name, ...topics) => ({ kind: 'newest', name, url: '/events', topics })
const topicsOf = ({ query }) => ['topics', 'new'].flatMap((name) => (query.get(name) ?? '').split(',').filter(Boolean)).sort()

/** What is asked of a page and its server: `stage` of the page, the requests so far, who is connected. */
const CASES = {
  async 'components that mount together share one stream, in StrictMode too'({ stage, site, say }) {
    await stage.begin([listener('one', 'load.a'), listener('two', 'load.b'), newest('three', 'load.a')], true)
    await until('the stream', () => site.lines.length === 1)
    same([site.requests.length, topicsOf(site.requests[0])], [1, ['load.a', 'load.b']], 'requests, topics')
    say(11, 'load.a')
    say(12, 'load.b')
    await until('the events', async () => (await stage.book()).ticks.two)
    const { ticks } = await stage.book()
    same(ticks, { one: [11], two: [12] }, 'handed over')
    await until('the newest to be shown', async () => (await stage.text('three')) === '11')
    await pass(300)
    same([site.requests.length, site.lines.length], [1, 1], 'requests and streams after a while')
  },
  async 'a stream ends with the last of its components, and is not asked for again'({ stage, site, say }) {
    await stage.begin([listener('one', 'load.a'), listener('two', 'load.a')], false)
    await until('the stream', () => site.lines.length === 1)
    await stage.show([listener('one', 'load.a')])
    say(11, 'load.a')
    await until('the event', async () => (await stage.book()).ticks.one)
    same(((await stage.book()).ticks.two), undefined, 'what a component that is gone heard')
    await stage.show([])
    await until('the end', () => site.lines.length === 0)
    await pass(300)
    same(site.requests.length, 1, 'requests')
  },
  async 'a component that mounts and goes in one turn has asked for nothing'({ stage, site }) {
    await stage.flash([listener('one', 'load.a')])
    await pass(300)
    must((await stage.book()).states.length > 0, 'it was rendered')
    same(site.requests.length, 0, 'requests')
  },
  async 'topics that change are one request more, from the position, and a component that comes later hears the newest'({ stage, site, say }) {
    await stage.begin([listener('one', 'load.a')], true)
    await until('the stream', () => site.lines.length === 1)
    say(11, 'load.a')
    await until('the event', async () => (await stage.book()).ticks.one)
    await stage.show([listener('one', 'load.a', 'load.c'), newest('late', 'load.*')])
    await until('another request', () => site.requests.length === 2)
    await until('the newest to be shown to who came later', async () => (await stage.text('late')) === '11')
    await until('the other stream', () => site.lines.length === 1 && site.requests.length === 2)
    same([topicsOf(site.requests[1]), site.requests[1].query.get('lastEventId')], [['load.*', 'load.a', 'load.c'], 'k3f9x2m1q0ab-11'], 'asked for')
    say(12, 'load.c')
    await until('the event', async () => (await stage.book()).ticks.one.length === 2)
    same((await stage.book()).gaps, [], 'gaps')
  },
  async 'a gap reaches whom it concerns'({ stage, site, say, gap }) {
    await stage.begin([listener('one', 'load.a'), listener('two', 'load.b')], true)
    await until('the stream', () => site.lines.length === 1)
    gap(12, 'load.b')
    say(13, 'load.b')
    await until('the event', async () => (await stage.book()).ticks.two)
    same((await stage.book()).gaps, ['two lost load.b'], 'gaps')
  },
  async 'a hidden tab lets its stream go and has it back when it is seen'({ stage, site, browser, page, say }) {
    await stage.begin([{ ...listener('one', 'load.a'), options: { background: 'immediate' } }], true)
    await until('the stream', () => site.lines.length === 1)
    const other = await hide(browser, page)
    await until('the stream to be let go', () => site.lines.length === 0)
    await until('the component to see the pause', async () => (await stage.book()).states.includes('one paused hidden'))
    await show(page)
    await other.close()
    await until('the stream again', () => site.lines.length === 1)
    say(11, 'load.a')
    await until('the event', async () => (await stage.book()).ticks.one)
  },
  async 'a position that is kept outlives a reload, and a keeper made anew at each render is the same'({ stage, site, page, say }) {
    const parts = [{ ...listener('one', 'load.a'), options: { keep: 'shop' } }]
    await stage.begin(parts, true)
    await until('the stream', () => site.lines.length === 1)
    say(11, 'load.a')
    await until('the event', async () => (await stage.book()).ticks.one)
    await page.reload({ waitUntil: 'domcontentloaded' })
    await page.waitForFunction(() => window.stage)
    await stage.begin(parts, true)
    await until('another request', () => site.requests.length === 2)
    same(site.requests[1].query.get('lastEventId'), 'k3f9x2m1q0ab-11', 'asked for')
  },
  async 'a stream that is refused is for the error boundary, which may try again'({ stage, site, say, page }) {
    site.refuse = 403
    await stage.begin([{ ...listener('one', 'load.a'), options: { throws: true } }], true)
    await until('the boundary', async () => (await stage.book()).caught.length > 0)
    same([...new Set((await stage.book()).caught)], ['forbidden'], 'caught')
    site.refuse = undefined
    await page.click('#again')
    await until('the stream', () => site.lines.length === 1)
    say(11, 'load.a')
    await until('the event', async () => (await stage.book()).ticks.one)
  },
  async 'a component that throws takes its stream with it'({ stage, site }) {
    await stage.begin([listener('one', 'load.a')], true)
    await until('the stream', () => site.lines.length === 1)
    await stage.show([listener('one', 'load.a'), { kind: 'bomb' }])
    await until('the end', () => site.lines.length === 0)
  },
}

export async function run({ browser, react }, tally) {
  const modules = await unpack(await pack())
  for (const name of chosen(browser)) {
    const running = await launch(name)
    for (const version of react === 'both' ? ['18', '19'] : [react]) {
      const script = await bundled(modules, version)
      for (const [what, play] of Object.entries(CASES)) {
        await tally.case(`${name}, React ${version}: ${what}`, () => one(running, script, play))
      }
    }
    await running.close()
  }
}

/** The page, with the React of this version. */
async function bundled(modules, version) {
  const { build } = await import('esbuild')
  const alias = version === '18' ? { react: 'react-18', 'react-dom': 'react-dom-18' } : {}
  const result = await build({
    entryPoints: [join(e2e, 'pages/react.mjs')],
    bundle: true,
    write: false,
    outdir: 'out',
    format: 'esm',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"development"' },
    alias,
    nodePaths: [modules, join(e2e, 'node_modules')],
    logLevel: 'silent',
  })
  return result.outputFiles[0].text
}

async function one(browser, script, play) {
  const site = await serveScript({ '/': html('react', '<div id="root"></div>'), '/page.js': script })
  Object.assign(site, { lines: [], refuse: undefined })
  site.cases['/events'] = (response, { request }) => {
    if (site.refuse) return response.writeHead(site.refuse).end()
    const from = new URL(request.url, site.url).searchParams.get('lastEventId')?.split('-')[1] ?? '10'
    stream(response, from)
    site.lines.push(response)
    response.on('close', () => site.lines.splice(site.lines.indexOf(response), 1))
  }
  const all = (text) => site.lines.forEach((response) => response.write(text))
  const page = await open(browser, site.url)
  await page.waitForFunction(() => window.stage)
  const stage = {
    begin: (parts, strict) => page.evaluate((parts, strict) => window.stage.begin(JSON.parse(parts), strict), JSON.stringify(parts), strict),
    show: (parts) => page.evaluate((parts) => window.stage.show(JSON.parse(parts)), JSON.stringify(parts)),
    flash: (parts) => page.evaluate((parts) => window.stage.flash(JSON.parse(parts)), JSON.stringify(parts)),
    book: () => page.evaluate(() => window.stage.book),
    text: (id) => page.evaluate((id) => document.getElementById(id)?.textContent, id),
  }
  const say = (n, topic) => all(tick(n).replace('.1/load.a', `/${topic}`))
  const gap = (n, ...topics) => all(`id: k3f9x2m1q0ab-${n}\nevent: eventwire.gap\ndata: ${JSON.stringify({ reason: 'lost', topics })}\n\nid: k3f9x2m1q0ab-${n}\nevent: eventwire.cursor\ndata: {"kind":"prelude"}\n\nid: k3f9x2m1q0ab-${n}\nevent: eventwire.cursor\ndata: {"kind":"live"}\n\n`)
  try {
    await play({ browser, page, stage, site, say, gap })
  } finally {
    await page.close()
  }
}
