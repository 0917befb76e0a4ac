// Where things lie. `EVENTWIRE_TARGET` is cargo's target folder, as xtask knows it.

import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const e2e = dirname(dirname(fileURLToPath(import.meta.url)))
export const root = dirname(dirname(e2e))
export const target = process.env.EVENTWIRE_TARGET ?? join(root, 'target')

/** A binary of the workspace, built by xtask before. */
export const binary = (name) => join(target, 'debug', name)

/** A tool that `npm ci` brought. */
export const tool = (name) => join(e2e, 'node_modules', '.bin', name)

/** Where checks leave what a person may want to look at. */
export const left = (name) => {
  const dir = join(target, 'e2e')
  mkdirSync(dir, { recursive: true })
  return join(dir, name)
}

/** An empty folder under `target/e2e`. */
export const fresh = (name) => {
  const dir = left(name)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  return dir
}
