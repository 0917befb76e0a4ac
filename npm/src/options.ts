// What a caller may decide. Few knobs, each documented by its effect.

import { EventwireError } from "./errors.js";
import { joined } from "./topics.js";

/** How a stream behaves. The default reads everything that is granted, from now on. */
export interface Options {
  /** Topics and patterns to ask for. Default: all that the server grants. Empty: none until `topics.add`. */
  readonly topics?: readonly string[];
  /** Where to start: a position the page's own data is of, or `"earliest"` for all that is kept. Default: now. */
  readonly from?: string | undefined;
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
   * Items a `for await` loop may be behind. At this many nothing is dropped: reading stops, and goes on from the
   * position once the loop has taken them. Default: 1,000.
   */
  readonly queue?: number;
}

/** The options as the machine takes them. */
export interface Settings {
  readonly url: string;
  readonly topics: string | undefined;
  readonly from: string;
  readonly grace: number;
  readonly withCredentials: boolean;
  readonly queue: number;
}

/** Refuses what cannot work, where the caller can see it. */
export function settings(url: string | URL, options: Options): Settings {
  const { topics, from = "", background = "grace", grace = 60_000, withCredentials = false, queue = 1000 } = options;
  if (!(grace >= 0)) throw invalid("grace", grace, "milliseconds, 0 or more");
  if (!(Number.isSafeInteger(queue) && queue > 0)) throw invalid("queue", queue, "a whole number over 0");
  const graces = { keep: Infinity, grace, immediate: 0 };
  if (!Object.hasOwn(graces, background)) throw invalid("background", background, `"keep", "grace" or "immediate"`);
  return {
    url: absolute(url),
    topics: topics && joined(topics),
    from,
    grace: graces[background],
    withCredentials,
    queue,
  };
}

/** Resolved once: a page that moves on by `pushState` still means the same stream. */
function absolute(url: string | URL): string {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    const absolute = new URL(url, base);
    absolute.hash = "";
    return absolute.href;
  } catch (cause) {
    if (base === undefined) return String(url); // rendered on a server: nothing is dialled there
    throw new EventwireError("invalid-url", `${JSON.stringify(url)} is no URL`, undefined, undefined, { cause });
  }
}

function invalid(name: string, value: unknown, expected: string): EventwireError {
  return new EventwireError("invalid-option", `options.${name} is ${String(value)}; it must be ${expected}`);
}
