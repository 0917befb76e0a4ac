// Frames of ours out of their data: flat JSON in, words and numbers out. What the words mean is checked in Rust.
//
// A browser has a JSON reader; a second one in wasm would be 3 KB of every page. Held to the fixtures that Rust reads too.

/** Members in the order in which flat.rs takes them: words, numbers (`=`), lists (`*`). @type {Record<string, string>} */
const MEMBERS = {
  hello: "v= start head names* contract topics* denied* heartbeat= spread= retry=",
  gap: "reason topics*",
  cursor: "kind",
  names: "names*",
  bye: "reason after=",
}

/** What an event may be called; its bytes are counted where it gets its name. */
const NAME = /^(?!(?:open|error|message)$|eventwire\.)[^\s\p{Cc},\ufeff]{1,128}$/u

/** What no frame holds, and lists and words are joined by. */
const JOINTS = /[\n,]/

/**
 * @param {string} event the name, without `eventwire.`
 * @param {string} data
 * @returns {{ words: string[], numbers: number[], names: string[] } | string | undefined} the member that is missing or wrong; `undefined`
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
  /** @type {string[]} */
  let names = []
  for (const member of (MEMBERS[event] ?? "").split(" ")) {
    const name = member.replace(/\W/, "")
    const value = /** @type {Record<string, unknown>} */ (frame)[name]
    if (member.endsWith("=")) {
      if (!Number.isSafeInteger(value) || Number(value) < 0) return name
      numbers.push(Number(value))
    } else if (member.endsWith("*")) {
      if (!Array.isArray(value) || !value.every((item) => typeof item === "string" && item && !JOINTS.test(item))) return name
      if (name === "names" && (names = value).some((name) => !NAME.test(name))) return name
      words.push(value.join())
    } else {
      if (typeof value !== "string" || JOINTS.test(value)) return name
      words.push(value)
    }
  }
  return { words, numbers, names }
}
