// Waiting for a condition, never for a time.

/** Asks again until `ask` answers with something true, which it returns; says what it waited for when it gives up. */
export async function until(what, ask, { timeout = 30_000, every = 25 } = {}) {
  const end = Date.now() + timeout
  let last
  for (;;) {
    last = await ask()
    if (last) return last
    if (Date.now() > end) throw new Error(`waited ${timeout} ms for ${typeof what === 'function' ? await what() : what}`)
    await new Promise((resolve) => setTimeout(resolve, every))
  }
}

/** Lets wall time pass: between two looks at a condition, or where the absence of something over a time is the point. */
export const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
