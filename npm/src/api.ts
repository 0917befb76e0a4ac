// What a page holds of a stream, and how it gets it. Types alone: stream.ts is it.

/// <reference lib="esnext.disposable" preserve="true" />

import type { Contract, EventNames } from "./contract.js";
import type { Unsubscribe } from "./handlers.js";
import type { Fault, Gap, Inspection, Item, Meta, Outdated, State } from "./items.js";
import type { Options } from "./options.js";

/** The events of one contract, in order and complete, or the page is told what is missing. */
export interface EventStream<E extends object> extends AsyncIterable<Item<E>> {
  /** Calls `handler` for each event of this name, in order. What a handler throws is reported and stops nothing. */
  on<K extends EventNames<E>>(name: K, handler: (data: E[K], meta: Meta) => void): Unsubscribe;
  /** As `on`, for the next event alone. */
  once<K extends EventNames<E>>(name: K, handler: (data: E[K], meta: Meta) => void): Unsubscribe;
  /** The next event of this name. Rejected if the stream closes before. */
  once<K extends EventNames<E>>(name: K): Promise<{ readonly data: E[K] } & Meta>;
  /** Calls `handler` when events may be missing, before any event that comes after them. */
  onGap(handler: (gap: Gap) => void): Unsubscribe;
  /** Calls `handler` when something was wrong and survived. Without a handler it stands in the console. */
  onFault(handler: (fault: Fault) => void): Unsubscribe;
  /** Calls `handler` whenever the stream's state changes. */
  onState(handler: (state: State) => void): Unsubscribe;
  /** Calls `handler` once when the server has another contract than this page was built with. Without a handler it stands in the console. */
  onOutdated(handler: (outdated: Outdated) => void): Unsubscribe;
  /** Topics of the running stream, counted: each `add` wants one `delete`. */
  readonly topics: { add(...topics: string[]): void; delete(...topics: string[]): void };
  /** Where the stream is, and why. */
  readonly state: State;
  /** Up to where the page has been handed everything, or told what is missing. Pass it as `from` to go on later. */
  readonly position: string | undefined;
  /** What the stream has counted, and where it went last. */
  inspect(): Inspection;
  /** The user has left: closes this stream, and with the option `share` every one of this browser with the same key. */
  logout(): void;
  /** Closes for good. Nothing is called afterwards. */
  close(): void;
  [Symbol.dispose](): void;
}

/** Opens a stream. Dialling starts after the current turn; what is closed before that dials nothing. */
export type Connect = <E extends object>(contract: Contract<E>, url: string | URL, options?: Options) => EventStream<E>;
