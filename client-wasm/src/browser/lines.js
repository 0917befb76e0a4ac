// Blocks out of bytes, by the WHATWG standard, on any chunking: what `protocol/src/sse/decode.rs` is to Rust.
//
// Knows fields and lines, and nothing of our frames. Held to that decoder by the wire's fixtures, and by what both make of
// any bytes (tests/fixtures/wire/any-bytes.json).

/**
 * @typedef {object} Told
 * @property {(name: string, data: string | undefined, id: string) => void} block what a blank line ended; without data it is no
 *   event, but its id counts
 * @property {((text: string) => void) | undefined} [comment]
 * @property {(wait: number) => void} [retry] a reconnection time as it was asked for, in milliseconds
 */

/** The longest line, and the longest data of one block, that the client believes: docs/wire.md 8.9. */
export const LINE = 2 ** 20 + 1024

/** Reads one connection, in whatever pieces it comes. Half an event at its end is forgotten with it. */
export class Lines {
  /** The last event ID in force. */
  id
  #tell
  #limit
  /** At least so many bytes more of data are within the bound. */
  #room
  #decoder = new TextDecoder()
  /** The beginning of a line whose end has not come, and its bytes. */
  #rest = ""
  #bytes = 0
  /** The last piece ended with CR: an LF that begins the next one belongs to it. */
  #cr = false
  #name = ""
  /** @type {string | undefined} */
  #data
  /** In force with the next blank line. */
  #id
  /** Nothing more is said: somebody has stopped it, or nothing after a line too long can be trusted. */
  #over = false
  #broken = false

  /**
   * @param {Told} tell
   * @param {string} id the last event ID of the connection before
   * @param {number} limit of a line, and of one block's data, in bytes
   */
  constructor(tell, id, limit) {
    this.#tell = tell
    this.id = this.#id = id
    this.#limit = this.#room = limit
  }

  /** Nothing more is said, even of a piece that is being read. */
  stop() {
    this.#over = true
  }

  /** Takes the next bytes; whether no line, and no block's data, was too long so far. */
  push(/** @type {Uint8Array} */ bytes) {
    if (!this.#over) {
      const within = this.#within(bytes)
      this.#read(this.#decoder.decode(within, { stream: true }))
      if (within !== bytes) this.#breaks()
    }
    return !this.#broken
  }

  /** What comes before the first line that is too long, if there is one. Measured in bytes, as they came. */
  #within(/** @type {Uint8Array} */ bytes) {
    const { length } = bytes
    if (this.#bytes + length > this.#limit) {
      for (let from = 0, held = this.#bytes; from <= length; held = 0) {
        let end = from
        while (end < length && bytes[end] !== 10 && bytes[end] !== 13) end++
        if (held + end - from > this.#limit) return bytes.subarray(0, from)
        from = end + 1
      }
    }
    if (bytes[length - 1] === 10) this.#bytes = 0 // as most pieces end
    else {
      const lf = bytes.lastIndexOf(10)
      // Behind the last LF alone: most streams have no CR, and would be searched as a whole.
      const end = lf + 1 + bytes.subarray(lf + 1).lastIndexOf(13)
      this.#bytes = end < 0 ? this.#bytes + length : length - end - 1
    }
    return bytes
  }

  #breaks() {
    this.#broken = this.#over = true
  }

  #read(/** @type {string} */ text) {
    if (!text) return // it tells nothing of what follows a CR
    let from = this.#cr && text[0] === "\n" ? 1 : 0
    this.#cr = text.endsWith("\r")
    // Only the new piece is searched, and once for each: a long line in many pieces is read once.
    let lf = text.indexOf("\n", from)
    let cr = text.indexOf("\r", from)
    while (!this.#over) {
      if (lf >= 0 && lf < from) lf = text.indexOf("\n", from)
      if (cr >= 0 && cr < from) cr = text.indexOf("\r", from)
      const end = lf < 0 || (cr >= 0 && cr < lf) ? cr : lf
      if (end < 0) break
      if (this.#rest) {
        const line = this.#rest + text.slice(from, end)
        this.#rest = ""
        this.#line(line, 0, line.length)
      } else this.#line(text, from, end)
      from = end + (lf === cr + 1 && end === cr ? 2 : 1)
    }
    this.#rest += text.slice(from)
  }

  /** A line, from here to there. Each event of ours has three fields: those are found without cutting the line out. */
  #line(/** @type {string} */ text, /** @type {number} */ from, /** @type {number} */ end) {
    if (from === end) return this.#block()
    if (text.startsWith("data:", from)) return this.#more(value(text, from + 4, end))
    if (text.startsWith("id:", from)) return this.#next(value(text, from + 2, end))
    if (text.startsWith("event:", from)) return (this.#name = value(text, from + 5, end))
    const line = text.slice(from, end)
    const colon = line.indexOf(":")
    const field = colon < 0 ? line : line.slice(0, colon)
    const said = colon < 0 ? "" : value(line, colon, line.length)
    if (field === "data") this.#more(said)
    else if (field === "event") this.#name = said
    else if (field === "id") this.#next(said)
    else if (field === "retry" && /^[0-9]+$/.test(said)) this.#tell.retry?.(Number(said))
    else if (!field) this.#tell.comment?.(said)
  }

  #next(/** @type {string} */ id) {
    if (!id.includes("\0")) this.#id = id
  }

  #more(/** @type {string} */ data) {
    if (!this.#fits(data)) return this.#breaks()
    this.#data = this.#data === undefined ? data : `${this.#data}\n${data}`
  }

  /** Whether there is room for one more line of data. A character is three bytes at most, and only near the bound counted. */
  #fits(/** @type {string} */ value) {
    let most = 3 * value.length
    if (most > this.#room) {
      this.#room = this.#limit - (this.#data === undefined ? 0 : size(this.#data) + 1)
      most = size(value)
      if (most > this.#room) return false
    }
    this.#room -= most + 1
    return true
  }

  #block() {
    const [name, data] = [this.#name || "message", this.#data]
    this.#name = ""
    this.#data = undefined
    this.#tell.block(name, data, (this.id = this.#id))
  }
}

/** What stands behind a colon. */
function value(/** @type {string} */ text, /** @type {number} */ colon, /** @type {number} */ end) {
  return text.slice(colon + (text[colon + 1] === " " ? 2 : 1), end)
}

/** In bytes of UTF-8. */
function size(/** @type {string} */ text) {
  return new TextEncoder().encode(text).length
}
