// A browser's `EventSource` that a test plays the server of, and a stream over it. The machine inside is the real wasm.

import { connect, type Contract, type EventStream, type Options } from "eventwire";

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

export class FakeEventSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static all: FakeEventSource[] = [];
  readyState = FakeEventSource.CONNECTING;
  /** Names that are listened for now. */
  readonly heard = new Map<string, number>();
  constructor(
    readonly url: string,
    readonly init?: EventSourceInit,
  ) {
    super();
    FakeEventSource.all.push(this);
  }
  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.heard.set(args[0], (this.heard.get(args[0]) ?? 0) + 1);
    super.addEventListener(...args);
  }
  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.heard.set(args[0], (this.heard.get(args[0]) ?? 0) - 1);
    super.removeEventListener(...args);
  }
  get query(): string {
    return this.url.split("?")[1] ?? "";
  }
  close(): void {
    this.readyState = FakeEventSource.CLOSED;
  }
  /** The server's side: one event or frame. A closed one hears nothing, as in a browser. */
  says(event: string, data: unknown, id = ""): void {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    if (this.readyState === FakeEventSource.CLOSED) return;
    this.dispatchEvent(Object.assign(new Event(event), { data: text, lastEventId: id }));
  }
  tick(n: number, id: string): void {
    this.says("tick", { n }, id);
  }
  opens(): void {
    this.readyState = FakeEventSource.OPEN;
    this.dispatchEvent(new Event("open"));
  }
  hello(change: object = {}): void {
    this.opens();
    this.says("eventwire.hello", { ...HELLO, ...change });
    const at = (change as { start?: string }).start ?? HELLO.start;
    this.says("eventwire.cursor", { kind: "prelude" }, at);
    this.says("eventwire.cursor", { kind: "live" }, at);
  }
  fails(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event("error"));
  }
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

/** Waits for what other tasks bring about; a second is a hundred times what it takes. */
export async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (let turn = 0; turn < 20_000; turn++) {
    const seen = look();
    if (seen) return seen;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never: ${what}`);
}

export interface Opened {
  stream: EventStream<Shop>;
  source: FakeEventSource;
  /** What the stream said, in order. */
  said: string[];
}

/** A stream and its first attempt, not answered yet. */
export async function dial(options: Options = {}, prepare: (stream: EventStream<Shop>) => void = () => {}): Promise<Opened> {
  Object.assign(globalThis, { EventSource: FakeEventSource });
  FakeEventSource.all = [];
  const said: string[] = [];
  const stream = connect(SHOP, "http://shop.test/events", options);
  prepare(stream);
  stream.on("tick", ({ n }, { topic, position }) => said.push(`tick ${n} ${topic} ${position}`));
  stream.onGap(({ reason, topics }) => said.push(`gap ${reason} ${topics.join()}`));
  stream.onState(({ kind, reason }) => said.push(`${kind} ${reason}`));
  stream.onOutdated(({ hash }) => said.push(`outdated ${hash}`));
  const source = await until("a first attempt", () => FakeEventSource.all[0]);
  return { stream, source, said };
}

/** A stream that is open. */
export async function open(options: Options = {}, prepare?: (stream: EventStream<Shop>) => void): Promise<Opened> {
  const opened = await dial(options, prepare);
  opened.source.hello();
  opened.said.length = 0;
  return opened;
}
