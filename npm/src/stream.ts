// One stream: handlers, queues and topics around the machine, which alone decides when and whether to connect.

/// <reference lib="esnext.disposable" preserve="true" />

import { read } from "../wasm/frames.js";
import { streams } from "../wasm/probe.js";
import type { Basic, Sink } from "./basic.js";
import type { Contract, EventNames } from "./contract.js";
import { decode } from "./decode.js";
import { EventwireError, refusal } from "./errors.js";
import { fault, type CloseCode, type Fault, type FaultReason, type Gap, type GapReason, type Inspection, type Item, type Meta, type Outdated, type State, type Transition } from "./items.js";
import { settings, type Options, type Settings } from "./options.js";
import { PullQueue } from "./queue.js";
import type { Shared } from "./share/share.js";
import { isPattern, joined } from "./topics.js";
import { ADD, Browser, DELETE, DRAINED, FULL, RESTART } from "../wasm/browser.js";
import { fetching, load, Machine, type Source } from "./wasm.js";

/** Ends a subscription. For `using`, too. */
export interface Unsubscribe {
  (): void;
  [Symbol.dispose](): void;
}

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

/** `Connect`, with what an entry knows: where the wasm comes from. */
export function open<E extends object>(source: Source, contract: Contract<E>, url: string | URL, options: Options = {}): EventStream<E> {
  const { keep } = options;
  const asked = settings(url, options);
  const of = [contract.hash, asked.url, asked.topics].join(" ");
  const stream = new Stream(contract, { ...asked, from: keep?.read(of) ?? asked.from });
  stream.moved = keep?.follow(of, stream);
  stream.obey(options.signal);
  void stream.start(source);
  return stream;
}

/** What a stream that is not ours does in its own way. */
export interface Raw {
  /** Takes an event, or keeps a comment to itself. */
  event(event: MessageEvent<string>): { readonly id: string } | undefined;
  /** What the machine asks and says besides. */
  readonly sink: {
    /** Is told how to say a frame in the server's place. */
    speaks(frame: (name: string, id: string, data: string) => void): void;
    opened(): void;
    read(id: string, retry: number): void;
    resume(): string;
  };
  /** The longest silence, in milliseconds; 0 for what the heartbeat allows. */
  readonly stall: number;
  /** Most bytes of a line, and of one event's data. */
  readonly largest: number;
}

/** What a handler is kept in: an object of its own, so that a function given twice is called twice. */
interface Entry<T extends unknown[]> {
  readonly call: (...args: T) => void;
}
type Entries<T extends unknown[]> = Set<Entry<T>>;

export class Stream<E extends object> implements EventStream<E> {
  readonly #raw: Raw | undefined;
  readonly #contract: Contract<E>;
  readonly #settings: Settings;
  #machine: Machine | Basic | undefined;
  #state: State = { kind: "idle", reason: "new" };
  /** What `topics` was asked before the machine was there. */
  #asked: [what: number, topics: string][] = [];
  /** What the machine is told through; in basic mode there is no machine, and this is all of it. */
  #browser: Browser | Basic | undefined;
  readonly #on = new Map<string, Entries<[never, Meta]>>();
  readonly #onGap: Entries<[Gap]> = new Set();
  readonly #onFault: Entries<[Fault]> = new Set();
  readonly #onState: Entries<[State]> = new Set();
  readonly #onOutdated: Entries<[Outdated]> = new Set();
  readonly #queues = new Set<PullQueue<Item<E>>>();
  #full = false;
  /** The position before the newest event, while somebody pulls. */
  #before: string | undefined;
  /** Where the gap ends that handlers are being told of: the machine is beyond the event behind it, the page is not. */
  #gapAt: string | undefined;
  #faults = 0;
  #bytes = 0;
  #transitions: Transition[] = [];
  /** Hears that the position may have moved, and that it never will again. */
  moved: ((over?: boolean) => void) | undefined;
  /** Those it shares a connection with, if there is a way to find them. */
  #shared: Shared | undefined;
  #disobey = (): void => {};
  /** What the machine last counted, and where it was, once it is gone. */
  #counted: number[] = [];
  #ended: string | undefined;
  /** Content type and beginning of the last answer that was no stream. */
  #refused: [type: string, body: string] = ["", ""];
  /** What stands in the console already. */
  readonly #said = new Set<string>();

  constructor(contract: Contract<E>, settings: Settings, raw?: Raw) {
    this.#raw = raw;
    this.#contract = contract;
    this.#settings = settings;
    if (Symbol.dispose) this[Symbol.dispose] = this.close;
  }

  [Symbol.dispose]!: () => void;

  readonly topics = {
    add: (...topics: string[]): void => {
      const list = joined(topics);
      this.#tell(ADD, list);
    },
    delete: (...topics: string[]): void => {
      const list = joined(topics);
      this.#tell(DELETE, list);
    },
  };

  get state(): State {
    return this.#state;
  }

  get position(): string | undefined {
    // What waits in a queue is not handed over yet. The longest queue holds the oldest item.
    let oldest: PullQueue<Item<E>> | undefined;
    for (const queue of this.#queues) if (queue.length > (oldest?.length ?? 0)) oldest = queue;
    return oldest ? oldest.before : this.#position();
  }

  inspect(): Inspection {
    const counter = (n: number): number => this.#machine?.counter(n) ?? this.#counted[n] ?? 0;
    return {
      heardAt: counter(0) ? this.#browser?.date(counter(0)) : undefined,
      events: counter(1),
      duplicates: counter(2),
      gaps: counter(3),
      faults: counter(4) + this.#faults,
      attempts: counter(5),
      stalls: counter(6),
      bytes: this.#settings.fetch ? this.#bytes : undefined,
      transport: this.#settings.fetch ? "fetch" : "EventSource",
      position: this.position,
      hidden: globalThis.document?.visibilityState === "hidden",
      transitions: this.#transitions,
      share: this.#settings.share === undefined ? undefined : (this.#shared?.role ?? (this.#machine ? "unsupported" : "alone")),
    };
  }

  on<K extends EventNames<E>>(name: K, handler: (data: E[K], meta: Meta) => void): Unsubscribe {
    let entries = this.#on.get(name);
    if (!entries) this.#on.set(name, (entries = new Set()));
    return subscribe(entries as unknown as Entries<[E[K], Meta]>, handler);
  }

  once<K extends EventNames<E>>(name: K, handler: (data: E[K], meta: Meta) => void): Unsubscribe;
  once<K extends EventNames<E>>(name: K): Promise<{ readonly data: E[K] } & Meta>;
  once<K extends EventNames<E>>(name: K, handler?: (data: E[K], meta: Meta) => void): Unsubscribe | Promise<{ readonly data: E[K] } & Meta> {
    if (handler) {
      const off = this.on(name, (data, meta) => {
        off();
        handler(data, meta);
      });
      return off;
    }
    return new Promise((resolve, reject) => {
      const over = (state: State): void => {
        if (state.kind === "closed") reject(state.error ?? new EventwireError(state.reason, "closed"));
      };
      const ended = this.onState(over);
      this.once(name, (data, meta) => {
        ended();
        resolve({ data, ...meta });
      });
      over(this.#state);
    });
  }

  onGap(handler: (gap: Gap) => void): Unsubscribe {
    return subscribe(this.#onGap, handler);
  }

  onFault(handler: (fault: Fault) => void): Unsubscribe {
    return subscribe(this.#onFault, handler);
  }

  onState(handler: (state: State) => void): Unsubscribe {
    return subscribe(this.#onState, handler);
  }

  onOutdated(handler: (outdated: Outdated) => void): Unsubscribe {
    return subscribe(this.#onOutdated, handler);
  }

  [Symbol.asyncIterator](): AsyncIterator<Item<E>, undefined> {
    const drained = (): void => {
      if (!this.#full || this.#closed) return;
      for (const queue of this.#queues) if (queue.length > 0) return;
      this.#full = false;
      this.#browser?.tell(DRAINED);
    };
    const queue = new PullQueue<Item<E>>(drained, () => {
      this.#queues.delete(queue);
      drained();
    });
    if (this.#state.kind === "closed") queue.end(this.#state.error);
    else {
      this.#before = this.#position();
      this.#queues.add(queue);
    }
    return queue;
  }

  logout(): void {
    this.#shared?.logout();
    this.#finish("logout", undefined);
  }

  close(): void {
    this.#finish("closed", undefined);
  }

  restart(): void {
    this.#browser?.tell(RESTART); // only `connectRaw` has it, and never in basic mode
  }

  obey(signal: AbortSignal | undefined): void {
    if (signal?.aborted) return this.close();
    const abort = (): void => this.close();
    signal?.addEventListener("abort", abort);
    // A signal may live as long as the page, and would keep every stream it was given to.
    this.#disobey = () => signal?.removeEventListener("abort", abort);
  }

  async start(source: Source): Promise<void> {
    const { url, topics, from, grace, fetch, request } = this.#settings;
    // Without a URL the page is being rendered on a server: the stream stays idle.
    if (this.#closed || !url) return;
    const { names, hash } = this.#contract;
    try {
      // Meanwhile: whoever shares waits for both.
      const joined = this.#join();
      const sink: Sink = {
        isPattern,
        read,
        event: (event: MessageEvent<string>) => this.#event(event),
        gap: (reason, topics, position) => this.#gap(reason as GapReason, topics, position),
        fault: (reason, event, path, found, topic) =>
          this.#fault(fault({ reason: reason as FaultReason, event, path, expected: "", found: `${found}`, topic: topic || undefined, position: undefined, data: undefined })),
        outdated: (server, names) => this.#outdated(server, names.split(",")),
        state: (...news) => this.#news(news),
      };
      const asked = {
        ...request,
        refused: (...refused: [type: string, body: string]) => (this.#refused = refused),
        wrong: (text: string) => this.#say(text, text),
        counts: (bytes: number) => (this.#bytes += bytes),
        raw: this.#raw && { ...this.#raw.sink, largest: this.#raw.largest, event: (event: MessageEvent<string>) => this.#event(event) },
      };
      const text = [hash, names.join(), topics === undefined ? "" : `=${topics}`, from].join("\n");
      const carrier = await load(source, fetch).then(
        async () => {
          await joined;
          return () => {
            const machine = new Machine(text, grace, this.#raw?.stall ?? 0);
            this.#machine = machine;
            return new Browser(url, { ...asked, dial: fetching?.dial, Source: this.#shared?.Source as typeof EventSource | undefined }, fetch, machine, sink);
          };
        },
        async (error: EventwireError) => {
          if (error.code !== "wasm-blocked" || fetch || this.#raw) throw error;
          await joined;
          const { basic } = await import("./basic.js");
          return () => (this.#machine = basic(names, hash, this.#settings, sink, error.message));
        },
      );
      if (this.#closed) return;
      this.#browser = carrier();
      this.#browser.start();
      for (const asked of this.#asked.splice(0)) this.#browser.tell(...asked);
    } catch (error) {
      const { code } = error as EventwireError;
      this.#finish(code === "wasm-blocked" ? code : "failed", error as EventwireError);
    }
  }

  /** Finds those it shares a connection with. Without them it has its own. */
  async #join(): Promise<void> {
    const { share: key } = this.#settings;
    if (key === undefined) return;
    try {
      const { share } = await import("./share/share.js");
      this.#shared = await share(key, this.#settings, (request, url, id, told) => fetching.dial(request, url, id, { ...told, streams }), () => this.#finish("logout", undefined));
      if (this.#state.reason === "logout") this.#shared?.logout();
      if (this.#closed) this.#shared?.close();
    } catch (error) {
      this.#say("share", `this tab does not share: ${error}`);
    }
  }

  get #closed(): boolean {
    return this.#state.kind === "closed";
  }

  #position(): string | undefined {
    const { from } = this.#settings;
    if (this.#ended || this.#gapAt) return this.#ended || this.#gapAt;
    return this.#machine ? this.#machine.position() || undefined : from && from !== "earliest" ? from : undefined;
  }

  #tell(...asked: [what: number, topics: string]): void {
    if (this.#closed) return;
    if (this.#browser) this.#browser.tell(...asked);
    else this.#asked.push(asked);
  }

  #event(event: MessageEvent<string>): void {
    const name = event.type as EventNames<E>;
    if (this.#raw) {
      const own = this.#raw.event(event);
      if (own) this.#hand(name, event.data as never, own as never);
      return;
    }
    const id = event.lastEventId;
    const slash = id.indexOf("/");
    // `epoch-offset.back/topic`: the position ends where continuity or topic begin.
    const meta: Meta = { topic: id.slice(slash + 1), position: id.slice(0, slash).split(".", 1)[0] as string };
    const { data, wrong } = decode(this.#contract, name, event.data);
    if (wrong) return this.#fault(fault({ ...wrong, event: name, data, ...meta }));
    this.#hand(name, this.#contract.convert ? this.#contract.convert(name, data) : data, meta);
  }

  #hand(name: EventNames<E>, data: unknown, meta: Meta): void {
    this.#queue({ type: name, data, ...meta } as Item<E>);
    this.#call(this.#on.get(name), data as never, meta);
    this.moved?.();
  }

  #gap(reason: GapReason, topics: string, position: string): void {
    const gap: Gap = { reason, topics: topics ? topics.split(",") : [], position: position || undefined };
    this.#queue({ type: "eventwire.gap", data: gap, topic: undefined, position: gap.position });
    if (this.#onGap.size + this.#queues.size === 0) {
      this.#say("gap", `events may be missing (${reason}) and no onGap handler refetches ${topics || "anything"}`);
    }
    this.#gapAt = gap.position;
    this.#call(this.#onGap, gap);
    this.#gapAt = undefined;
    this.moved?.();
  }

  #fault(fault: Fault): void {
    if (fault.expected) this.#faults += 1; // the machine counts its own
    this.#queue({ type: "eventwire.fault", data: fault, topic: fault.topic, position: fault.position });
    if (this.#onFault.size + this.#queues.size === 0) this.#say(`${fault.reason} ${fault.event} ${fault.path}`, fault.message);
    this.#call(this.#onFault, fault);
  }

  #outdated(server: string, theirs: string[]): void {
    const { hash: page, names } = this.#contract;
    const outdated = { page, server, added: without(theirs, names), removed: without(names, theirs) };
    if (!this.#onOutdated.size) this.#say(page, `this page is outdated: ${JSON.stringify(outdated)}`);
    this.#call(this.#onOutdated, outdated);
  }

  #news([kind, reason, nextAttemptAt, status, problem]: News): void {
    if (kind === "closed") {
      const code = reason as Exclude<CloseCode, "logout">;
      if (code === "closed" || code === "no-content") return this.#finish(code, undefined);
      return this.#finish(code, refusal(this.#settings.url, code, status, problem, ...this.#refused));
    }
    if (kind === "open" && this.#state.kind === kind) return; // hello, said again
    if (reason === "no-hello") {
      const words = "answered, and said nothing for five seconds: something on the way buffers (nginx: proxy_buffering off), or it is another server's stream (connectRaw reads any)";
      this.#say(reason, `${this.#settings.url} ${words}`);
    }
    this.#enter({ kind, reason, nextAttemptAt: nextAttemptAt || undefined } as State);
  }

  #enter(state: State): void {
    this.#state = state;
    this.#transitions = [...this.#transitions.slice(-31), { at: Date.now(), ...state }];
    for (const entry of [...this.#onState]) if (this.#onState.has(entry)) run(() => entry.call(state));
  }

  #finish(reason: CloseCode, error: EventwireError | undefined): void {
    if (this.#closed) return;
    const machine = this.#machine;
    this.#ended = this.#gapAt;
    if (error && this.#onState.size + this.#queues.size === 0) this.#say(reason, error.message);
    this.#enter({ kind: "closed", reason, error });
    this.moved?.(true);
    this.#browser?.close();
    this.#shared?.close();
    this.#disobey();
    // It holds the sink and the sink holds this stream: no collector sees through wasm. Not now, it may be running.
    queueMicrotask(() => {
      this.#ended = this.#position();
      this.#counted = [0, 1, 2, 3, 4, 5, 6].map((n) => machine?.counter(n) ?? 0);
      this.#browser = this.#machine = undefined;
      machine?.free();
    });
    for (const queue of this.#queues) queue.end(error);
    // The sets themselves: a loop over one may be running further up the stack.
    for (const entries of [...this.#on.values(), this.#onGap, this.#onFault, this.#onState, this.#onOutdated]) entries.clear();
  }

  /** Hands an item to every loop, and stops reading when one has all it may. */
  #queue(item: Item<E>): void {
    if (this.#queues.size === 0) return;
    let longest = 0;
    for (const queue of this.#queues) {
      queue.push(item, this.#before);
      longest = Math.max(longest, queue.length);
    }
    // A gap and the event behind it arrive in one step, and the position is beyond both: only the event moves on.
    if (item.type !== "eventwire.gap") this.#before = this.#position();
    if (longest >= this.#settings.queue && !this.#full) {
      this.#full = true;
      this.#browser?.tell(FULL);
    }
  }

  #call<T extends unknown[]>(entries: Entries<T> | undefined, ...args: T): void {
    if (!entries) return;
    // A copy: what a handler adds is for the next event. What it removes, or a close, counts at once.
    for (const entry of [...entries]) if (entries.has(entry)) run(() => entry.call(...args));
  }

  #say(key: string, text: string): void {
    if (this.#said.has(key) || this.#said.size >= 100) return;
    this.#said.add(key);
    console.error(`eventwire: ${text}`);
  }
}

const without = (names: readonly string[], known: readonly string[]): string[] => names.filter((name) => name && !known.includes(name));

/** What the machine says of its state. */
type News = Parameters<Sink["state"]>;

function subscribe<T extends unknown[]>(entries: Entries<T>, call: (...args: T) => void): Unsubscribe {
  const entry = { call };
  entries.add(entry);
  return disposable(() => void entries.delete(entry));
}

/** What is called to end something, and ends it with its block under `using` where there is such a thing. */
export function disposable(off: () => void): Unsubscribe {
  return Object.assign(off, Symbol.dispose && { [Symbol.dispose]: off }) as Unsubscribe;
}

/** Runs the page's code: what it throws is reported like any uncaught error, and stops nothing of ours. */
export function run(code: () => void): void {
  try {
    code();
  } catch (error) {
    if (typeof reportError === "function") reportError(error);
    else console.error(error);
  }
}
