// Any server's event stream: the same machine and transports, without a contract and without hello.
//
// Says in the server's place what the machine has to hear: a hello when the answer begins, a beat when something came.

import type { Heard } from "./basic.js";
import { EventwireError } from "./errors.js";
import { disposable, run, type Unsubscribe } from "./handlers.js";
import type { Inspection, State } from "./items.js";
import { settings, type Options } from "./options.js";
import { Stream } from "./stream.js";
import type { Source } from "./wasm.js";

/** One event of a stream that is not ours. */
export interface RawEvent {
  /** The `event:` field; `message` if there was none. */
  readonly type: string;
  readonly data: string;
  /** The last event ID in force. */
  readonly id: string;
}

/** Where a raw stream is: like any other, but open as soon as the answer begins. */
export type RawState = Exclude<State, { readonly kind: "open" }> | typeof OPEN;

/** How a raw stream behaves. */
export interface RawOptions extends Omit<Options, "topics" | "from" | "keep"> {
  /**
   * Names to listen for. An `EventSource` hands over only what is listened for, besides events without a name; over
   * `fetch` all come.
   */
  readonly names?: readonly string[];
  /** Behind which event to start: in the header `Last-Event-ID` over `fetch`, else in the query as `lastEventId`. */
  readonly lastEventId?: string | undefined;
  /**
   * How often the server says something, in milliseconds, if only a comment (over `fetch`). One that is silent for twice as
   * long and ten seconds is dialled anew. Default: an hour.
   */
  readonly heartbeat?: number;
  /** Or at once how long silence is believed, in milliseconds, from 1 on. Over `fetch` any byte ends a silence. */
  readonly stall?: number | undefined;
  /**
   * Most bytes of one line, and of one event's data, over `fetch`: the connection ends at a longer one, the page is told, and
   * another is dialled. From 1 MiB to 512; several times as much memory is needed. Default: 16 MiB.
   */
  readonly largest?: number | undefined;
}

/** The events of any server. Lost connections come back behind the last id. */
export interface RawStream extends AsyncIterable<RawEvent> {
  /** Calls `handler` for each event of this name, in order; `message` are those without. */
  on(name: string, handler: (data: string, meta: { readonly id: string }) => void): Unsubscribe;
  /** Calls `handler` for each event, whatever its name; over `EventSource`, of those that are listened for. */
  onEvent(handler: (event: RawEvent) => void): Unsubscribe;
  /** Calls `handler` for each comment. Only over `fetch`. */
  onComment(handler: (text: string) => void): Unsubscribe;
  /** Calls `handler` when the stream is somewhere else than before. */
  onState(handler: (state: RawState) => void): Unsubscribe;
  readonly state: RawState;
  /** The last event ID in force; empty before the first. */
  readonly lastEventId: string;
  inspect(): Inspection;
  /** Closes the running connection and opens another behind the last event, without waiting. */
  restart(): void;
  /** Closes for good. Nothing is called afterwards. */
  close(): void;
  [Symbol.dispose](): void;
}

const OPEN = { kind: "open", reason: "answer", nextAttemptAt: undefined } as const;
/** Where a stream is that has no positions. */
const HERE = "000000000000-1";

/** Opens a stream of any server. Dialling starts after the current turn; what is closed before that dials nothing. */
export type ConnectRaw = (url: string | URL, options?: RawOptions) => RawStream;

/** `ConnectRaw`, with what an entry knows: where the wasm comes from. */
export function openRaw(source: Source, url: string | URL, options: RawOptions = {}): RawStream {
  const { names = [], lastEventId = "", heartbeat = 3_600_000, stall, largest = 16 << 20, ...rest } = options;
  const asked = settings(url, rest);
  for (const name of names) {
    if (!asked.fetch && (!/^[^\s,\p{Cc}]{1,128}$/u.test(name) || name === "open" || name === "error")) throw unheard(name, "cannot be told apart by EventSource");
  }
  if (!(heartbeat > 0)) throw new EventwireError("invalid-option", `options.heartbeat is ${heartbeat}; it must be milliseconds, over 0`);
  if (stall !== undefined && !(stall >= 1)) throw new EventwireError("invalid-option", `options.stall is ${stall}; it must be milliseconds, 1 or more`);
  if (!(largest >= 1 << 20 && largest <= 512 << 20)) throw new EventwireError("invalid-option", `options.largest is ${largest}; it must be bytes, from ${1 << 20} to ${512 << 20}`);
  let [id, retry, events] = [lastEventId, 1000, 0];
  const comments: Handlers<string> = new Set();
  const all: Handlers<RawEvent> = new Set();
  const tell = <T>(handlers: Handlers<T>, news: T): void => {
    for (const entry of [...handlers]) if (handlers.has(entry) && stream.state.kind !== "closed") run(() => entry.call(news));
  };
  let frame = (_event: Heard): void => {};
  const say = (name: string, data: object): void => frame({ type: `eventwire.${name}`, data: JSON.stringify(data), lastEventId: HERE });
  const hello = (): void => {
    const own = names.filter((name) => name !== "message" && !asked.fetch);
    say("hello", { v: 1, start: HERE, head: HERE, names: own, contract: "", topics: ["**"], denied: [], heartbeat: Math.ceil(heartbeat), spread: 1000, retry });
    say("cursor", { kind: "live" });
  };
  const stream = new Stream<Record<string, string>>({ name: "", hash: "", names: [], validate: {} }, asked, {
    event: ({ type, data, lastEventId }) => {
      if (!asked.fetch) say("cursor", { kind: "beat" });
      if (type) {
        events += 1;
        // A new EventSource does not know what the one before it has read.
        id = lastEventId || (asked.fetch ? "" : id);
        // A handler may restart the stream: what it is handed is of this event.
        const own = { id };
        tell(all, { type, data, id });
        return own;
      }
      tell(comments, data);
      return undefined;
    },
    stall: stall ?? 0,
    largest: Math.floor(largest),
    speaks: (how) => (frame = how),
    opened: hello,
    read: (last, floor) => {
      id = last;
      if (!floor || floor === retry) return say("cursor", { kind: "beat" });
      retry = floor;
      hello();
    },
    // A header over fetch; a new EventSource sends none.
    resume: () => (asked.fetch ? ["", id] : [id && `lastEventId=${encodeURIComponent(id)}`, ""]),
  });
  void stream.start(source, options.signal);
  const shown = (state: State): RawState => (state.kind === "open" ? OPEN : state);
  const raw: Omit<RawStream, typeof Symbol.dispose> & Partial<RawStream> = {
    on(name, handler) {
      if (!asked.fetch && name !== "message" && !names.includes(name)) throw unheard(name, "is not in options.names");
      return stream.on(name, handler as never);
    },
    onEvent: (handler) => subscribe(all, handler),
    onComment: (handler) => subscribe(comments, handler),
    onState: (handler) => stream.onState((state) => handler(shown(state))),
    get state() {
      return shown(stream.state);
    },
    get lastEventId() {
      return id;
    },
    inspect: () => ({ ...stream.inspect(), events }),
    restart: () => stream.restart(),
    close: () => stream.close(),
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator]() as unknown as AsyncIterator<RawEvent, undefined>,
  };
  // Not everywhere is there such a symbol.
  if (Symbol.dispose) Object.assign(raw, { [Symbol.dispose]: raw.close });
  return raw as RawStream;
}

/** What handlers are kept in: each an object of its own, so that a function given twice is called twice. */
type Handlers<T> = Set<{ readonly call: (news: T) => void }>;

function subscribe<T>(handlers: Handlers<T>, call: (news: T) => void): Unsubscribe {
  const entry = { call };
  handlers.add(entry);
  return disposable(() => void handlers.delete(entry));
}

function unheard(name: string, why: string): EventwireError {
  const words = `the event name ${JSON.stringify(name)} ${why}: list it there, or let fetch carry the stream (headers: {}), which hears all`;
  return new EventwireError("invalid-option", words);
}
