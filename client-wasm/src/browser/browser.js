// The browser around the machine: what carries an attempt, one timer, the clock, and what the page says of itself.
//
// Decides nothing. It asks the machine what to do (`next`) after each time it told what happened (`tell`); flat.rs has the
// other half of each number.

import { FRAMES, read } from "./frames.js"
import { BROKEN, CLOSE, CONNECT, DELIVER, DISCONNECT, EVENT, FAULT, FRAME, GAP, HIDDEN, LOST, OPEN, OPENED, OUTDATED, PAGEHIDE, PROBE, REFUSED, STATUS, TIMEOUT, VISIBLE } from "./numbers.js"
import { answered, probe, streams } from "./probe.js"

/** What a page says of itself, in the order of flat.rs from `PAGEHIDE` on. The last two are said by its document. */
const SIGNALS = ["pagehide", "pageshow", "online", "offline", "freeze", "resume"]

/** The longest wait a browser knows. */
const LONGEST = 2 ** 31 - 1

/**
 * @typedef {object} Machine
 * @property {(text: string, now: number, what: number, ...numbers: number[]) => void} tell `numbers`: an attempt, and up to four more
 * @property {() => number} next what it asks, and sixteen times the number that goes with it; 0 for nothing
 * @property {() => string} text what goes with that
 * @property {() => number} deadline
 *
 * @typedef {Pick<typeof globalThis, "document" | "EventSource" | "setTimeout" | "clearTimeout" | "addEventListener"> & { readonly Date: Pick<DateConstructor, "now"> }} World
 *
 * @typedef {Pick<MessageEvent<string>, "type" | "data" | "lastEventId">} Heard an event or a frame of ours
 *
 * @typedef {object} Page who the stream is for; none of its functions throws
 * @property {(event: Heard) => void} event
 * @property {(reason: string, topics: string, position: string) => void} gap
 * @property {(reason: string, event: string, path: string, found: string | number, topic: string) => void} fault
 * @property {(hash: string, names: string) => void} outdated
 * @property {(kind: string, reason: string, nextAttemptAt: number, status: number, problem: string) => void} news where it is; `status` if it is closed
 * @property {() => void} [settled] all that came with what was told is handed on
 *
 * @typedef {object} Raw a server that is not ours: somebody else says its frames, and all that comes is an event
 * @property {(frame: (event: Heard) => void) => void} speaks how to say a frame in its place
 * @property {() => void} opened
 * @property {(id: string, retry: number) => void} read all that has come is handed over; the id in force, and the floor of the waits
 * @property {number} largest most bytes of a line, and of one event's data, over fetch
 * @property {() => [query: string, id: string]} resume where the next attempt goes on: over `fetch` behind the id in force, else by a query that says it
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
  /** @type {{ abort(): void } | undefined} */
  #running
  /** The names that were listened for last: a hello's, when the machine speaks of its contract. */
  #names = ""
  /** @type {number | undefined} */
  #deadline
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #opening
  /** Events that are not handed over yet, by the numbers that the machine has for them. @type {Heard[]} */
  #events = []
  /** What the machine asks is being done further up the stack; whatever comes meanwhile waits for its turn there. */
  #busy = false
  #over = new AbortController()
  #wall = 0
  /** How far the wall clock has fallen since the first reading. */
  #fallen = 0

  /**
   * @param {string} url
   * @param {import("./fetch.js").Request & { world?: World | undefined, Source?: typeof EventSource | undefined, dial?: typeof import("./fetch.js").dial | undefined }} request
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
    const world = this.#world
    const { document } = world
    this.#request.raw?.speaks((frame) => this.#said(this.#attempt, frame))
    // A worker has no document, and Node not even events of its own.
    const on = (/** @type {Partial<Pick<EventTarget, "addEventListener">>} */ target, /** @type {string} */ name, /** @type {() => number} */ input) =>
      target?.addEventListener?.(name, () => this.tell(input()), this.#over)
    const seen = () => (document?.visibilityState === "hidden" ? HIDDEN : VISIBLE)
    if (seen() === HIDDEN) this.tell(HIDDEN)
    on(document, "visibilitychange", seen)
    SIGNALS.forEach((name, n) => on(n < 4 ? world : document, name, () => PAGEHIDE + n))
    this.#opening = world.setTimeout(() => this.tell(OPEN))
  }

  /** Closes for good. */
  close() {
    this.#world.clearTimeout(this.#opening)
    this.#over.abort()
    this.tell(CLOSE)
  }

  /** Tells the machine what happened, and does what it asks. Nothing of ours is under way while the page's code runs. */
  tell(/** @type {number} */ what, text = "", /** @type {number[]} */ ...numbers) {
    const machine = this.#machine
    machine.tell(text, this.#now(), what, ...numbers)
    if (this.#busy) return
    this.#busy = true
    for (let asked; (asked = machine.next()); ) this.#obey(asked % 16, Math.floor(asked / 16))
    this.#events = []
    this.#busy = false
    this.#page.settled?.()
    this.#wake(machine.deadline())
  }

  #obey(/** @type {number} */ what, /** @type {number} */ number) {
    const page = this.#page
    if (what === DELIVER) return page.event(/** @type {Heard} */ (this.#events[number]))
    const text = this.#machine.text()
    const [a, b, c, d, e] = /** @type {[string, string, string, string, string]} */ (text.split("\n"))
    if (what === CONNECT) this.#connect(number, text)
    else if (what === DISCONNECT) number === this.#attempt && this.#runs(0)
    else if (what === PROBE) this.#runs(number, probe(this.#request, this.#target(), this.#told(number)))
    else if (what === GAP) page.gap(a, b, c)
    else if (what === FAULT) page.fault(a, b, c, d || number || "", e)
    else if (what === OUTDATED) page.outdated(a, this.#names)
    else page.news(a, b, number && this.date(number), number, c)
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

  #connect(/** @type {number} */ attempt, /** @type {string} */ asked) {
    const request = this.#request
    const { Source, dial } = request
    const [query, id = ""] = request.raw?.resume() ?? [asked]
    this.#query = query
    if (this.#viaFetch && !Source) return this.#runs(attempt, dial?.(request, this.#target(), id, this.#told(attempt)))
    /** @type {EventSource} */
    let source
    try {
      source = new (Source ?? this.#world.EventSource)(this.#target(), request)
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
    this.#runs(attempt, {
      abort() {
        source.close()
        heard.forEach((hear, name) => source.removeEventListener(name, hear))
      },
    })
    // Inside hello's own listener this is early enough for the same chunk.
    this.#listen = (name) => on(name, (event) => this.#heard(attempt, event))
    FRAMES.forEach(this.#listen)
    // Without a name: no server of ours sends it, and that is told as a fault.
    this.#listen("message")
    on("open", () => this.#opened(attempt))
    on("error", () => {
      const { readyState } = source
      if (readyState === source.OPEN) return // an event that somebody named `error`
      source.close()
      this.tell(readyState === source.CLOSED ? REFUSED : LOST, "", attempt)
    })
  }

  /** An event or a frame of ours: read by `fetch`, or what the browser made an event of. */
  #heard(/** @type {number} */ attempt, /** @type {Heard} */ event) {
    const { type, lastEventId } = event
    if (this.#request.raw) attempt === this.#attempt && this.#page.event(event)
    else if (type.startsWith("eventwire.")) this.#said(attempt, event)
    else this.tell(EVENT, `${type}\n${lastEventId}`, attempt, this.#events.push(event) - 1)
  }

  #opened(/** @type {number} */ attempt) {
    this.tell(OPENED, "", attempt)
    if (attempt === this.#attempt) this.#request.raw?.opened()
  }

  /** A frame of ours. */
  #said(/** @type {number} */ attempt, /** @type {Heard} */ { type, data, lastEventId }) {
    const frame = read(type, data)
    if (typeof frame !== "object") return this.tell(BROKEN, `${type}\n${lastEventId}\n${frame ?? ""}`, attempt)
    // An `EventSource` wants a listener for each, before events of the same chunk are dispatched.
    this.#names = frame.names.join()
    if (attempt === this.#attempt) frame.names.forEach(this.#listen)
    this.tell(FRAME, [type, lastEventId, ...frame.words].join("\n"), attempt, ...frame.numbers)
  }

  /** Something else runs now, or nothing: what ran before is over. */
  #runs(/** @type {number} */ attempt, running = /** @type {{ abort(): void } | undefined} */ (undefined)) {
    const before = this.#running
    this.#attempt = attempt
    this.#listen = () => {}
    this.#running = running
    before?.abort()
  }

  #target() {
    const query = this.#query
    return query ? this.#url + (this.#url.includes("?") ? "&" : "?") + query : this.#url
  }

  /** Who hears of a request. */
  #told(/** @type {number} */ attempt) {
    return {
      streams,
      answered,
      opened: () => this.#opened(attempt),
      event: (/** @type {Heard} */ event) => this.#heard(attempt, event),
      lost: () => this.tell(LOST, "", attempt),
      refused: (/** @type {number} */ status, /** @type {number} */ after, /** @type {string} */ code) => this.tell(STATUS, code, attempt, status, after),
    }
  }
}
