// One attempt by `fetch`.
//
// Never dials a second time, but for one thing only a request itself can know: headers that were refused are asked for once
// more. A page over `EventSource` is sent nothing of it, nor of the lines that it reads.

import { LINE, Lines } from "./lines.js"

/**
 * @typedef {object} Request what is asked, and how
 * @property {Sent | ((why: { refused: 401 | 403 | undefined }) => Sent | Promise<Sent>) | undefined} [headers]
 * @property {string} [method]
 * @property {BodyInit | undefined} [body]
 * @property {boolean} [withCredentials]
 * @property {typeof fetch | undefined} [fetch] asks in place of the browser's own
 * @property {(type: string, body: string) => void} [refused] hears what an answer that is no stream looks like
 * @property {(bytes: number) => void} [counts] hears how much has come
 * @property {(text: string) => void} [wrong] hears what the page or its server does wrong: headers, a line too long
 * @property {import("./browser.js").Raw | undefined} [raw] whose bytes are not of a server of ours
 *
 * @typedef {{ fromReadableStream(bytes: ReadableStream<Uint8Array>): EventSource }} Reading what `EventSource` is where it takes bytes
 *
 * @typedef {HeadersInit | undefined} Sent
 *
 * @typedef {object} Told who hears of it; of nothing but its end, once it is aborted
 * @property {() => void} opened
 * @property {(event: import("./browser.js").Heard) => void} event an event, or a frame of ours
 * @property {() => void} lost
 * @property {(response: Response) => boolean} streams whether the answer is a stream: `streams` of probe.js
 * @property {(...answer: Parameters<typeof import("./probe.js").answered>) => unknown} answered it is none: `answered` of probe.js
 * @property {(status: number, after: number, code: string) => void} refused as `answered` says it
 */

/** What a reconnection time is brought between, in milliseconds: docs/wire.md 8.8. */
const [LEAST, MOST] = [1000, 60_000]

/** The names of our frames, and of events without one. */
const FROM_THE_START = ["eventwire.hello", "eventwire.gap", "eventwire.cursor", "eventwire.names", "eventwire.bye", "message"]

/**
 * Hands over what a browser's own parser makes of the bytes, until they end.
 *
 * @param {EventSource} source
 * @param {AbortSignal} signal
 * @param {(event: import("./browser.js").Heard) => void} each
 */
function handed(source, signal, each) {
  const heard = new Set()
  const listen = (/** @type {string} */ name) => {
    if (heard.has(name)) return
    heard.add(name)
    source.addEventListener(name, (event) => {
      if (signal.aborted) return
      each(event)
      // Early enough for what the same chunk brings. A frame that cannot be read was told by `each`.
      try {
        if (name.startsWith("eventwire.")) JSON.parse(event.data).names?.forEach(listen)
      } catch {}
    })
  }
  FROM_THE_START.forEach(listen)
  return new Promise((over) => {
    source.addEventListener("error", () => source.readyState === source.CLOSED && over(undefined))
    signal.addEventListener("abort", () => over(source.close()))
  })
}

/**
 * The same bytes, counted; read no sooner than they are asked for.
 *
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @param {((bytes: number) => void) | undefined} counts
 */
function counted(reader, counts) {
  const source = {
    async pull(/** @type {ReadableStreamDefaultController<Uint8Array>} */ bytes) {
      const { done, value } = await reader.read()
      if (done) return bytes.close()
      counts?.(value.length)
      bytes.enqueue(value)
    },
  }
  return new ReadableStream(source, { highWaterMark: 0 })
}

/**
 * Dials, and hands over the events that come. Aborted, it says no more. `id`: goes as `Last-Event-ID`, if there is one.
 *
 * @param {Request} request
 * @param {string} url
 * @param {string} id
 * @param {Told} tell
 */
export function dial({ headers: own, method, body, withCredentials, fetch: via = fetch, refused: hears, raw, wrong, counts }, url, id, tell) {
  const abort = new AbortController()
  const { signal } = abort

  /** Hands over what comes, until it ends. */
  const read = async (/** @type {ReadableStream<Uint8Array>} */ body) => {
    const reader = body.getReader()
    // Its events have neither comments nor the floor of waits, which a stream of another server shows.
    const Native = raw ? undefined : /** @type {Partial<Reading> | undefined} */ (globalThis.EventSource)
    if (Native?.fromReadableStream) return handed(Native.fromReadableStream(counted(reader, counts)), signal, tell.event)
    let floor = 0
    const lines = new Lines(
      {
        block: (type, data, lastEventId) => data !== undefined && tell.event({ type, data, lastEventId }),
        comment: raw && ((data) => tell.event({ type: "", data, lastEventId: lines.id })),
        retry: (wait) => (floor = Math.min(Math.max(wait, LEAST), MOST)),
      },
      id,
      raw?.largest ?? LINE,
    )
    signal.onabort = () => lines.stop()
    for (let read; !(read = await reader.read()).done && !signal.aborted; ) {
      counts?.(read.value.length)
      const whole = lines.push(read.value)
      if (signal.aborted) return
      raw?.read(lines.id, floor)
      if (!whole) return wrong?.(`a line, or an event's data, is longer than ${raw?.largest ?? "1 Mi"}B: let the publisher put large things behind a URL`)
    }
  }

  /** @returns {Promise<unknown>} */
  const once = async (/** @type {401 | 403 | undefined} */ refused) => {
    let headers
    try {
      headers = new Headers(typeof own === "function" ? await own({ refused }) : own)
    } catch (error) {
      if (signal.aborted) return
      wrong?.(`options.headers failed, and is asked again with the next attempt: ${error}`)
      return tell.lost()
    }
    headers.set("accept", "text/event-stream")
    // A header is bytes, one character each.
    if (id) headers.set("last-event-id", String.fromCharCode(...new TextEncoder().encode(id)))
    const response = await via(url, { method, body, headers, signal, cache: "no-store", credentials: withCredentials ? "include" : "same-origin" })
    const { status } = response
    if (tell.streams(response)) {
      if (signal.aborted) return
      if (response.body) {
        tell.opened()
        await read(response.body)
      }
      return signal.aborted || tell.lost()
    }
    if ((status === 401 || status === 403) && !refused && typeof own === "function") {
      response.body?.cancel().catch(() => {})
      return once(status)
    }
    return tell.answered(response, signal, hears, tell)
  }

  once(undefined)
    .catch(() => signal.aborted || tell.lost())
    .finally(() => abort.abort()) // lets go of what was not read
  return abort
}
