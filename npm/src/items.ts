// What a stream hands over: events, gaps, faults, states. Types, and the words for people.

import type { EventNames } from "./contract.js";
import type { EventwireError } from "./errors.js";

/** What comes with an event's data. */
export interface Meta {
  /** What the event was published to. */
  readonly topic: string;
  /** Where the event is in its hub's order. To come back later, keep `stream.position`. */
  readonly position: string;
}

/** Why events may be missing. `detected` and `forbidden` are the client's own findings, the others the server's. */
export type GapReason =
  | "epoch" | "evicted" | "ahead" | "slow" | "lost" | "undecodable" | "position" | "detected" | "forbidden";

/** Events may be missing from here on: fetch the state of these topics anew. */
export interface Gap {
  readonly reason: GapReason;
  /** Every topic or pattern that may have lost an event. Empty: any. */
  readonly topics: readonly string[];
  /** Where the stream goes on. */
  readonly position: string | undefined;
}

/**
 * Why something was reported. `json` and `invalid`: the payload. `unknown`: this page's contract has no such event.
 * `denied`: a topic that was asked for and not granted. `too-many`: one for which a request has no room. The others: the server says what cannot be read.
 */
export type FaultReason = "json" | "invalid" | "unknown" | "denied" | "too-many" | "id" | "frame" | "early" | "version";

/** Something was wrong with one event or answer. Reported and survived: the stream goes on. */
export interface Fault {
  readonly reason: FaultReason;
  /** The event's name; empty for a denied topic. */
  readonly event: string;
  /** JSON pointer to what is wrong in the payload, or the member of a frame of ours. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  readonly topic: string | undefined;
  readonly position: string | undefined;
  /** The payload as it came, not to be trusted; `undefined` if it was no JSON or there was none. */
  readonly data: unknown;
  /** All of it in one sentence. */
  readonly message: string;
}

/** The server has another contract than this page was built with: which, and whose events differ. Their payloads may, too. */
export interface Outdated {
  /** The hash of this page's contract. */
  readonly page: string;
  /** The hash of the server's. */
  readonly server: string;
  /** Names that the server has and this page does not know: their events will be faults. */
  readonly added: readonly string[];
  /** Names that this page knows and the server no longer has: their events will not come. */
  readonly removed: readonly string[];
}

/** One thing a `for await` loop is handed. */
export type Item<E extends object> =
  | { [K in EventNames<E>]: { readonly type: K; readonly data: E[K] } & Meta }[EventNames<E>]
  | { readonly type: "eventwire.gap"; readonly data: Gap; readonly topic: undefined; readonly position: string | undefined }
  | { readonly type: "eventwire.fault"; readonly data: Fault; readonly topic: string | undefined; readonly position: string | undefined };

/** Why a stream closed for good. */
export type CloseCode =
  | "closed" | "logout" | "no-content"
  | "bad-request" | "unauthorized" | "forbidden" | "not-found" | "method-not-allowed" | "not-acceptable" | "too-large"
  | "refused" | "auth" | "not-a-stream"
  | "wasm-blocked" | "failed";

/** Where a stream is, and why. */
export type State =
  | { readonly kind: "idle"; readonly reason: "new"; readonly nextAttemptAt?: undefined }
  | {
      readonly kind: "connecting";
      readonly reason: "opened" | "retry" | "visible" | "online" | "woke" | "topics" | "drained";
      readonly nextAttemptAt?: undefined;
    }
  | { readonly kind: "open"; readonly reason: "hello"; readonly nextAttemptAt?: undefined }
  | {
      readonly kind: "waiting";
      readonly reason:
        | "lost" | "stalled" | "no-answer" | "no-hello" | "version"
        | "drain" | "rotate" | "slow" | "unavailable" | "internal" | "auth" | "limit" | "too-many-requests";
      /** When the next attempt is made, in milliseconds as `Date.now()` counts them. */
      readonly nextAttemptAt: number;
    }
  | { readonly kind: "paused"; readonly reason: "hidden" | "left" | "queue" | "topics"; readonly nextAttemptAt?: undefined }
  | {
      readonly kind: "closed";
      readonly reason: CloseCode;
      /** What went wrong; nothing if the page closed the stream or the server had no more. */
      readonly error: EventwireError | undefined;
      readonly nextAttemptAt?: undefined;
    };

/** What a stream has counted, for a panel or a report. */
export interface Inspection {
  /** When the server was last heard, in milliseconds as `Date.now()` counts them. */
  readonly heardAt: number | undefined;
  readonly events: number;
  /** Dropped, because the page had them. */
  readonly duplicates: number;
  readonly gaps: number;
  readonly faults: number;
  readonly attempts: number;
  /** Attempts given up for their silence. */
  readonly stalls: number;
  /** Read so far; `undefined` over `EventSource`, which does not say. */
  readonly bytes: number | undefined;
  /** What carries the stream. */
  readonly transport: "EventSource" | "fetch";
  readonly position: string | undefined;
  /** Whether the page is hidden. */
  readonly hidden: boolean;
  /** Where the stream went, the newest 32, oldest first. */
  readonly transitions: readonly Transition[];
  /**
   * With the option `share`: whether this tab carries the stream of all (`leader`), is served by another (`follower`), or
   * has its own for now (`alone`); `unsupported` where this browser lacks what sharing needs, and each tab has its own.
   */
  readonly share: "leader" | "follower" | "alone" | "unsupported" | undefined;
}

/** The stream went somewhere else, at a time as `Date.now()` counts it. */
export type Transition = { readonly at: number } & State;

/** A fault with its sentence. */
export function fault(reason: FaultReason, event: string, path: string, found: unknown, about: string, expected = "", position?: string, data?: unknown): Fault {
  const topic = about || undefined;
  const where = topic ? ` on ${topic}` : "";
  const sentence = (): string => {
    switch (reason) {
      case "json":
        return `${event}${where}: its data is no JSON (${found})`;
      case "invalid":
        return `${event}${where}${path && ` at ${path}`}: expected ${expected}, found ${found}`;
      case "unknown":
        return `${event}: this page's contract has no such event`;
      case "denied":
        return `the server does not grant ${topic}`;
      case "too-many":
        return `${topic} is not asked for: a request has no room for more than 100 topics or 6 KiB of them`;
      default:
        return `${event}: ${reason}${path && ` ${path}`}${found && ` ${found}`} cannot be read`;
    }
  };
  return { reason, event, path, expected, found: `${found}`, topic, position, data, message: sentence() };
}
