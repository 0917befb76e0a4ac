// The command line from the packed tarball, as a new user has it: an empty project, a running server, and a deploy.

import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { Harness } from '../lib/harness.mjs'
import { pack } from '../lib/package.mjs'
import { e2e, fresh, tool } from '../lib/paths.mjs'
import { finish, start, succeed } from '../lib/process.mjs'
import { must } from '../lib/tally.mjs'
import { until } from '../lib/until.mjs'
import { red } from './types/red.mjs'

export const help = `
cargo xtask e2e types

Installs the packed npm package into an empty project and runs npx eventwire there against the harness hub: the module it
writes compiles, --check passes, and fails once the server has another enum; --watch follows a server that comes back with
another, in a time that is printed; check ends with the code its verdict asks for. On a copy of the demo's page a field that
is renamed turns red in tsc --watch and in an editor.`

export const options = {}

export async function run(_, tally) {
  const dir = fresh('types')
  writeFileSync(join(dir, 'package.json'), '{ "private": true, "type": "module" }\n')
  copyFileSync(join(e2e, 'apps/node/tsconfig.json'), join(dir, 'tsconfig.json'))
  await succeed('npm', ['install', '--no-audit', '--no-fund', await pack()], { cwd: dir, timeout: 120_000 })
  // `--no`: what is not installed is not fetched.
  const eventwire = (...words) => finish('npx', ['--no', 'eventwire', ...words], { cwd: dir, timeout: 60_000 })
  const tsc = () => finish(tool('tsc'), ['-p', dir, '--pretty', 'false'], { cwd: dir })
  const said = ({ code, all }) => `ended with ${code}:\n${all}`
  const file = join(dir, 'harness.events.ts')
  const text = () => readFileSync(file, 'utf8')

  const harness = await new Harness(['--store', 'memory']).start()
  const contract = `${harness.url}/contract`
  const save = async (name) => writeFileSync(join(dir, name), await (await fetch(contract)).text())
  const deploy = async (...words) => {
    await harness.process.kill()
    harness.args = ['--store', 'memory', ...words]
    const began = Date.now()
    await harness.start()
    return began
  }

  await tally.case('npx eventwire types writes a module that compiles', async () => {
    const done = await eventwire('types', contract, '-o', 'harness.events.ts')
    must(done.code === 0 && done.stdout === 'harness.events.ts is rewritten\n', said(done))
    const page = `import { connect } from 'eventwire'
import { Harness } from './harness.events.js'
connect(Harness, 'http://127.0.0.1:1/events').on('tick', ({ n }) => console.log(n.toFixed()))
`
    writeFileSync(join(dir, 'main.ts'), page)
    const compiled = await tsc()
    must(compiled.code === 0, said(compiled))
  })
  await tally.case('again it writes nothing, and --check passes', async () => {
    const { mtimeMs } = statSync(file)
    const done = await eventwire('types', contract, '-o', 'harness.events.ts')
    must(done.code === 0 && statSync(file).mtimeMs === mtimeMs, said(done))
    const checked = await eventwire('types', contract, '-o', 'harness.events.ts', '--check')
    must(checked.code === 0, said(checked))
    await save('old.json')
  })
  await tally.case('a server with another enum: --check ends with 1 and the difference', async () => {
    await deploy('--changed')
    const done = await eventwire('types', contract, '-o', 'harness.events.ts', '--check')
    must(done.code === 1 && /^ {2}- {3}n: number;$/m.test(done.stderr) && /^ {2}\+ {3}number: number;$/m.test(done.stderr), said(done))
    await save('new.json')
  })
  await tally.case('check: 1 for what breaks open pages, 0 for what does not, 2 for words it does not know', async () => {
    const broken = await eventwire('check', 'old.json', 'new.json')
    must(broken.code === 1 && broken.stdout.startsWith('breaks  Harness::tick.n: the field is gone') && broken.stdout.includes('#[serde(rename = "n")]'), said(broken))
    console.log(broken.stdout.trimEnd().replaceAll(/^/gm, '      '))
    const same = await eventwire('check', 'old.json', 'old.json')
    must(same.code === 0, said(same))
    const half = await eventwire('check', 'old.json')
    must(half.code === 2 && half.stderr.includes('--help'), said(half))
    const json = await eventwire('check', 'old.json', contract, '--json')
    must(json.code === 1 && JSON.parse(json.stdout).changes.some(({ kind }) => kind === 'field-removed'), said(json))
  })
  await tally.case('--watch follows a server that comes back with another enum', async () => {
    const main = join(dir, 'node_modules/eventwire/dist/cli/main.js')
    const watching = await start(process.execPath, [main, 'types', contract, '-o', file, '--watch'], { ready: /harness\.events\.ts is rewritten/, cwd: dir })
    must(text().includes('number: number'), 'the first look writes')
    for (const words of [[], ['--changed'], []]) {
      const wanted = words.length ? '  number: number' : '  n: number'
      const began = await deploy(...words)
      const served = Date.now()
      await until('the module to say it', () => existsSync(file) && text().includes(wanted), { every: 5 })
      console.log(`      rewritten ${Date.now() - served} ms after the server listens, ${Date.now() - began} ms after its start`)
    }
    must(!watching.said.join('\n').includes('    at '), watching.said.join('\n'))
    const compiled = await tsc()
    must(compiled.code === 0, said(compiled))
  })
  await tally.case('--watch of a file follows it', async () => {
    const main = join(dir, 'node_modules/eventwire/dist/cli/main.js')
    const schema = join(dir, 'watched.json')
    copyFileSync(join(dir, 'old.json'), schema)
    await start(process.execPath, [main, 'types', schema, '-o', file, '--watch'], { ready: /harness\.events\.ts is up to date/, cwd: dir })
    for (const name of ['new.json', 'old.json', 'new.json']) {
      const began = Date.now()
      copyFileSync(join(dir, name), schema)
      const wanted = name === 'new.json' ? '  number: number' : '  n: number'
      await until('the module to say it', () => text().includes(wanted), { every: 5 })
      console.log(`      rewritten ${Date.now() - began} ms after the file was`)
    }
    const compiled = await tsc()
    must(compiled.code !== 0 && compiled.all.includes('main.ts(3,'), said(compiled))
  })
  await tally.case('a field renamed in Rust is red where a page uses it, in tsc --watch and in an editor', red)
  await tally.case('whatever answers, the words say what to do', async () => {
    const cases = [
      [`${harness.url}/stats`, /is JSON, but no contract can be made of it/],
      [`${harness.url}/nothing`, /answers 404 .*contract_route/],
      ['http://127.0.0.1:1/contract', /cannot reach http:\/\/127\.0\.0\.1:1\/contract: .*Start the server/],
    ]
    for (const [url, words] of cases) {
      const done = await eventwire('types', url)
      must(done.code === 2 && words.test(done.stderr) && !done.stderr.includes('    at '), `${url} ${said(done)}`)
    }
  })
}
