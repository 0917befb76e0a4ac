// Errors with a code to branch on. Thrown for what the caller can mend; whatever happens later is a state or a fault.

import type { CloseCode } from "./items.js";

/** What `connect`, `topics.add` and a `for await` loop throw. */
export class EventwireError extends Error {
  override readonly name = "EventwireError";
  constructor(
    /** To branch on. */
    readonly code: ErrorCode,
    message: string,
    /** The response's status, if a response ended the stream. */
    readonly status?: number,
    /** The code in the response's `application/problem+json`, if it had one. */
    readonly problem?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A close code, or what was wrong with the caller's own words. */
export type ErrorCode = Exclude<CloseCode, "closed" | "no-content"> | "invalid-url" | "invalid-topic" | "invalid-option";
