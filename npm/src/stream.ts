// One stream: handlers, queues and topics around the machine, which alone decides when and whether to connect.

import type { Told } from "../wasm/fetch.js";
import { read } from "../wasm/frames.js";
import { ADD, DELETE, DRAINED, FULL, RESTART } from "../wasm/numbers.js";
import { Browser } from "../wasm/browser.js";
import { streams } from "../wasm/probe.js";
import type { Raw as RawSink } from "../wasm/browser.js";
import type { EventStream } from "./api.js";
import type { Basic, Heard, Sink } from "./basic.js";
import type { Contract, EventNames } from "./contract.js";
import { decode } from "./decode.js";
import { EventwireError, refusal } from "./errors.js";
import { FAULT, GAP, Handlers, OUTDATED, STATE, type Unsubscribe } from "./handlers.js";
import { fault, type CloseCode, type Fault, type FaultReason, type Gap, type GapReason, type Inspection, type Item, type Meta, type Outdated, type State, type Transition } from "./items.js";
import { settings, type Options, type Settings } from "./options.js";
import { PullQueue } from "./queue.js";
import type { Shared } from "./share/share.js";
import { isPattern, joined } from "./topics.js";
import { fetching, load, Machine, type Source } from "./wasm.js";

/** `Connect`, with what an entry knows: where the wasm comes from. */
export function open<E extends object>(source: Source, contract: Contract<E>, url: string | URL, options: Options = {}): EventStream<E> {
  const { keep, signal } = options;
  const asked = settings(url, options);
  const of = [contract.hash, asked.url, asked.topics].join(" ");
  asked.from = keep?.read(of) ?? asked.from;
  const stream = new Stream(contract, asked);
  stream.moved = keep?.follow(of, stream);
  void stream.start(source, signal);
  return stream;
}

/** What a stream that is not ours does in its own way. */
export interface Raw extends RawSink {
  /** Takes an event, or keeps a comment to itself. */
  event(event: Heard): { readonly id: string } | undefined;
  /** The longest silence, in milliseconds; 0 for what the heartbeat allows. */
  readonly stall: number;
}

/** What is said of a fault. */
type Said = Parameters<typeof fault> extends [FaultReason, ...infer Rest] ? Rest : never;
type Counted = [heardAt: number, events: number, duplicates: number, gaps: number, faults: number, attempts: number, stalls: number];

export class Stream<E extends object> implements EventStream<E>, Sink {
  readonly #contract: Contract<E>;
  readonly #settings: Settings;
  readonly #raw: Raw | undefined;
  readonly #handlers = new Handlers();
  #machine: Machine | Basic | undefined;
  /** What the machine is told through; in basic mode there is no machine, and this is all of it. */
  #browser: Browser | Basic | undefined;
  #state: State = { kind: "idle", reason: "new" };
  /** What `topics` was asked before the machine was there. */
  #asked: [what: number, topics: string][] = [];
  readonly #queues = new Set<PullQueue<Item<E>>>();
  #full = false;
  /** The position before what comes next, while somebody pulls. */
  #before: string | undefined;
  /**
   * The position, where it is not the machine's: before there is one, once it is gone, and where a gap ends that handlers are
   * being told of: the machine is beyond the event behind it, the page is not.
   */
  #held: string | undefined;
  #faults = 0;
  #bytes = 0;
  #transitions: Transition[] = [];
  /** Hears that the position may have moved, and that it never will again. */
  moved: ((over?: boolean) => void) | undefined;
  /** Those it shares a connection with, if there is a way to find them. */
  #shared: Shared | undefined;
  readonly #over = new AbortController();
  /** When the server was last heard, and what the machine has counted; kept once it is gone. */
  #counted: Counted = [0, 0, 0, 0, 0, 0, 0];
  /** Content type and beginning of the last answer that was no stream. */
  #refused: [type: string, body: string] = ["", ""];
  /** What stands in the console already. */
  readonly #said = new Set<string>();

  constructor(contract: Contract<E>, settings: Settings, raw?: Raw) {
    this.#contract = contract;
    this.#settings = settings;
    this.#raw = raw;
    this.#held = settings.from === "earliest" ? "" : settings.from;
    if (Symbol.dispose) this[Symbol.dispose] = this.close;
  }

  declare [Symbol.dispose]: () => void;

  readonly topics = {
    add: (...topics: string[]): void => this.#tell(ADD, joined(topics)),
    delete: (...topics: string[]): void => this.#tell(DELETE, joined(topics)),
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
    const { fetch, share } = this.#settings;
    const [heardAt, events, duplicates, gaps, faults, attempts, stalls] = this.#counts();
    return {
      heardAt: heardAt ? this.#browser?.date(heardAt) : undefined,
      events,
      duplicates,
      gaps,
      faults: faults + this.#faults,
      attempts,
      stalls,
      bytes: fetch ? this.#bytes : undefined,
      transport: fetch ? "fetch" : "EventSource",
      position: this.position,
      hidden: globalThis.document?.visibilityState === "hidden",
      transitions: this.#transitions,
      share: share === undefined ? share : (this.#shared?.role ?? (this.#machine ? "unsupported" : "alone")),
    };
  }

  on<K extends EventNames<E>>(name: K, handler: (data: E[K], meta: Meta) => void): Unsubscribe {
    return this.#handlers.add(name, handler);
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
    return this.#handlers.add(GAP, handler);
  }

  onFault(handler: (fault: Fault) => void): Unsubscribe {
    return this.#handlers.add(FAULT, handler);
  }

  onState(handler: (state: State) => void): Unsubscribe {
    return this.#handlers.add(STATE, handler);
  }

  onOutdated(handler: (outdated: Outdated) => void): Unsubscribe {
    return this.#handlers.add(OUTDATED, handler);
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
    this.#finish("logout");
  }

  close(): void {
    this.#finish("closed");
  }

  restart(): void {
    this.#browser?.tell(RESTART); // only `connectRaw` has it, and never in basic mode
  }

  async start(source: Source, signal: AbortSignal | undefined): Promise<void> {
    const { url, topics, from, grace, fetch, request } = this.#settings;
    if (signal?.aborted) this.close();
    // A signal may live as long as the page, and would keep every stream it was given to. Of a controller, its signal is read.
    signal?.addEventListener("abort", () => this.close(), this.#over);
    // Without a URL the page is being rendered on a server: the stream stays idle.
    if (this.#closed || !url) return;
    const { names, hash } = this.#contract;
    const raw = this.#raw;
    try {
      // Meanwhile: whoever shares waits for both.
      const joined = this.#join();
      const blocked = await load(source, fetch).catch((error: EventwireError) => {
        if (error.code !== "wasm-blocked" || fetch || raw) throw error;
        return error;
      });
      await joined;
      const without = blocked && (await import("./basic.js")).basic;
      if (this.#closed) return;
      const basic = without?.(names, hash, this.#settings, this, blocked!.message, read, isPattern);
      const machine = basic ?? new Machine(`${hash}\n${names}\n${topics === undefined ? "" : `=${topics}`}\n${from}`, grace, raw?.stall ?? 0);
      const asked = {
        ...request,
        ...(fetch && fetching),
        raw,
        Source: this.#shared?.Source as typeof EventSource | undefined,
        refused: (...refused: [type: string, body: string]) => (this.#refused = refused),
        wrong: (text: string) => this.#say(text, text),
        counts: (bytes: number) => (this.#bytes += bytes),
      };
      this.#machine = machine;
      this.#held = "";
      this.#browser = basic ?? new Browser(url, asked, fetch, machine as Machine, this);
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
      this.#shared = await share(key, this.#settings, (request, url, id, told) => fetching!.dial(request, url, id, { ...told, streams } as Told), () => this.#finish("logout"));
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
    return this.#held || this.#machine?.position() || undefined;
  }

  #counts(): Counted {
    const machine = this.#machine;
    if (machine) this.#counted = this.#counted.map((_, n) => machine.counter(n)) as Counted;
    return this.#counted;
  }

  #tell(...asked: [what: number, topics: string]): void {
    if (this.#closed) return;
    if (this.#browser) this.#browser.tell(...asked);
    else this.#asked.push(asked);
  }

  event(event: Heard): void {
    const { type, lastEventId: id } = event;
    const name = type as EventNames<E>;
    const contract = this.#contract;
    if (this.#raw) {
      const own = this.#raw.event(event);
      if (own) this.#hand(name, event.data, own as never);
      return;
    }
    const slash = id.indexOf("/");
    // `epoch-offset.back/topic`: the position ends where continuity or topic begin.
    const meta: Meta = { topic: id.slice(slash + 1), position: id.slice(0, slash).split(".", 1)[0] as string };
    const { data, wrong } = decode(contract, name, event.data);
    if (wrong) return this.fault(wrong.reason, name, wrong.path, wrong.found, meta.topic, wrong.expected, meta.position, data);
    this.#hand(name, contract.convert ? contract.convert(name, data as never) : data, meta);
  }

  #hand(name: EventNames<E>, data: unknown, meta: Meta): void {
    this.#queue({ type: name, data, ...meta } as Item<E>);
    this.#handlers.call(name, data, meta);
    this.moved?.();
  }

  gap(reason: string, topics: string, position: string): void {
    const gap: Gap = { reason: reason as GapReason, topics: topics ? topics.split(",") : [], position: position || undefined };
    this.#held = position;
    this.#report(GAP, { type: "eventwire.gap", data: gap, topic: undefined, position: gap.position }, "gap", `events may be missing (${reason}) and no onGap handler refetches ${topics || "anything"}`);
    if (!this.#closed) this.#held = "";
    this.moved?.();
  }

  fault(reason: string, ...parts: Said): void {
    const data = fault(reason as FaultReason, ...parts);
    const { event, path, topic, position } = data;
    if (data.expected) this.#faults += 1; // the machine counts its own
    this.#report(FAULT, { type: "eventwire.fault", data, topic, position }, `${reason} ${event} ${path}`, data.message);
  }

  outdated(server: string, names: string): void {
    const { hash: page, names: ours } = this.#contract;
    const theirs = names.split(",");
    const outdated = { page, server, added: without(theirs, ours), removed: without(ours, theirs) };
    if (!this.#handlers.call(OUTDATED, outdated)) this.#say(page, `this page is outdated: ${JSON.stringify(outdated)}`);
  }

  news(kind: string, reason: string, nextAttemptAt: number, status: number, problem: string): void {
    const { url } = this.#settings;
    if (kind === "closed") {
      const code = reason as Exclude<CloseCode, "logout">;
      return this.#finish(code, code === "closed" || code === "no-content" ? undefined : refusal(url, code, status, problem, ...this.#refused));
    }
    if (kind === "open" && this.#state.kind === kind) return; // hello, said again
    if (reason === "no-hello") {
      const words = "answered, and said nothing for five seconds: something on the way buffers (nginx: proxy_buffering off), or it is another server's stream (connectRaw reads any)";
      this.#say(reason, `${url} ${words}`);
    }
    this.#enter({ kind, reason, nextAttemptAt: nextAttemptAt || undefined } as State);
  }

  /** All that came with what was told is handed on. */
  settled(): void {
    if (this.#queues.size) this.#before = this.#position();
  }

  /** Whether somebody hears of it. */
  #enter(state: State): boolean {
    this.#state = state;
    this.#transitions = [...this.#transitions.slice(-31), { at: Date.now(), ...state }];
    return this.#handlers.call(STATE, state);
  }

  #finish(reason: CloseCode, error?: EventwireError): void {
    if (this.#closed) return;
    this.#held = this.#position();
    if (!this.#enter({ kind: "closed", reason, error }) && error && !this.#queues.size) this.#say(reason, error.message);
    this.moved?.(true);
    this.#browser?.close();
    this.#shared?.close();
    this.#over.abort();
    // It holds the sink and the sink holds this stream: no collector sees through wasm. Not now, it may be running.
    queueMicrotask(() => {
      const machine = this.#machine;
      this.#counts();
      this.#browser = this.#machine = undefined;
      machine?.free();
    });
    for (const queue of this.#queues) queue.end(error);
    this.#handlers.clear();
  }

  /** Hands a gap or a fault to whoever wants it; if nobody does, it stands in the console. */
  #report(of: number, item: Item<E>, key: string, text: string): void {
    this.#queue(item);
    if (!this.#handlers.call(of, item.data) && !this.#queues.size) this.#say(key, text);
  }

  /** Hands an item to every loop, and stops reading when one has all it may. */
  #queue(item: Item<E>): void {
    if (this.#queues.size === 0) return;
    let longest = 0;
    for (const queue of this.#queues) {
      queue.push(item, this.#before);
      longest = Math.max(longest, queue.length);
    }
    // A gap and the event behind it arrive in one step, and the machine is beyond both.
    if (item.type === "eventwire.gap") this.#before = item.position ?? this.#before;
    if (longest >= this.#settings.queue && !this.#full) {
      this.#full = true;
      this.#browser?.tell(FULL);
    }
  }

  #say(key: string, text: string): void {
    if (this.#said.has(key) || this.#said.size >= 100) return;
    this.#said.add(key);
    console.error(`eventwire: ${text}`);
  }
}

const without = (names: readonly string[], known: readonly string[]): string[] => names.filter((name) => name && !known.includes(name));
