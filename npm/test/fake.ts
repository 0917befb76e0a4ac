// A browser's `EventSource` and `fetch` that a test plays the server of, and a stream over either. The machine inside is
// the real wasm.

import { mock, test } from "node:test";

import { connect, type Contract, type EventStream, type Options } from "eventwire";
import { EventSource as Standard } from "eventwire/eventsource";

export type Shop = { tick: { n: number }; note: string };

export const EPOCH = "k3f9x2m1q0ab";

export const SHOP: Contract<Shop> = {
  name: "Shop",
  hash: "0123456789abcdef",
  names: ["tick", "note"],
  validate: {
    tick: (value) => {
      const n = (value as { n?: unknown } | null)?.n;
      return typeof n === "number" ? null : { path: "/n", expected: "a number", found: typeof n };
    },
    note: (value) => (typeof value === "string" ? null : { path: "", expected: "a string", found: typeof value }),
  },
};

/** One attempt, as its server sees it. What it says has been heard when its promise resolves. */
export abstract class Line extends EventTarget {
  /** Every attempt since the last `dial`, on either transport. */
  static all: Line[] = [];
  constructor(readonly url: string) {
    super();
    Line.all.push(this);
  }
  abstract readonly closed: boolean;
  /** The response begins. */
  abstract opens(): Promise<void>;
  /** One event or frame. Whoever hung up hears nothing. */
  abstract says(event: string, data: unknown, id?: string): Promise<void>;
  /** The connection breaks. */
  abstract breaks(): Promise<void>;
  /** An answer that is no stream. */
  abstract refuses(answer: Response): Promise<void>;
  get query(): string {
    return this.url.split("?")[1] ?? "";
  }
  tick(n: number, id: string): Promise<void> {
    return this.says("tick", { n }, id);
  }
  async hello(change: object = {}): Promise<void> {
    const at = (change as { start?: string }).start ?? HELLO.start;
    await this.opens();
    await this.says("eventwire.hello", { ...HELLO, ...change });
    await this.says("eventwire.cursor", { kind: "prelude" }, at);
    await this.says("eventwire.cursor", { kind: "live" }, at);
  }
}

export class FakeEventSource extends Line {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readonly OPEN = FakeEventSource.OPEN;
  readonly CLOSED = FakeEventSource.CLOSED;
  readyState: number = FakeEventSource.CONNECTING;
  /** Names that are listened for now. */
  readonly heard = new Map<string, number>();
  constructor(
    url: string,
    readonly init?: EventSourceInit,
  ) {
    super(url);
  }
  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.heard.set(args[0], (this.heard.get(args[0]) ?? 0) + 1);
    super.addEventListener(...args);
  }
  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.heard.set(args[0], (this.heard.get(args[0]) ?? 0) - 1);
    super.removeEventListener(...args);
  }
  get closed(): boolean {
    return this.readyState === FakeEventSource.CLOSED;
  }
  close(): void {
    this.readyState = FakeEventSource.CLOSED;
  }
  async says(event: string, data: unknown, id = ""): Promise<void> {
    if (this.closed) return;
    this.dispatchEvent(Object.assign(new Event(event), { data: text(data), lastEventId: id }));
  }
  async opens(): Promise<void> {
    this.readyState = FakeEventSource.OPEN;
    this.dispatchEvent(new Event("open"));
  }
  async breaks(): Promise<void> {
    this.#fails(FakeEventSource.CONNECTING);
  }
  async refuses(answer: Response): Promise<void> {
    const asked = FakeRequest.probes.length;
    this.#fails(FakeEventSource.CLOSED);
    const probe = await until("a question for the status", () => FakeRequest.probes[asked]);
    await probe.refuses(answer);
  }
  #fails(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event("error"));
  }
}

/** One `fetch`. Its bytes arrive in two pieces per block. */
export class FakeRequest extends Line {
  /** Those that asked for the status behind an `EventSource`. */
  static probes: FakeRequest[] = [];
  readonly response = later<Response>();
  /** Resolves when the client asks for more, or is gone. */
  #asked = later();
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  constructor(
    url: string,
    readonly init: RequestInit,
  ) {
    super(url);
    init.signal?.addEventListener("abort", () => {
      const gone = new DOMException("aborted", "AbortError");
      this.response.reject(gone);
      this.#body?.error(gone);
      this.#asked.resolve();
    });
  }
  get headers(): Headers {
    return new Headers(this.init.headers);
  }
  get closed(): boolean {
    return this.init.signal?.aborted ?? false;
  }
  async opens(init: ResponseInit = {}): Promise<void> {
    const pull = (body: ReadableStreamDefaultController<Uint8Array>): void => {
      this.#body = body;
      this.#asked.resolve();
    };
    const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
    this.response.resolve(new Response(body, { headers: { "content-type": "text/event-stream" }, ...init }));
    await this.#asked.promise;
  }
  says(event: string, data: unknown, id?: string): Promise<void> {
    const lines = text(data).split("\n").map((line) => `data: ${line}\n`);
    return this.bytes(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\n${lines.join("")}\n`);
  }
  async bytes(written: string): Promise<void> {
    const all = new TextEncoder().encode(written);
    const half = all.length >> 1;
    await this.raw(all.slice(0, half));
    await this.raw(all.slice(half));
  }
  async raw(piece: Uint8Array): Promise<void> {
    if (this.closed) return;
    this.#asked = later();
    this.#body?.enqueue(piece);
    await this.#asked.promise;
  }
  async breaks(): Promise<void> {
    const lost = new TypeError("network error");
    this.response.reject(lost);
    this.#body?.error(lost);
    await this.#over();
  }
  async refuses(answer: Response): Promise<void> {
    this.response.resolve(answer);
    await this.#over();
  }
  /** The client lets go of what has ended. */
  #over(): Promise<unknown> {
    return until("the end of the request", () => this.closed);
  }
}

interface Later<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** `Promise.withResolvers`, which Node 20 has not. */
function later<T = void>(): Later<T> {
  let both: Omit<Later<T>, "promise"> | undefined;
  const promise = new Promise<T>((resolve, reject) => (both = { resolve, reject }));
  promise.catch(() => {}); // whoever waits for it hears of it
  return { promise, ...(both as Omit<Later<T>, "promise">) };
}

function text(data: unknown): string {
  return typeof data === "string" ? data : JSON.stringify(data);
}

export const HELLO = {
  v: 1,
  start: `${EPOCH}-10`,
  head: `${EPOCH}-10`,
  names: ["tick", "note"],
  contract: "0123456789abcdef",
  topics: ["**"],
  denied: [],
  heartbeat: 15000,
  spread: 1000,
  retry: 1000,
};

/** Waits for what other tasks bring about, by a clock that no test plays: turns are soon over on a fast machine. */
export async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (const end = performance.now() + 30_000; performance.now() < end; ) {
    const seen = look();
    if (seen) return seen;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never: ${what}`);
}

/** The first attempt, where a test plays the timers. */
export const dialled = (): Promise<Line> => until("a first attempt", () => (mock.timers.tick(0), Line.all[0]));

export interface Opened<L extends Line> {
  stream: EventStream<Shop>;
  source: L;
  /** What the stream said, in order. */
  said: string[];
}

/** What carries a stream. */
export class Transport<L extends Line> {
  constructor(
    readonly name: "EventSource" | "fetch",
    /** What makes `connect` choose it. */
    readonly asked: Options,
    /** Whether the browser's `EventSource` takes bytes. */
    readonly frames = false,
  ) {}

  /** A stream and its first attempt, not answered yet. */
  async dial(options: Options = {}, prepare: (stream: EventStream<Shop>) => void = () => {}): Promise<Opened<L>> {
    play(this.frames);
    const said: string[] = [];
    const stream = connect(SHOP, "http://shop.test/events", { ...this.asked, ...options });
    prepare(stream);
    stream.on("tick", ({ n }, { topic, position }) => said.push(`tick ${n} ${topic} ${position}`));
    stream.onGap(({ reason, topics }) => said.push(`gap ${reason} ${topics.join()}`));
    stream.onState(({ kind, reason }) => said.push(`${kind} ${reason}`));
    stream.onOutdated(({ page, server, added, removed }) => said.push(`outdated ${page} ${server} +${added} -${removed}`));
    const source = (await until("a first attempt", () => Line.all[0])) as L;
    return { stream, source, said };
  }

  /** A stream that is open. */
  async open(options: Options = {}, prepare?: (stream: EventStream<Shop>) => void): Promise<Opened<L>> {
    const opened = await this.dial(options, prepare);
    await opened.source.hello();
    opened.said.length = 0;
    return opened;
  }

  toString(): string {
    return `${this.name}${this.frames ? ", framed by the browser" : ""}`;
  }
}

export const EVENT_SOURCE = new Transport<FakeEventSource>("EventSource", {});
export const FETCH = new Transport<FakeRequest>("fetch", { headers: {} });
export const FRAMED = new Transport<FakeRequest>("fetch", { headers: {} }, true);

/** The same behaviour, whatever carries it: one test per transport, and one where the browser frames what is fetched. */
export function both(name: string, body: (on: Transport<Line>) => unknown): void {
  for (const on of [EVENT_SOURCE, FETCH, FRAMED]) test(`${name}, over ${on}`, async () => void (await body(on)));
}

export class FramingEventSource extends FakeEventSource {
  /** How many streams it was given. */
  static given = 0;
  static fromReadableStream(bytes: ReadableStream<Uint8Array>): Standard {
    this.given += 1;
    return Standard.fromReadableStream(bytes);
  }
}

/** Puts the played browser in place, without any attempt. */
export function play(frames = false): void {
  Line.all = [];
  FakeRequest.probes = [];
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    const probe = Line.all.at(-1) instanceof FakeEventSource;
    const request = new FakeRequest(url, init);
    if (probe) FakeRequest.probes.push(Line.all.pop() as FakeRequest);
    return request.response.promise;
  };
  Object.assign(globalThis, { EventSource: frames ? FramingEventSource : FakeEventSource, fetch });
}
