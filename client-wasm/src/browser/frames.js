// Frames of ours out of their data: flat JSON in, words and numbers out. What the words mean is checked in Rust.
//
// A browser has a JSON reader; a second one in wasm would be 3 KB of every page. Held to the fixtures that Rust reads too.

/** Members in the order in which frame.rs takes them. @type {Record<string, string[]>} */
const MEMBERS = {
  hello: ["v", "start", "head", "names", "contract", "topics", "denied", "heartbeat", "spread", "retry"],
  gap: ["reason", "topics"],
  cursor: ["kind"],
  names: ["names"],
  bye: ["reason", "after"],
}
const NUMBERS = ["v", "heartbeat", "spread", "retry", "after"]
const LISTS = ["names", "topics", "denied"]

/** What no frame holds, and lists and words are joined by. */
const JOINTS = /[\n,]/

/**
 * @param {string} event the name, without `eventwire.`
 * @param {string} data
 * @returns {{ words: string[], numbers: number[] } | string | undefined} the member that is missing or wrong; `undefined`
 *   for a frame that this version does not know
 */
export function read(event, data) {
  if (!Object.hasOwn(MEMBERS, event)) return undefined
  /** @type {unknown} */
  let frame
  try {
    frame = JSON.parse(data)
  } catch {
    return "data"
  }
  if (typeof frame !== "object" || !frame || Array.isArray(frame)) return "data"
  const values = Object.values(frame).flat()
  if (values.some((value) => typeof value === "object" && value) || /\p{Surrogate}/u.test(values.join())) return "data"
  const [words, numbers] = [/** @type {string[]} */ ([]), /** @type {number[]} */ ([])]
  for (const name of MEMBERS[event] ?? []) {
    const value = /** @type {Record<string, unknown>} */ (frame)[name]
    if (NUMBERS.includes(name)) {
      if (!Number.isSafeInteger(value) || Number(value) < 0) return name
      numbers.push(Number(value))
    } else if (LISTS.includes(name)) {
      if (!Array.isArray(value) || !value.every((item) => typeof item === "string" && item && !JOINTS.test(item))) return name
      words.push(value.join())
    } else {
      if (typeof value !== "string" || JOINTS.test(value)) return name
      words.push(value)
    }
  }
  return { words, numbers }
}
