// TypeScript's language server, driven as an editor drives it: opens a file, tells what changed on disk, asks what is wrong.
//
// Speaks as much of the Language Server Protocol as that takes.

import { spawn } from 'node:child_process'
import { readFileSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { pathToFileURL } from 'node:url'

import { tool } from './paths.mjs'
import { cleanup } from './process.mjs'

const uri = (path) => pathToFileURL(path).href

/** An editor with the folder open; what changes in one of the `watched` files it tells the server at once. */
export async function editor(folder, watched) {
  const child = spawn(tool('tsc'), ['--lsp', '--stdio'], { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] })
  cleanup(() => child.kill('SIGKILL'))
  const asked = new Map()
  let rest = Buffer.alloc(0)
  const send = (message) => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  const hear = ({ id, method, params, result, error }) => {
    if (method === undefined) {
      const { resolve, reject } = asked.get(id)
      asked.delete(id)
      return error ? reject(new Error(error.message)) : resolve(result)
    }
    // What it asks of an editor: its settings, of which there are none, and consent.
    if (id !== undefined) send({ id, result: method === 'workspace/configuration' ? params.items.map(() => null) : null })
  }
  child.stdout.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const head = rest.indexOf('\r\n\r\n')
      const length = Number(/Content-Length: (\d+)/i.exec(rest.subarray(0, Math.max(0, head)).toString())?.[1])
      if (head < 0 || rest.length < head + 4 + length) return
      const text = rest.subarray(head + 4, head + 4 + length).toString()
      rest = rest.subarray(head + 4 + length)
      hear(JSON.parse(text))
    }
  })
  child.once('exit', (code) => asked.forEach(({ reject }) => reject(new Error(`the language server ended with ${code}`))))
  child.stdin.on('error', () => {}) // told by its exit
  let last = 0
  const ask = (method, params) =>
    new Promise((resolve, reject) => {
      asked.set((last += 1), { resolve, reject })
      send({ id: last, method, params })
    })

  const workspace = { configuration: true, didChangeWatchedFiles: { dynamicRegistration: true }, diagnostics: { refreshSupport: true } }
  const capabilities = { workspace, textDocument: { diagnostic: { dynamicRegistration: true } } }
  await ask('initialize', { processId: process.pid, rootUri: uri(folder), workspaceFolders: [{ uri: uri(folder), name: 'page' }], capabilities })
  send({ method: 'initialized', params: {} })
  for (const path of watched) {
    // Its folder: Node loses sight of a file that is replaced.
    const watcher = watch(dirname(path), (_, name) => {
      if (name === basename(path)) send({ method: 'workspace/didChangeWatchedFiles', params: { changes: [{ uri: uri(path), type: 2 }] } })
    })
    cleanup(() => watcher.close())
  }
  return {
    open: (path) =>
      send({ method: 'textDocument/didOpen', params: { textDocument: { uri: uri(path), languageId: 'typescript', version: 1, text: readFileSync(path, 'utf8') } } }),
    /** What is underlined in an open file. */
    squiggles: async (path) => (await ask('textDocument/diagnostic', { textDocument: { uri: uri(path) } })).items ?? [],
  }
}
