// What a browser's main thread has worked, as the kernel counted it: preemption is not in it, so other work on the machine
// does not lengthen it.
//
// Asks no browser anything: a page under a debugger is another page.

import { readdirSync, readFileSync } from 'node:fs'

/** Nanoseconds that the main thread of a process was on a processor. */
export const worked = (pid) => Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0])

/** The process whose main thread runs the page: of all that the browser started, the one that works whenever the page does. */
export async function mainThread(browser, burn) {
  const least = new Map()
  for (let time = 0; time < 3; time += 1) {
    const before = new Map(family(browser).map((pid) => [pid, tried(() => worked(pid))]))
    await burn()
    // Another may have more to do for once, as the browser itself has while it starts.
    for (const [pid, was] of before) least.set(pid, Math.min(least.get(pid) ?? (time > 0 ? 0 : Infinity), tried(() => worked(pid)) - was))
  }
  const [[pid, ns] = []] = [...least].sort(([, a], [, b]) => b - a)
  if (!(ns > 0)) throw new Error('no process of the browser worked while its page did')
  return pid
}

function family(root) {
  const parents = new Map()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // The name of a program stands in brackets and may hold anything.
    const stat = tried(() => readFileSync(`/proc/${name}/stat`, 'utf8'), '')
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    parents.set(Number(name), Number(parent))
  }
  const ours = new Set([root])
  for (let grown = true; grown; ) {
    grown = false
    for (const [pid, parent] of parents) if (ours.has(parent) && !ours.has(pid)) grown = !!ours.add(pid)
  }
  return [...ours]
}

/** A process may be gone between two looks. */
function tried(look, otherwise = 0) {
  try {
    return look()
  } catch {
    return otherwise
  }
}
