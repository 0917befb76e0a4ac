// The npm package as a user gets it: packed, unpacked, and bundled into a page.

import { mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { e2e, fresh, root } from './paths.mjs'
import { succeed } from './process.mjs'

/** Packs `npm/` as it was built; returns the tarball's path. */
export async function pack() {
  const dir = fresh('tarball')
  await succeed('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', dir], { cwd: join(root, 'npm') })
  const [name] = readdirSync(dir).filter((name) => name.endsWith('.tgz'))
  return join(dir, name)
}

/** Unpacks a tarball as `node_modules/eventwire` of an empty folder; returns the `node_modules`. */
export async function unpack(tarball) {
  const modules = join(fresh('unpacked'), 'node_modules')
  const home = join(modules, 'eventwire')
  mkdirSync(home, { recursive: true })
  await succeed('tar', ['-xzf', tarball, '-C', home, '--strip-components=1'])
  return modules
}

/** A page with all it imports, as one script; `entry` lies in `pages/`, or anywhere. */
export async function bundle(entry, modules) {
  const { build } = await import('esbuild')
  const result = await build({
    entryPoints: [resolve(e2e, 'pages', entry)],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    nodePaths: [modules],
    logLevel: 'silent',
  })
  return result.outputFiles[0].text
}

/** The same in pieces, as bundlers cut it where something is imported when it is needed: `{'/page.js': text, …}`. */
export async function split(entry, modules) {
  const { build } = await import('esbuild')
  const result = await build({
    entryPoints: { page: resolve(e2e, 'pages', entry) },
    bundle: true,
    splitting: true,
    write: false,
    outdir: '/',
    format: 'esm',
    target: 'es2022',
    nodePaths: [modules],
    logLevel: 'silent',
  })
  return Object.fromEntries(result.outputFiles.map(({ path, text }) => [path, text]))
}

/** The page around a script. */
export const html = (title, body = '') => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${title}</title>${body}<script type="module" src="/page.js"></script></html>`
