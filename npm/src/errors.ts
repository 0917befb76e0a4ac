// Errors with a code to branch on. Thrown for what the caller can mend; whatever happens later is a state or a fault.

import type { CloseCode } from "./items.js";

/** What `connect`, `topics.add` and a `for await` loop throw. */
export class EventwireError extends Error {
  override readonly name = "EventwireError";
  /** The response's status, if a response ended the stream. */
  readonly status: number | undefined;
  /** The code in the response's `application/problem+json`, if it had one. */
  readonly problem: string | undefined;
  /** The beginning of the response's body, for people. */
  readonly body: string | undefined;

  constructor(
    /** To branch on. */
    readonly code: ErrorCode,
    message: string,
    details: { status?: number; problem?: string; body?: string; cause?: unknown } = {},
  ) {
    super(message, details);
    this.status = details.status || undefined;
    this.problem = details.problem || undefined;
    this.body = details.body || undefined;
  }
}

/** A close code, or what was wrong with the caller's own words. */
export type ErrorCode = CloseCode | "invalid-url" | "invalid-topic" | "invalid-option";

/** What a stream is closed with that a response ended. */
export function refusal(url: string, code: CloseCode & ErrorCode, status: number, problem: string, type: string, start: string): EventwireError {
  const body = status ? start.trim().slice(0, 200) : "";
  const answer = status ? ` (status ${status}${problem && `, ${problem}`}${type && `, ${type}`})` : "";
  const words = `the stream ${url} is closed: ${code}${answer}${body && `, the answer begins ${JSON.stringify(body)}`}. ${next(code)}`;
  return new EventwireError(code, words, { status, problem, body });
}

function next(code: CloseCode): string {
  switch (code) {
    case "auth":
    case "unauthorized":
      return "Log in and connect again; a token that expires belongs into `headers` as a function";
    case "forbidden":
      return "Ask for topics that this user is granted";
    case "not-found":
      return "Serve the stream at this URL, or connect to the one that does";
    case "method-not-allowed":
      return "Serve this method, or choose another by `method`";
    case "not-a-stream":
      return "Serve it as text/event-stream; a login page or an index.html for every path may have answered";
    default:
      return "The server does not take this request as it is: its log says why";
  }
}
