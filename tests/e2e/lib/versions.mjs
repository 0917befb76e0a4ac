// Versions of one backend, as deploys leave them behind: the demo's enum as it is, and changed in five ways. One binary.
//
// Knows the changes in Rust; what they mean to a page is for the checks.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { root, target } from './paths.mjs'
import { start, succeed } from './process.mjs'
import { must } from './tally.mjs'

/** What to find in demo-web/src/lib.rs, and what stands there in each version. */
const EDITS = {
  before: [],
  renamed: [[/(pub struct Memory \{[^}]*?pub )used:/, '$1taken:']],
  alias: [[/(pub struct Memory \{[^}]*?)(pub used:)/, '$1#[serde(alias = "taken")]\n    $2']],
  added: [
    [/(pub enum Demo \{)/, '$1\n    /// Swap, on `host.swap`.\n    Swap(Swap),'],
    [/$/, '\n/// Swap of the machine.\n#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]\npub struct Swap {\n    pub at: f64,\n    pub used: f64,\n}\n'],
  ],
  removed: [[/ {4}\/\/\/[^\n]*\n {4}Network\(Network\),\n/, '']],
  widened: [[/pub cores: Vec<f32>/, 'pub cores: Vec<Option<f32>>']],
}

export class Versions {
  #dir

  /** `dir`: a copy of apps/rename/server. */
  constructor(dir) {
    this.#dir = dir
    const text = readFileSync(join(root, 'demo-web/src/lib.rs'), 'utf8')
    for (const [version, edits] of Object.entries(EDITS)) {
      let changed = text
      for (const [find, put] of edits) {
        must(find.test(changed), `${version}: demo-web/src/lib.rs has nothing like ${find}; choose another change here`)
        changed = changed.replace(find, put)
      }
      writeFileSync(join(dir, 'src', `${version}.rs`), changed)
    }
    // The same versions, and so nothing to download or to compile twice.
    copyFileSync(join(root, 'Cargo.lock'), join(dir, 'Cargo.lock'))
    const manifest = join(dir, 'Cargo.toml')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll('ROOT', root))
  }

  async build() {
    await succeed('cargo', ['build', '--quiet'], { cwd: this.#dir, env: { CARGO_TARGET_DIR: target }, timeout: 600_000 })
  }

  /** One version, or several as nodes on one store. A debug build writes its contract to `types` when it starts. */
  async start(versions, { types, disk } = {}) {
    const args = [...versions, ...(types ? ['--types', types] : []), ...(disk ? ['--disk', disk] : [])]
    const process = await start(join(target, 'debug/renamed'), args, { ready: /^listening (http:\S+)/ })
    const url = process.ready[1]
    const publish = async (topic, event, node = '') => {
      const body = JSON.stringify(event)
      const response = await fetch(`${url}${node}/publish/${topic}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      if (!response.ok) throw new Error(`publish ${body}: ${response.status} ${await response.text()}`)
    }
    return { url, publish, kill: process.kill }
  }
}
