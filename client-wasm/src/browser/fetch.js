// One attempt by `fetch`.
//
// Frames nothing itself and never dials a second time, but for one thing only a request itself can know: headers that were
// refused are asked for once more. A page over `EventSource` is sent nothing of it, so it imports types alone.

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
 *
 * @typedef {object} Framing what else `dial` needs
 * @property {{ framer(raw: number, id: string): Framer } | undefined} [frames]
 * @property {import("./browser.js").Raw | undefined} [raw] whose bytes are not of a server of ours
 *
 * @typedef {object} Framer frames the bytes of one attempt; `free`d at its end
 * @property {(bytes: Uint8Array) => boolean} push whether the attempt goes on
 * @property {() => string} next `name\nid\ndata\r` of each block
 * @property {() => string} id
 * @property {() => number} retry
 * @property {() => void} free
 *
 * @typedef {HeadersInit | undefined} Sent
 *
 * @typedef {object} Told who hears of it; of nothing but its end, once it is aborted
 * @property {() => void} opened
 * @property {(bytes: Uint8Array) => boolean} bytes whether to go on
 * @property {() => void} lost
 * @property {(response: Response) => boolean} streams whether the answer is a stream: `streams` of probe.js
 * @property {(...answer: Parameters<typeof import("./probe.js").answered>) => unknown} answered it is none: `answered` of probe.js
 * @property {(status: number, after: number, code: string) => void} refused as `answered` says it
 * @property {() => void} [over] nothing follows
 */

/**
 * Dials, and hands over the blocks that come. Aborted, it says no more. `id`: goes as `Last-Event-ID`, if there is one.
 *
 * @param {Request & Framing} request
 * @param {string} url
 * @param {string} id
 * @param {Omit<Told, "bytes" | "over"> & { event(event: import("./browser.js").Heard): void }} tell
 */
export function dial(request, url, id, tell) {
  const { raw, frames } = request
  const framer = /** @type {Framer} */ (frames?.framer(raw?.largest ?? 0, id))
  const abort = ask(request, url, id, {
    ...tell,
    bytes(bytes) {
      const whole = framed(framer, bytes, (type, lastEventId, data) => tell.event({ type, data, lastEventId }))
      if (!abort.signal.aborted) raw?.read(framer.id(), framer.retry())
      return whole
    },
    over: () => framer.free(),
  })
  return abort
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

/**
 * As `dial`, and hands over the bytes.
 *
 * @param {Request & Framing} request
 * @param {string} url
 * @param {string} id
 * @param {Told} tell
 */
export function ask({ headers: own, method, body, withCredentials, fetch: via = fetch, refused: hears, raw, wrong, counts }, url, id, tell) {
  const abort = new AbortController()
  const { signal } = abort

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
      const reader = response.body?.getReader()
      if (reader) {
        if (signal.aborted) return
        tell.opened()
        for (let read; !(read = await reader.read()).done; ) {
          if (signal.aborted) return
          counts?.(read.value.length)
          if (!tell.bytes(read.value)) {
            wrong?.(`a line, or an event's data, is longer than ${raw?.largest ?? "1 Mi"}B: let the publisher put large things behind a URL`)
            break
          }
        }
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
    .finally(() => {
      abort.abort() // lets go of what was not read
      tell.over?.()
    })
  return abort
}
