// One request by `fetch`: an attempt of the fetch transport, or the question for the status that an `EventSource` hides.
//
// Frames nothing and never dials a second time, but for one thing only a request itself can know: headers that were
// refused are asked for once more.

// Of a refusal's body, in bytes and milliseconds: enough for a problem document, and for people.
const [ENOUGH, SOON] = [4096, 1000]

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
 * @typedef {HeadersInit | undefined} Sent
 *
 * @typedef {object} Told who hears of it; of nothing but its end, once it is aborted
 * @property {() => void} opened
 * @property {(bytes: Uint8Array) => boolean} bytes whether to go on
 * @property {() => void} lost
 * @property {(status: number, after: number, code: string) => void} refused no stream; `after` in milliseconds
 * @property {() => void} [over] nothing follows
 */

/**
 * Dials. Aborted, it says no more. `id`: goes as `Last-Event-ID`, if there is one. With `probe` a stream is not read.
 *
 * @param {Request} request
 * @param {string} url
 * @param {string} id
 * @param {boolean} probe
 * @param {Told} tell
 */
export function dial({ headers: own, method, body, withCredentials, fetch: via = fetch, refused: tellRefused, wrong, counts }, url, id, probe, tell) {
  const abort = new AbortController()
  const { signal } = abort

  /** @returns {Promise<unknown>} */
  const ask = async (/** @type {401 | 403 | undefined} */ refused) => {
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
    const header = (/** @type {string} */ name) => response.headers.get(name) ?? ""
    const type = header("content-type")
    if (status === 200 && /^text\/event-stream\s*(;|$)/i.test(type)) {
      const reader = !probe && response.body?.getReader()
      if (reader) {
        if (signal.aborted) return
        tell.opened()
        for (let read; !(read = await reader.read()).done; ) {
          if (signal.aborted) return
          counts?.(read.value.length)
          if (!tell.bytes(read.value)) {
            wrong?.("one line of the stream, or one event's data, is longer than 1 MiB: let the publisher put large things behind a URL")
            break
          }
        }
      }
      return signal.aborted || tell.lost()
    }
    if ((status === 401 || status === 403) && !refused && typeof own === "function") {
      response.body?.cancel().catch(() => {})
      return ask(status)
    }
    const text = await piece(response.body)
    let code
    try {
      if (type.startsWith("application/problem+json")) code = JSON.parse(text).code
    } catch {
      // no problem of ours
    }
    if (signal.aborted) return
    tellRefused?.(type, text)
    const after = header("retry-after")
    const seconds = Number(after)
    // A date counts from the server's own clock, where it shows it.
    const wait = isNaN(seconds) ? Date.parse(after) - (Date.parse(header("date")) || Date.now()) : seconds * 1000
    // What is no date is `NaN`, and `NaN` is not over zero.
    tell.refused(status, wait > 0 ? wait : 0, `${code ?? ""}`)
  }

  ask(undefined)
    .catch(() => signal.aborted || tell.lost())
    .finally(() => {
      abort.abort() // lets go of what was not read
      tell.over?.()
    })
  return abort
}

/** The beginning of a body. One that does not end, or does not come, is waited for only so long. */
async function piece(/** @type {Response["body"]} */ body) {
  const reader = body?.getReader()
  const decoder = new TextDecoder()
  /** @type {Promise<{ done: true, value?: undefined }>} */
  const late = new Promise((resolve) => setTimeout(resolve, SOON, { done: true }))
  let text = ""
  while (reader && text.length < ENOUGH) {
    const { done, value } = await Promise.race([reader.read(), late])
    if (done) break
    text += decoder.decode(value, { stream: true })
  }
  return text
}
