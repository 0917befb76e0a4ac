// What an answer says that is no stream, and the question for one: an `EventSource` keeps it from its page.
//
// Reads no stream; fetch.js does.

// Of a refusal's body, in characters and milliseconds: enough for a problem document, and for people.
const ENOUGH = 4096
const SOON = 1000

/**
 * @typedef {object} Told who hears of it; of nothing, once it is aborted
 * @property {() => void} lost no answer, or one that is a stream after all
 * @property {(status: number, after: number, code: string) => void} refused no stream; `after` in milliseconds
 */

/** Whether the answer is a stream of events. */
export function streams(/** @type {Response} */ { status, headers }) {
  return status === 200 && /^text\/event-stream\s*(;|$)/i.test(headers.get("content-type") ?? "")
}

/**
 * Asks as an `EventSource` does, to hear what it was answered.
 *
 * @param {Pick<import("./fetch.js").Request, "withCredentials" | "fetch" | "refused">} request
 * @param {string} url
 * @param {Told} tell
 */
export function probe({ withCredentials, fetch: via = fetch, refused }, url, tell) {
  const abort = new AbortController()
  const { signal } = abort
  via(url, { headers: { accept: "text/event-stream" }, signal, cache: "no-store", credentials: withCredentials ? "include" : "same-origin" })
    .then((response) => (streams(response) ? Promise.reject() : answered(response, signal, refused, tell)))
    .catch(() => signal.aborted || tell.lost())
    .finally(() => abort.abort()) // lets go of what was not read
  return abort
}

/**
 * Reads an answer that is no stream, for the machine and for people.
 *
 * @param {Response} response
 * @param {AbortSignal} signal
 * @param {((type: string, body: string) => void) | undefined} hears
 * @param {Told} tell
 */
export async function answered(response, signal, hears, tell) {
  const header = (/** @type {string} */ name) => response.headers.get(name) ?? ""
  const type = header("content-type")
  const text = await piece(response.body)
  let code
  try {
    if (type.startsWith("application/problem+json")) code = JSON.parse(text).code
  } catch {
    // no problem of ours
  }
  if (signal.aborted) return
  hears?.(type, text)
  const after = header("retry-after")
  const seconds = Number(after)
  // A date counts from the server's own clock, where it shows it.
  const wait = isNaN(seconds) ? Date.parse(after) - (Date.parse(header("date")) || Date.now()) : seconds * 1000
  // What is no date is `NaN`, and `NaN` is not over zero.
  tell.refused(response.status, wait > 0 ? wait : 0, `${code ?? ""}`)
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
