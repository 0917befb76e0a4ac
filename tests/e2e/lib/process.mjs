// Processes of a check: started, heard, killed by pid, and ended when the check ends, however it ends.
//
// Knows nothing of what they are.

import { spawn } from 'node:child_process'

const endings = []

/** Runs `end` when the check is over, latest first. */
export function cleanup(end) {
  endings.push(end)
}

/** Ends all that was started. */
export async function endAll() {
  while (endings.length > 0) {
    try {
      await endings.pop()()
    } catch (error) {
      console.error('while ending:', error)
    }
  }
}

/** Starts a program and waits for the line that matches `ready`; its match is `started.ready`. */
export async function start(program, args, { ready, env = {}, cwd, timeout = 30_000 } = {}) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = []
  const spelled = [program, ...args].join(' ')
  const exited = new Promise((resolve) => {
    child.on('error', (error) => resolve({ error }))
    child.on('exit', (code, signal) => resolve({ code, signal }))
  })
  const alive = () => child.exitCode === null && child.signalCode === null && child.pid !== undefined
  const kill = async (signal = 'SIGKILL') => {
    if (alive()) child.kill(signal)
    return exited
  }
  cleanup(() => kill())

  let found
  const matched = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ''
      stream.setEncoding('utf8')
      stream.on('data', (chunk) => {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop()
        for (const line of lines) {
          // What it said last is what a failure is explained with; the rest is let go.
          if (said.push(line) > 500) said.shift()
          const match = !found && ready?.exec(line)
          if (match) resolve((found = match))
        }
      })
    }
  })
  if (ready) {
    let timer
    const late = new Promise((resolve) => (timer = setTimeout(resolve, timeout, { late: true })))
    const first = await Promise.race([matched, exited, late])
    clearTimeout(timer)
    if (!found) {
      await kill()
      const why = first.late ? `said nothing like ${ready} in ${timeout} ms` : `ended first (${first.error ?? first.signal ?? first.code})`
      throw new Error(`${spelled}\n${why}; it said:\n${said.join('\n')}`)
    }
  }
  return { pid: child.pid, ready: found, said, kill, exited, alive, spelled }
}

/** Runs a program to its end, or until its output is `enough`; resolves with its exit code and output, whatever the code. */
export async function finish(program, args, { cwd, env = {}, input, timeout = 120_000, enough } = {}) {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'], timeout, killSignal: 'SIGKILL' })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk
    if (enough?.(stdout)) child.kill()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk))
  child.stdin.on('error', () => {}) // it may end before it has read all
  child.stdin.end(input)
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve([code, signal]))
  })
  return { code, signal, stdout, stderr, all: stdout + stderr, spelled: [program, ...args].join(' ') }
}

/** Like `finish`, and anything but success throws with what it said. */
export async function succeed(program, args, options) {
  const done = await finish(program, args, options)
  if (done.code !== 0) {
    const where = options?.cwd ? `cd ${options.cwd} && ` : ''
    throw new Error(`${where}${done.spelled}\nended with ${done.signal ?? done.code}:\n${done.all.slice(-4000)}`)
  }
  return done
}
