// A class to put in place of the global `EventSource`: the same face, by default with the client's machine behind it.
//
// Knows no contract: for typed events there is `connect`.

import { connectRaw, type Options } from "eventwire";
import { BYTES, open, over, type Asked, type Carrier, type Told } from "./spec.js";

/** How the stream behaves; what a standard `EventSource` takes is `withCredentials`. */
export interface EventSourceInit extends Pick<Options, "withCredentials" | "headers" | "method" | "body" | "fetch" | "background" | "grace"> {
  /**
   * `"eventwire"`, the default: waits that grow and are spread, retries after 408, 425, 429 and 5xx, a pause while the page
   * is hidden, silence that is noticed. `"spec"`: what the standard says, to the letter, and no WebAssembly.
   */
  readonly mode?: "eventwire" | "spec";
  /** Behind which event to start. */
  readonly lastEventId?: string;
  /** How long silence is believed, in milliseconds; not in `"spec"` mode. Default: for ever. */
  readonly stall?: number;
  /** Most bytes of one event; not in `"spec"` mode, where there is no bound. Default: 16 MiB. */
  readonly largest?: number;
  /** Hears the comments, which an `EventSource` swallows. */
  readonly onComment?: (text: string) => void;
}

/** Why the connection was lost or the stream failed. */
export interface EventSourceErrorEvent extends Event {
  /** The answer's status, if there was one. */
  readonly code: number | undefined;
  readonly message: string | undefined;
}

type Handler<E extends Event> = ((this: globalThis.EventSource, event: E) => unknown) | null;

/** The member of its options by which the class hands itself the bytes it is made of. */
const STREAM = Symbol();

const STATES = { CONNECTING: 0, OPEN: 1, CLOSED: 2 } as const;

export interface EventSource {
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSED: 2;
  addEventListener<K extends keyof EventSourceEventMap>(type: K, listener: (this: globalThis.EventSource, event: EventSourceEventMap[K]) => unknown, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: (this: globalThis.EventSource, event: MessageEvent) => unknown, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof EventSourceEventMap>(type: K, listener: (this: globalThis.EventSource, event: EventSourceEventMap[K]) => unknown, options?: boolean | EventListenerOptions): void;
  removeEventListener(type: string, listener: (this: globalThis.EventSource, event: MessageEvent) => unknown, options?: boolean | EventListenerOptions): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

/** A drop-in `EventSource`. Reads by `fetch`: it hears every event, and DevTools show a request without an event list. */
export class EventSource extends EventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSED: 2;

  /**
   * Reads an event stream that is there already, such as a response's body. `origin` is "null"; the end of the bytes, or what
   * breaks them, is the source's: one `error`, CLOSED. `close()` cancels them.
   */
  static fromReadableStream(stream: ReadableStream<Uint8Array>): EventSource {
    return new this(BYTES, { mode: "spec", [STREAM]: stream } as EventSourceInit);
  }

  readonly #url: string;
  readonly #withCredentials: boolean;
  readonly #handlers = new Map<string, { handler: Handler<Event> }>();
  #carrier: Carrier | undefined;
  #readyState: 0 | 1 | 2 = 0;
  #origin: string;

  constructor(url: string | URL, init: EventSourceInit = {}) {
    super();
    if (arguments.length === 0) throw new TypeError("Failed to construct 'EventSource': 1 argument required, but only 0 present.");
    const { mode = "eventwire", onComment, withCredentials = false, lastEventId = "" } = init ?? {};
    const { href, origin } = parsed(url);
    this.#url = href;
    this.#origin = origin;
    this.#withCredentials = Boolean(withCredentials);
    const told: Told = {
      opened: (url) => {
        this.#origin = new URL(url).origin;
        this.#readyState = STATES.OPEN;
        this.dispatchEvent(new Event("open"));
      },
      event: (type, data, lastEventId) => {
        if (data !== undefined) this.dispatchEvent(new MessageEvent(type, { data, origin: this.#origin, lastEventId }));
      },
      comment: (text) => onComment?.(text),
      lost: (code, message, quiet) => {
        this.#readyState = STATES.CONNECTING;
        if (!quiet) this.#failed(code, message);
      },
      failed: (code, message) => {
        this.#readyState = STATES.CLOSED;
        this.#failed(code, message);
      },
    };
    const asked = { ...init, url: href, lastEventId, withCredentials: this.#withCredentials };
    const bytes = (init as { [STREAM]?: ReadableStream<Uint8Array> } | null)?.[STREAM];
    if (bytes) this.#carrier = over(bytes, told);
    else if (mode === "spec") this.#carrier = open(asked, told);
    else this.#carrier = ours(asked, told, (carrier) => (this.#carrier = carrier));
  }

  get url(): string {
    return this.#url;
  }

  get withCredentials(): boolean {
    return this.#withCredentials;
  }

  get readyState(): 0 | 1 | 2 {
    return this.#readyState;
  }

  /** The last event ID in force, behind which it comes back. */
  get lastEventId(): string {
    return this.#carrier?.lastEventId ?? "";
  }

  /** How long it waits after a lost connection, in milliseconds; in the default mode no one time. */
  get reconnectionTime(): number | undefined {
    return this.#carrier?.wait;
  }

  get onopen(): Handler<Event> {
    return this.#handler("open");
  }
  set onopen(handler: Handler<Event>) {
    this.#handle("open", handler);
  }

  get onmessage(): Handler<MessageEvent> {
    return this.#handler("message") as Handler<MessageEvent>;
  }
  set onmessage(handler: Handler<MessageEvent>) {
    this.#handle("message", handler);
  }

  get onerror(): Handler<Event> {
    return this.#handler("error");
  }
  set onerror(handler: Handler<Event>) {
    this.#handle("error", handler);
  }

  /** Closes for good. Nothing is dispatched afterwards. */
  close(): void {
    this.#readyState = STATES.CLOSED;
    this.#carrier?.close();
  }

  /** Closes the running connection and opens another behind the last event, without waiting and without an `error` event. */
  restart(): void {
    this.#carrier?.restart();
  }

  declare [Symbol.dispose]: () => void;

  #failed(code: number | undefined, message: string): void {
    this.dispatchEvent(Object.assign(new Event("error"), { code, message }));
  }

  #handler(name: string): Handler<Event> {
    return this.#handlers.get(name)?.handler ?? null;
  }

  /** A handler keeps its place among the listeners when another takes over, and loses it to `null`. */
  #handle(name: string, handler: unknown): void {
    const before = this.#handlers.get(name);
    if (typeof handler !== "function") {
      if (before) this.removeEventListener(name, before as never);
      this.#handlers.delete(name);
    } else if (before) before.handler = handler as Handler<Event>;
    else {
      const entry = { handler: handler as Handler<Event>, handleEvent: (event: Event) => entry.handler?.call(this as never, event) };
      this.#handlers.set(name, entry);
      this.addEventListener(name, entry as never);
    }
  }
}

for (const [name, value] of Object.entries(STATES)) {
  for (const place of [EventSource, EventSource.prototype]) Object.defineProperty(place, name, { value, enumerable: true });
}
for (const name of ["url", "withCredentials", "readyState", "lastEventId", "reconnectionTime", "onopen", "onmessage", "onerror", "close"]) {
  Object.defineProperty(EventSource.prototype, name, { enumerable: true });
}
// Bundlers rename what is called like a global.
Object.defineProperty(EventSource, "name", { value: "EventSource", configurable: true });
Object.defineProperty(EventSource.prototype, Symbol.toStringTag, { value: "EventSource", configurable: true });
// Not everywhere is there such a symbol.
if (Symbol.dispose) Object.defineProperty(EventSource.prototype, Symbol.dispose, { value: EventSource.prototype.close, writable: true, configurable: true });

function parsed(url: string | URL): URL {
  try {
    return new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href);
  } catch {
    throw new DOMException(`Failed to construct 'EventSource': Cannot open an EventSource to '${String(url)}'. The URL is invalid.`, "SyntaxError");
  }
}

/** The client's own way. Where WebAssembly is forbidden, the standard's. */
function ours(asked: Asked & EventSourceInit, told: Told, becomes: (carrier: Carrier) => void): Carrier {
  const { url, mode: _mode, onComment: _onComment, fetch: own, headers, ...rest } = asked;
  let [from, before] = [url, "idle"];
  const stream = connectRaw(url, {
    ...rest,
    headers,
    fetch: async (url, init) => {
      const via = own ?? fetch;
      // Whoever asks in our place spreads the headers.
      const response = await via(url, { ...init, headers: Object.fromEntries(init?.headers as Headers) });
      from = response.url || `${String(url)}`;
      return response;
    },
  });
  stream.onEvent(({ type, data, id }) => told.event(type, data, id));
  stream.onComment((text) => told.comment(text));
  stream.onState((state) => {
    const was = before;
    before = state.kind;
    switch (state.kind) {
      case "open":
        return told.opened(from);
      case "waiting":
        return was === "waiting" ? undefined : told.lost(undefined, state.reason, false);
      case "connecting":
      case "paused":
        return was === "open" ? told.lost(undefined, state.reason, true) : undefined;
      case "closed":
        if (state.reason === "closed") return;
        if (state.reason !== "wasm-blocked") return told.failed(state.error?.status ?? 204, state.error?.message ?? "the server has no more");
        console.warn(`eventwire: ${state.error?.message}; until then this EventSource is in "spec" mode`);
        return becomes(open(asked, told));
    }
  });
  return stream;
}
