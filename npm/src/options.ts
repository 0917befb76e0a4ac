// What a caller may decide. Few knobs, each documented by its effect.

import { EventwireError } from "./errors.js";
import type { Keeper } from "./kept.js";
import { joined } from "./topics.js";

/** How a stream behaves. The default reads everything that is granted, from now on. */
export interface Options {
  /** Topics and patterns to ask for. Default: all that the server grants. Empty: none until `topics.add`. */
  readonly topics?: readonly string[];
  /** Where to start: a position the page's own data is of, or `"earliest"` for all that is kept. Default: now. */
  readonly from?: string | undefined;
  /** Keeps the position over reloads of the page: `kept("name")`. What was kept goes before `from`. */
  readonly keep?: Keeper | undefined;
  /** Closes the stream when aborted. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What a hidden page does: `"grace"` keeps the stream for `grace` milliseconds, then closes it and dials nothing until
   * the page is seen; `"immediate"` closes at once; `"keep"` keeps it. Nothing is lost in any of them. Default: `"grace"`.
   */
  readonly background?: "keep" | "grace" | "immediate";
  /** How long a hidden page keeps its stream, in milliseconds. Default: 60,000. */
  readonly grace?: number;
  /** Sends cookies to another origin too. */
  readonly withCredentials?: boolean;
  /**
   * Headers of the request, as for a bearer token; the stream is then read by `fetch` instead of `EventSource`. A function
   * is asked before each attempt. It is asked once more, and told the status, when its headers were refused with 401 or
   * 403; refused again, the stream closes. What it throws stands in the console, and the stream tries again later.
   */
  readonly headers?: Sent | ((why: { readonly refused: 401 | 403 | undefined }) => Sent | Promise<Sent>) | undefined;
  /** How to ask. Anything but `"GET"`, the default, is asked by `fetch`. */
  readonly method?: "GET" | "POST" | "REPORT";
  /** What `"POST"` or `"REPORT"` sends, with every attempt. */
  readonly body?: Exclude<BodyInit, ReadableStream> | undefined;
  /** Asks in place of the global `fetch`, which is looked up for each attempt; the stream is then read by it. */
  readonly fetch?: typeof fetch | undefined;
  /**
   * One connection for all tabs of this browser that connect to the same URL under the same key: name the user here.
   * Streams of different keys have nothing in common. `logout()` on one closes all of its key.
   */
  readonly share?: string | undefined;
  /**
   * Items a `for await` loop may be behind. At this many nothing is dropped: reading stops, and goes on from the
   * position once the loop has taken them. Default: 1,000.
   */
  readonly queue?: number;
}

/** Headers, by name. */
export type Sent = Headers | Readonly<Record<string, string>> | undefined;

/** The options as the machine takes them. */
export interface Settings {
  /** Empty where a page is being rendered: nothing is dialled there. */
  readonly url: string;
  readonly topics: string | undefined;
  from: string;
  readonly grace: number;
  readonly queue: number;
  readonly share: string | undefined;
  /** Whether `fetch` carries the stream, and not `EventSource`. */
  readonly fetch: boolean;
  /** How to ask: what `EventSource` takes, and client-wasm/src/browser/fetch.js. */
  readonly request: Pick<Options, "headers" | "method" | "body" | "withCredentials" | "fetch"> & { readonly world: World | undefined };
}

/** What takes the browser's place in a test of a page: testing.ts. */
export type World = Pick<typeof globalThis, "document" | "EventSource" | "fetch" | "setTimeout" | "clearTimeout" | "addEventListener"> & { readonly Date: Pick<DateConstructor, "now"> };
export const WORLD = Symbol.for("eventwire.world");

/** Refuses what cannot work, where the caller can see it. */
export function settings(url: string | URL, options: Options): Settings {
  const { topics, from = "", background = "grace", grace = 60_000, queue = 1000, headers, method = "GET", body, fetch, share, withCredentials = false } = options;
  if (!(grace >= 0)) throw invalid("grace", grace, "milliseconds, 0 or more");
  if (!(Number.isSafeInteger(queue) && queue > 0)) throw invalid("queue", queue, "a whole number over 0");
  if (share === "") throw invalid("share", share, "the user's name");
  const graces = { keep: Infinity, grace, immediate: 0 };
  if (!Object.hasOwn(graces, background)) throw invalid("background", background, `"keep", "grace" or "immediate"`);
  if (!["GET", "POST", "REPORT"].includes(method)) throw invalid("method", method, `"GET", "POST" or "REPORT"`);
  if (body !== undefined && method === "GET") throw invalid("body", typeof body, `sent with method "POST" or "REPORT"`);
  // It would be read once, and an attempt is seldom the last.
  if (body instanceof ReadableStream) throw invalid("body", "a ReadableStream", "something that can be sent again: text, bytes or a form");
  try {
    if (typeof headers !== "function") new Headers(headers);
  } catch (cause) {
    throw invalid("headers", String(cause), "names and values that HTTP knows");
  }
  const world = (globalThis as { [WORLD]?: World })[WORLD];
  return {
    url: absolute(url, world ?? globalThis),
    topics: topics && joined(topics),
    from,
    grace: graces[background],
    queue,
    share,
    fetch: Boolean(headers ?? fetch) || method !== "GET" || !(world ?? globalThis).EventSource,
    request: { headers, method, body, fetch: fetch ?? world?.fetch, withCredentials, world },
  };
}

/** Resolved once: a page that moves on by `pushState` still means the same stream. */
function absolute(url: string | URL, { document }: Pick<World, "document">): string {
  const base = document?.baseURI ?? globalThis.location?.href;
  try {
    const absolute = new URL(url, base);
    absolute.hash = "";
    return absolute.href;
  } catch (cause) {
    if (base === undefined) return ""; // of no page: it is being rendered on a server
    throw new EventwireError("invalid-url", `${JSON.stringify(url)} is no URL`, { cause });
  }
}

function invalid(name: string, value: unknown, expected: string): EventwireError {
  return new EventwireError("invalid-option", `options.${name} is ${String(value)}; it must be ${expected}`);
}
