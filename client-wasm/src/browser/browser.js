// The browser around the machine: what carries an attempt, one timer, the clock, and what the page says of itself.
//
// Decides nothing. It asks the machine what to do (`next`) after each time it told what happened (`tell`); flat.rs has the
// other half of each number.

import { read } from "./frames.js"
import { answered, probe, streams } from "./probe.js"

// One constant each: a bundler puts them where they are used.

/** What may happen, in the order of flat.rs. */
const OPEN = 0
const TIMEOUT = 1
const VISIBLE = 2
const HIDDEN = 3
const PAGEHIDE = 4
const PAGESHOW = 5
const ONLINE = 6
const OFFLINE = 7
const FREEZE = 8
const RESUME = 9
const CLOSE = 10
/** The same, from outside: the page's pull queue, another connection, and topics joined by commas. */
export const FULL = 11
export const DRAINED = 12
export const RESTART = 13
export const ADD = 14
export const DELETE = 15
/** The same, of an attempt. */
const LOST = 16
const OPENED = 17
const REFUSED = 18
const STATUS = 19
const EVENT = 20
const FRAME = 21
const BROKEN = 22

/** What the machine may ask, in the order of flat.rs. */
const CONNECT = 1
const DISCONNECT = 2
const PROBE = 3
const DELIVER = 5
const GAP = 6
const FAULT = 7
const OUTDATED = 8

/** The frames of ours, and events without a name, which no server of ours sends: both are heard before hello. */
const FROM_THE_START = ["hello", "gap", "cursor", "names", "bye"].map((name) => `eventwire.${name}`).concat("message")

/** The longest wait a browser knows. */
const LONGEST = 2 ** 31 - 1

/**
 * @typedef {object} Machine
 * @property {(now: number, what: number, attempt: number, a: number, b: number, c: number, d: number, text: string) => void} tell
 * @property {() => number} next what it asks, and sixteen times the number that goes with it; 0 for nothing
 * @property {() => string} text what goes with that
 * @property {() => number} deadline
 * @property {(raw: number, id: string) => Framer} framer
 *
 * @typedef {object} Framer frames the bytes of one attempt; `free`d at its end
 * @property {(bytes: Uint8Array) => boolean} push whether the attempt goes on
 * @property {() => string} next `name\nid\ndata\r` of each block
 * @property {() => string} id
 * @property {() => number} retry
 * @property {() => void} free
 *
 * @typedef {Pick<typeof globalThis, "document" | "EventSource" | "setTimeout" | "clearTimeout" | "addEventListener"> & { readonly Date: Pick<DateConstructor, "now"> }} World
 *
 * @typedef {object} Page who the stream is for; none of its functions throws
 * @property {(event: MessageEvent) => void} event
 * @property {(reason: string, topics: string, position: string) => void} gap
 * @property {(reason: string, event: string, path: string, found: string, topic: string) => void} fault
 * @property {(hash: string, names: string) => void} outdated
 * @property {(kind: string, reason: string, nextAttemptAt: number, status: number, problem: string) => void} state
 *
 * @typedef {object} Raw a server that is not ours: somebody else says its frames, and is handed all that comes
 * @property {(frame: (name: string, id: string, data: string) => void) => void} speaks how to say a frame in its place
 * @property {() => void} opened
 * @property {(event: MessageEvent) => void} event
 * @property {(id: string, retry: number) => void} read all that has come is handed over; the id in force, and the floor of the waits
 * @property {number} largest most bytes of a line, and of one event's data, over fetch
 * @property {() => string} resume where the next attempt goes on: over fetch the id in force, else a query that says it
 */

export class Browser {
  #machine
  #page
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
  /** The names that were listened for last: a hello's, when the machine speaks of its contract. */
  #names = ""
  /** @type {number | undefined} */
  #deadline
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #opening
  /** Events that are not handed over yet, by the numbers that the machine has for them. @type {MessageEvent[]} */
  #events = []
  /** What the machine asks is being done further up the stack; whatever comes meanwhile waits for its turn there. */
  #busy = false
  #over = new AbortController()
  #wall = 0
  /** How far the wall clock has fallen since the first reading. */
  #fallen = 0

  /**
   * @param {string} url
   * @param {import("./fetch.js").Request & { raw?: Raw | undefined, world?: World | undefined, Source?: typeof EventSource | undefined, dial?: typeof import("./fetch.js").dial | undefined }} request
   * @param {boolean} viaFetch
   * @param {Machine} machine
   * @param {Page} page
   */
  constructor(url, request, viaFetch, machine, page) {
    this.#url = url
    this.#request = request
    this.#world = request.world ?? globalThis
    this.#viaFetch = viaFetch
    this.#machine = machine
    this.#page = page
  }

  /** Listens to the page, and opens a macrotask from now: what is closed before that dials nothing. */
  start() {
    this.#request.raw?.speaks((name, id, data) => this.#said(this.#attempt, name, id, data))
    const { signal } = this.#over
    const on = (/** @type {Pick<EventTarget, "addEventListener">} */ target, /** @type {string} */ name, /** @type {() => number} */ input) =>
      target.addEventListener(name, () => this.tell(input()), { signal })
    // A worker has no document, and Node not even events of its own.
    const { document } = this.#world
    if (document) {
      const seen = () => (document.visibilityState === "hidden" ? HIDDEN : VISIBLE)
      if (seen() === HIDDEN) this.tell(HIDDEN)
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
    this.#opening = this.#world.setTimeout(() => this.tell(OPEN))
  }

  /** Closes for good. */
  close() {
    this.#world.clearTimeout(this.#opening)
    this.#over.abort()
    this.tell(CLOSE)
  }

  /** Tells the machine what happened, and does what it asks. Nothing of ours is under way while the page's code runs. */
  tell(/** @type {number} */ what, text = "", attempt = 0, a = 0, b = 0, c = 0, d = 0) {
    const machine = this.#machine
    machine.tell(this.#now(), what, attempt, a, b, c, d, text)
    if (this.#busy) return
    this.#busy = true
    for (let asked; (asked = machine.next()); ) this.#obey(asked % 16, Math.floor(asked / 16))
    this.#events = []
    this.#busy = false
    this.#wake(machine.deadline())
  }

  #obey(/** @type {number} */ what, /** @type {number} */ number) {
    const page = this.#page
    if (what === DELIVER) return page.event(/** @type {MessageEvent} */ (this.#events[number]))
    const text = this.#machine.text()
    const [a = "", b = "", c = "", d = "", e = ""] = text.split("\n")
    if (what === CONNECT) this.#connect(number, text)
    else if (what === DISCONNECT) number === this.#attempt && this.#runs(0)
    else if (what === PROBE) this.#probe(number)
    else if (what === GAP) page.gap(a, b, c)
    else if (what === FAULT) page.fault(a, b, c, d || `${number || ""}`, e)
    else if (what === OUTDATED) page.outdated(a, this.#names)
    else if (a === "closed") page.state(a, b, 0, number, c)
    else page.state(a, b, number && this.date(number), 0, c)
  }

  /** Goes on while the device sleeps, as `performance.now()` does not everywhere, and never falls, as `Date.now()` may. */
  #now() {
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
  #wake(/** @type {number} */ at) {
    // One that comes too early is left: the machine does not mind, and every event moves the deadline.
    if (this.#deadline !== undefined && at >= this.#deadline && at < Infinity) return
    this.#world.clearTimeout(this.#timer)
    this.#deadline = at
    if (at === Infinity) return
    const wait = Math.min(Math.max(at - this.#now(), 0), LONGEST)
    this.#timer = this.#world.setTimeout(() => {
      this.#deadline = undefined
      this.tell(TIMEOUT)
    }, wait)
  }

  #connect(/** @type {number} */ attempt, /** @type {string} */ query) {
    const { raw, Source } = this.#request
    this.#query = raw ? (this.#viaFetch ? "" : raw.resume()) : query
    if (this.#viaFetch && !Source) return this.#ask(attempt, raw ? raw.resume() : "")
    /** @type {EventSource} */
    let source
    try {
      source = new (Source ?? this.#world.EventSource)(this.#target(), this.#request)
    } catch {
      this.#runs(attempt)
      return this.tell(REFUSED, "", attempt)
    }
    /** @type {Map<string, (event: MessageEvent) => void>} */
    const heard = new Map()
    const on = (/** @type {string} */ name, /** @type {(event: MessageEvent) => void} */ hear) => {
      if (heard.has(name)) return // a frame may name it again
      heard.set(name, hear)
      source.addEventListener(name, hear)
    }
    // It never comes back by itself, so that only the machine decides when.
    this.#runs(attempt, () => {
      source.close()
      heard.forEach((hear, name) => source.removeEventListener(name, hear))
    })
    // Inside hello's own listener this is early enough for the same chunk.
    this.#listen = (name) => on(name, (event) => this.#framed(attempt, name, event.lastEventId, event.data, event))
    FROM_THE_START.forEach(this.#listen)
    on("open", () => this.#opened(attempt))
    on("error", () => {
      const { readyState } = source
      if (readyState === source.OPEN) return // an event that somebody named `error`
      source.close()
      this.tell(readyState === source.CLOSED ? REFUSED : LOST, "", attempt)
    })
  }

  /** An event or frame out of bytes that were framed in wasm, or one that the browser made an event of. */
  #framed(/** @type {number} */ attempt, /** @type {string} */ name, /** @type {string} */ id, /** @type {string} */ data, own = /** @type {MessageEvent | undefined} */ (undefined)) {
    const { raw } = this.#request
    if (raw) attempt === this.#attempt && raw.event(own ?? new MessageEvent(name, { data, lastEventId: id }))
    else if (name.startsWith("eventwire.")) this.#said(attempt, name, id, data)
    else this.tell(EVENT, `${name}\n${id}`, attempt, this.#events.push(own ?? /** @type {MessageEvent} */ ({ type: name, data, lastEventId: id })) - 1)
  }

  #opened(/** @type {number} */ attempt) {
    this.tell(OPENED, "", attempt)
    if (attempt === this.#attempt) this.#request.raw?.opened()
  }

  /** A frame of ours. */
  #said(/** @type {number} */ attempt, /** @type {string} */ name, /** @type {string} */ id, /** @type {string} */ data) {
    const frame = read(name.slice(10), data)
    if (typeof frame !== "object") return this.tell(BROKEN, `${name}\n${id}\n${frame ?? ""}`, attempt)
    // An `EventSource` wants a listener for each, before events of the same chunk are dispatched.
    this.#names = frame.names.join()
    if (attempt === this.#attempt) frame.names.forEach((name) => this.#listen(name))
    this.tell(FRAME, [name, id, ...frame.words].join("\n"), attempt, ...frame.numbers)
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

  #probe(/** @type {number} */ attempt) {
    const abort = probe(this.#request, this.#target(), this.#told(attempt))
    this.#runs(attempt, () => abort.abort())
  }

  #ask(/** @type {number} */ attempt, /** @type {string} */ id) {
    const request = this.#request
    const framer = this.#machine.framer(request.raw?.largest ?? 0, id)
    const told = this.#told(attempt)
    const abort = request.dial?.(request, this.#target(), id, {
      ...told,
      streams,
      opened: () => this.#opened(attempt),
      bytes: (bytes) => this.#push(attempt, framer, bytes),
      answered: (response, signal) => answered(response, signal, request.refused, told),
      over: () => framer.free(),
    })
    this.#runs(attempt, () => abort?.abort())
  }

  #told(/** @type {number} */ attempt) {
    return {
      lost: () => this.tell(LOST, "", attempt),
      refused: (/** @type {number} */ status, /** @type {number} */ after, /** @type {string} */ code) => this.tell(STATUS, code, attempt, status, after),
    }
  }

  /** Bytes of an attempt; whether it goes on. */
  #push(/** @type {number} */ attempt, /** @type {Framer} */ framer, /** @type {Uint8Array} */ bytes) {
    const whole = framed(framer, bytes, (name, id, data) => this.#framed(attempt, name, id, data))
    if (attempt === this.#attempt) this.#request.raw?.read(framer.id(), framer.retry())
    return whole
  }
}

/**
 * Hands over the blocks that these bytes complete; whether the attempt goes on.
 *
 * @param {Framer} framer
 * @param {Uint8Array} bytes
 * @param {(name: string, id: string, data: string) => void} each
 */
export function framed(framer, bytes, each) {
  const whole = framer.push(bytes)
  for (const block of framer.next().split("\r")) {
    const [name = "", id] = block.split("\n", 2)
    if (id !== undefined) each(name, id, block.slice(name.length + id.length + 2))
  }
  return whole
}
