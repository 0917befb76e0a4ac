// The browser around the machine: what carries an attempt, one timer, the clock, and what the page says of itself.
//
// Decides nothing. It is told what to do (`connect`, `disconnect`, `probe`, `listen`, `wake`), and tells `machine` what
// happened; browser.rs has the other half of each.

import { dial } from "./fetch.js"
import { read } from "./frames.js"

/** Inputs without more to say, in the order of browser.rs. */
const [OPEN, TIMEOUT, VISIBLE, HIDDEN, PAGEHIDE, PAGESHOW, ONLINE, OFFLINE, FREEZE, RESUME] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

/** What an attempt may say besides blocks; any other number is the status of an answer that is no stream. */
const [LOST, OPENED, REFUSED] = [0, 1, 2]

/** The frames of ours, and events without a name, which no server of ours sends: both are heard before hello. */
const FROM_THE_START = ["hello", "gap", "cursor", "names", "bye"].map((name) => `eventwire.${name}`).concat("message")

/** The longest wait a browser knows. */
const LONGEST = 2 ** 31 - 1

/**
 * @typedef {object} Machine
 * @property {(signal: number) => void} signal
 * @property {(attempt: number, what: number, after: number, code: string) => void} news
 * @property {(attempt: number, bytes: Uint8Array) => boolean} bytes whether it goes on
 * @property {(attempt: number, id: string) => void} raw
 * @property {(attempt: number, text: string, raw: MessageEvent) => void} event `name\nid`
 * @property {(attempt: number, text: string, a: number, b: number, c: number, d: number) => void} frame `name\nid\nwords`
 * @property {(attempt: number, text: string) => void} broken `name\nid\nmember`
 *
 * @typedef {object} Raw a server that is not ours: somebody else says its frames, and is handed all that comes
 * @property {(frame: (name: string, id: string, data: string) => void) => void} speaks how to say a frame in its place
 * @property {() => void} opened
 * @property {(event: MessageEvent) => void} event
 * @property {(id: string, retry: number) => void} read all that has come is handed over; the id in force, and the floor of the waits
 * @property {() => string} resume where the next attempt goes on: over fetch the id in force, else a query that says it
 */

export class Browser {
  /** @type {Machine | undefined} */
  #machine
  #url
  #request
  /** The browser; in a test of a page it may be a played one. */
  #world
  #viaFetch
  /** The query of the last attempt: a probe asks the same. */
  #query = ""
  /** The running attempt or its probe, how to listen for a name on it, and how to end it. */
  #attempt = 0
  #listen = (/** @type {string} */ _name) => {}
  #hangUp = () => {}
  /** @type {number | undefined} */
  #deadline
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #opening
  #over = new AbortController()
  #wall = 0
  /** How far the wall clock has fallen since the first reading. */
  #fallen = 0

  /**
   * @param {string} url
   * @param {import("./fetch.js").Request & { raw?: Raw, world?: typeof globalThis, Source?: typeof EventSource }} request
   * @param {boolean} viaFetch
   */
  constructor(url, request, viaFetch) {
    this.#url = url
    this.#request = request
    this.#world = request.world ?? globalThis
    this.#viaFetch = viaFetch
  }

  /** Listens to the page, and opens a macrotask from now: what is closed before that dials nothing. */
  start(/** @type {Machine} */ machine) {
    this.#machine = machine
    this.#request.raw?.speaks((name, id, data) => this.#said(this.#attempt, name, id, data))
    const { signal } = this.#over
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ name, /** @type {() => number} */ input) =>
      target.addEventListener(name, () => machine.signal(input()), { signal })
    // A worker has no document, and Node not even events of its own.
    const { document } = this.#world
    if (document) {
      const seen = () => (document.visibilityState === "hidden" ? HIDDEN : VISIBLE)
      if (seen() === HIDDEN) machine.signal(HIDDEN)
      on(document, "visibilitychange", seen)
      on(document, "freeze", () => FREEZE)
      on(document, "resume", () => RESUME)
    }
    if ("addEventListener" in this.#world) {
      on(this.#world, "pagehide", () => PAGEHIDE)
      on(this.#world, "pageshow", () => PAGESHOW)
      on(this.#world, "online", () => ONLINE)
      on(this.#world, "offline", () => OFFLINE)
    }
    this.#opening = this.#world.setTimeout(() => machine.signal(OPEN))
  }

  /** Stops listening to the page; what still runs is disconnected by the machine. */
  stop() {
    this.#world.clearTimeout(this.#opening)
    this.#over.abort()
  }

  /** Goes on while the device sleeps, as `performance.now()` does not everywhere, and never falls, as `Date.now()` may. */
  now() {
    const wall = this.#world.Date.now()
    this.#fallen += Math.max(this.#wall - wall, 0)
    this.#wall = wall
    return wall + this.#fallen
  }

  /** A moment as a page's `Date` has it. */
  date(/** @type {number} */ moment) {
    return moment - this.#fallen
  }

  /** One timer, for the machine's deadline; `Infinity` for none. */
  wake(/** @type {number} */ at) {
    // One that comes too early is left: the machine does not mind, and every event moves the deadline.
    if (this.#deadline !== undefined && at >= this.#deadline && at < Infinity) return
    this.#world.clearTimeout(this.#timer)
    this.#deadline = at
    if (at === Infinity) return
    const wait = Math.min(Math.max(at - this.now(), 0), LONGEST)
    this.#timer = this.#world.setTimeout(() => {
      this.#deadline = undefined
      this.#machine?.signal(TIMEOUT)
    }, wait)
  }

  connect(/** @type {number} */ attempt, /** @type {string} */ query) {
    const { raw, Source } = this.#request
    this.#query = raw ? (this.#viaFetch ? "" : raw.resume()) : query
    if (this.#viaFetch && !Source) {
      if (raw) this.#machine?.raw(attempt, raw.resume())
      return this.#ask(attempt, raw ? raw.resume() : "", false)
    }
    /** @type {EventSource} */
    let source
    try {
      source = new (Source ?? this.#world.EventSource)(this.#target(), this.#request)
    } catch {
      this.#runs(attempt)
      return this.#machine?.news(attempt, REFUSED, 0, "")
    }
    /** @type {Map<string, (event: MessageEvent) => void>} */
    const heard = new Map()
    const on = (/** @type {string} */ name, /** @type {(event: MessageEvent) => void} */ hear) => {
      heard.set(name, hear)
      source.addEventListener(name, hear)
    }
    // It never comes back by itself, so that only the machine decides when.
    this.#runs(attempt, () => {
      source.close()
      heard.forEach((hear, name) => source.removeEventListener(name, hear))
    })
    // Inside hello's own listener this is early enough for the same chunk.
    this.#listen = (name) => on(name, (event) => this.framed(attempt, name, event.lastEventId, event.data, event))
    FROM_THE_START.forEach(this.#listen)
    on("open", () => this.#opened(attempt))
    on("error", () => {
      const { readyState } = source
      if (readyState === source.OPEN) return // an event that somebody named `error`
      source.close()
      this.#machine?.news(attempt, readyState === source.CLOSED ? REFUSED : LOST, 0, "")
    })
  }

  disconnect(/** @type {number} */ attempt) {
    if (attempt === this.#attempt) this.#runs(0)
  }

  /** Asks for the status that an `EventSource` hides. */
  probe(/** @type {number} */ attempt) {
    this.#ask(attempt, "", true)
  }

  listen(/** @type {string} */ name) {
    this.#listen(name)
  }

  /** An event or frame out of bytes that were framed in wasm, or one that the browser made an event of. */
  framed(/** @type {number} */ attempt, /** @type {string} */ name, /** @type {string} */ id, /** @type {string} */ data, /** @type {MessageEvent | undefined} */ own) {
    const { raw } = this.#request
    const event = () => own ?? new MessageEvent(name, { data, lastEventId: id })
    if (raw) attempt === this.#attempt && raw.event(event())
    else if (name.startsWith("eventwire.")) this.#said(attempt, name, id, data)
    else this.#machine?.event(attempt, `${name}\n${id}`, event())
  }

  /** All bytes so far are framed. */
  read(/** @type {number} */ attempt, /** @type {string} */ id, /** @type {number} */ retry) {
    if (attempt === this.#attempt) this.#request.raw?.read(id, retry)
  }

  #opened(/** @type {number} */ attempt) {
    this.#machine?.news(attempt, OPENED, 0, "")
    if (attempt === this.#attempt) this.#request.raw?.opened()
  }

  /** A frame of ours. */
  #said(/** @type {number} */ attempt, /** @type {string} */ name, /** @type {string} */ id, /** @type {string} */ data) {
    const frame = read(name.slice(10), data)
    if (typeof frame !== "object") return this.#machine?.broken(attempt, `${name}\n${id}\n${frame ?? ""}`)
    const [a = 0, b = 0, c = 0, d = 0] = frame.numbers
    this.#machine?.frame(attempt, [name, id, ...frame.words].join("\n"), a, b, c, d)
  }

  /** Something else runs now, or nothing: what ran before is over. */
  #runs(/** @type {number} */ attempt, end = () => {}) {
    const before = this.#hangUp
    this.#attempt = attempt
    this.#listen = () => {}
    this.#hangUp = end
    before()
  }

  #target() {
    const query = this.#query
    return query ? this.#url + (this.#url.includes("?") ? "&" : "?") + query : this.#url
  }

  #ask(/** @type {number} */ attempt, /** @type {string} */ id, /** @type {boolean} */ probe) {
    const machine = this.#machine
    const abort = dial(this.#request, this.#target(), id, probe, {
      opened: () => this.#opened(attempt),
      bytes: (bytes) => machine?.bytes(attempt, bytes) ?? false,
      lost: () => machine?.news(attempt, LOST, 0, ""),
      refused: (status, after, code) => machine?.news(attempt, status, after, code),
    })
    this.#runs(attempt, () => abort.abort())
  }
}
