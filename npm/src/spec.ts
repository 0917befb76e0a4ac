// An event stream as the standard has it, over `fetch`: fixed waits, every status but 200 final, no machine and no wasm.

import { Lines } from "../wasm/lines.js";
import type { Options } from "./options.js";

/** What a carrier says of its stream. */
export interface Told {
  opened(url: string): void;
  event(type: string, data: string | undefined, id: string): void;
  comment(text: string): void;
  /** The connection is gone, and another will be tried; quietly, if the page itself let it go. */
  lost(code: number | undefined, message: string, quiet: boolean): void;
  /** For good. */
  failed(code: number | undefined, message: string): void;
}

/** What carries a stream. */
export interface Carrier {
  readonly lastEventId: string;
  /** How long it waits after a lost connection, if it is one time. */
  readonly wait?: number | undefined;
  close(): void;
  restart(): void;
}

/** How to ask. */
export interface Asked extends Pick<Options, "headers" | "method" | "body" | "withCredentials" | "fetch"> {
  readonly url: string;
  readonly lastEventId: string;
}

/** Browsers wait two to five seconds until a server says how long. */
const WAIT = 3000;

/** The longest wait a timer knows; a longer one fires at once. */
const LONGEST = 2 ** 31 - 1;

/** The address of bytes that came from nowhere. */
export const BYTES = "about:event-stream";

/** Dials at once, and comes back as often as the connection is lost. */
export function open(asked: Asked, told: Told): Carrier {
  const { url, method, body, withCredentials } = asked;
  let [id, wait, closed, away] = [asked.lastEventId, WAIT, false, false];
  let request = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lines: Lines | undefined;

  const dial = async (): Promise<void> => {
    const { signal } = (request = new AbortController());
    let [code, why]: [number | undefined, string] = [undefined, "the stream ended"];
    try {
      const own = typeof asked.headers === "function" ? await asked.headers({ refused: undefined }) : asked.headers;
      if (signal.aborted) return;
      const headers = new Headers(own);
      headers.set("accept", "text/event-stream");
      // A header is bytes, one character each.
      if (id) headers.set("last-event-id", String.fromCharCode(...new TextEncoder().encode(id)));
      const { fetch: via = fetch } = asked;
      const response = await via(url, {
        ...(method && { method }),
        ...(body !== undefined && { body }),
        headers: Object.fromEntries(headers),
        mode: "cors",
        cache: "no-store",
        redirect: "follow",
        credentials: withCredentials ? "include" : "same-origin",
        signal,
      });
      if (signal.aborted) return;
      const type = response.headers.get("content-type") ?? "";
      code = response.status;
      if (code !== 200) return fail(code, `the server answered ${code}`);
      if (!/^text\/event-stream\s*(;|$)/i.test(type.trim())) return fail(code, `the server answered ${type || "no content type"}, not text/event-stream`);
      told.opened(response.url || url);
      if (!signal.aborted && response.body) await read(response.body, signal);
    } catch (error) {
      if (signal.aborted) return;
      // Not we aborted it: the user stopped the page from loading.
      if ((error as Error | undefined)?.name === "AbortError") return fail(undefined, "the request was stopped");
      if (!/^https?:/.test(url)) return fail(undefined, `no stream comes from ${url}: take http: or https:`);
      if (await shutOut(signal)) return signal.aborted ? undefined : fail(undefined, `${new URL(url).origin} does not let ${location.origin} in: it would have to say so by CORS`);
      why = String(error);
    }
    if (!signal.aborted) lose(code, why);
  };

  /**
   * Whether the other origin answers, and lets this one not in: the standard's end of a stream, which `fetch` tells apart from
   * a lost connection no more than this. Asked for what any page may ask.
   */
  const shutOut = async (signal: AbortSignal): Promise<boolean> => {
    const { fetch: via = fetch } = asked;
    if (!globalThis.location || method || new URL(url).origin === location.origin) return false;
    const question = new AbortController();
    signal.addEventListener("abort", () => question.abort());
    const sent = { mode: "no-cors", cache: "no-store", credentials: withCredentials ? "include" : "same-origin", signal: question.signal } as const;
    const answered = await via(url, sent).then(() => true, () => false);
    question.abort();
    return answered;
  };

  const read = (stream: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> => {
    lines = new Lines(
      {
        block: (type, data, last) => told.event(type, data, (id = last)),
        comment: (text) => told.comment(text),
        retry: (asked) => (wait = Math.min(asked, LONGEST)),
      },
      id,
      Infinity, // the standard knows no bound
    );
    return pour(stream.getReader(), lines, signal);
  };

  const hangUp = (): void => {
    lines?.stop();
    clearTimeout(timer);
    request.abort();
  };

  const fail = (code: number | undefined, message: string): void => {
    close();
    told.failed(code, message);
  };

  const lose = (code: number | undefined, message: string): void => {
    request.abort(); // lets go of what was not read
    timer = setTimeout(() => void dial(), wait);
    told.lost(code, message, false);
  };

  // A page that is left has no connection, and one that comes back out of the cache has one at once.
  const leave = (): void => {
    hangUp();
    away = true;
    told.lost(undefined, "", true);
  };
  const back = (): void => {
    if (away && !closed) void dial();
    away = false;
  };
  const page = globalThis.document ? globalThis : undefined;
  page?.addEventListener("pagehide", leave);
  page?.addEventListener("pageshow", back);

  const close = (): void => {
    closed = true;
    hangUp();
    page?.removeEventListener("pagehide", leave);
    page?.removeEventListener("pageshow", back);
  };

  void dial();
  return {
    get lastEventId() {
      return id;
    },
    get wait() {
      return wait;
    },
    close,
    restart: () => {
      if (closed || away) return;
      hangUp();
      told.lost(undefined, "restarted", true);
      void dial();
    },
  };
}

/** Reads bytes that are there already. Their end is the stream's, however they end; nothing comes back. */
export function over(stream: ReadableStream<Uint8Array>, told: Told): Carrier {
  let [id, wait] = ["", WAIT];
  const reader = stream.getReader();
  const over = new AbortController();
  const lines = new Lines({ block: (type, data, last) => told.event(type, data, (id = last)), retry: (asked) => (wait = Math.min(asked, LONGEST)) }, id, Infinity);
  const read = async (): Promise<void> => {
    let why = "the stream ended";
    try {
      await undefined; // whoever asks has yet to listen
      if (over.signal.aborted) return;
      told.opened(BYTES);
      await pour(reader, lines, over.signal);
    } catch (error) {
      why = String(error);
    }
    if (!over.signal.aborted) told.failed(undefined, why);
  };
  void read();
  return {
    get lastEventId() {
      return id;
    },
    get wait() {
      return wait;
    },
    close: () => {
      lines.stop();
      over.abort();
      reader.cancel().catch(() => {});
    },
    restart: () => {},
  };
}

async function pour(reader: ReadableStreamDefaultReader<Uint8Array>, lines: Lines, signal: AbortSignal): Promise<void> {
  for (let piece; !(piece = await reader.read()).done && !signal.aborted; ) lines.push(piece.value);
}
