// Frames of ours out of their data: flat JSON in, words and numbers out. What the words mean is checked in Rust.
//
// A browser has a JSON reader; a second one in wasm would be 3 KB of every page. Held to the fixtures that Rust reads too.

/** Members in the order in which flat.rs takes them: words, numbers (`=`), lists (`*`). @type {Record<string, string>} */
const MEMBERS = {
  "eventwire.hello": "v= start head names* contract topics* denied* heartbeat= spread= retry=",
  "eventwire.gap": "reason topics*",
  "eventwire.cursor": "kind",
  "eventwire.names": "names*",
  "eventwire.bye": "reason after=",
}

/** Names of the frames: heard before hello says any other. */
export const FRAMES = Object.keys(MEMBERS)

/** What an event may be called; its bytes are counted where it gets its name. */
const NAME = /^(?!(?:open|error|message)$|eventwire\.)[^\s\p{Cc},\ufeff]{1,128}$/u

/** What no frame holds, and lists and words are joined by. */
const JOINTS = /[\n,]/

/**
 * @param {string} event
 * @param {string} data
 * @returns {{ words: string[], numbers: number[], names: string[] } | string | undefined} the member that is missing or wrong; `undefined`
 *   for a frame that this version does not know
 */
export function read(event, data) {
  const members = MEMBERS[event]
  if (!members) return undefined
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
  for (const member of members.split(" ")) {
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
