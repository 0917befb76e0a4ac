// A scripted server for tests of a page: `connect` in the code under test finds it in place of the browser's own, with a
// clock that the test moves. No network, no timer of the machine it runs on.
//
// The machine and the validators are the real ones. What a real server does besides is not here: access, several nodes.

import type { Contract, EventNames, GapReason } from "eventwire";
import { WORLD, type World } from "./options.js";
import { meet } from "./topics.js";

/** What a page asked for. */
export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: unknown;
  /** The patterns it named; `undefined` for all that is granted. */
  readonly topics: readonly string[] | undefined;
  /** The position it came with. */
  readonly from: string | undefined;
}

/** A server that says what a test tells it to. Every method returns when the page has heard it. */
export interface Script<E extends object> {
  /** Publishes an event. Who is connected hears it now, who comes back hears it then. */
  send<K extends EventNames<E>>(name: K, data: E[K], topic?: string): Promise<void>;
  /** Says that events may be missing. */
  gap(reason?: GapReason, topics?: readonly string[]): Promise<void>;
  /** Cuts every connection. The page comes back once the clock has passed its wait, and hears what it missed. */
  cut(): Promise<void>;
  /** Keeps no event so far: who comes back from behind them is told a gap. */
  forget(): void;
  /** Ends every connection as a server that is replaced, with nothing of its past: another epoch. */
  restart(): Promise<void>;
  /** Serves this contract from now on, as after a deploy: cuts every connection, and who comes back is told. */
  deploy(contract: { readonly hash: string; readonly names: readonly string[] }): Promise<void>;
  /** Says nothing more on the running connections, not even that they live. */
  hang(): void;
  /** Answers what is asked from now on with this status, until `accept`. */
  refuse(status: number, init?: { readonly headers?: Record<string, string>; readonly body?: string }): void;
  /** Answers with streams again. */
  accept(): void;
  /** Returns when so many streams are open; one, if nothing is said. Rejects after four seconds, since test runners wait for five. */
  connected(streams?: number): Promise<void>;
  /** How many streams are open. */
  readonly connections: number;
  /** What was asked so far, the newest 1,000. */
  readonly requests: readonly Asked[];
  readonly clock: Clock;
  readonly page: Page;
  /** Gives the browser back its place. What is still open is cut. */
  close(): void;
  [Symbol.dispose](): void;
}

/** The time that streams see. It stands still until a test moves it. */
export interface Clock {
  /** In milliseconds, as `Date.now()` counts them. */
  readonly now: number;
  /** Lets time pass: timers fire in their order, and what they cause happens. */
  advance(millis: number): Promise<void>;
}

/** What the browser says of the page to its streams. */
export interface Page {
  hide(): Promise<void>;
  show(): Promise<void>;
  /** Into the back/forward cache, and out of it. */
  leave(): Promise<void>;
  comeBack(): Promise<void>;
  offline(): Promise<void>;
  online(): Promise<void>;
}

const HEARTBEAT = 15_000;
const REQUESTS = 1000;
/** Events a script keeps; older ones are forgotten. */
const EVENTS = 10_000;

// A test's own fake timers may come later than this module: neither holds the other up.
const { setTimeout: soon } = globalThis;
const now = performance.now.bind(performance);
/** A task of the machine it runs on: what was promised before has happened. */
const turn = (): Promise<void> => new Promise((resolve) => soon(resolve, 0));
/** What one task causes in others, a refusal most of all: the question for its status, the answer, its body. */
const rest = async (): Promise<void> => {
  for (let n = 0; n < 8; n++) await turn();
};

/** What is published, and where in the order. */
interface Kept {
  readonly at: number;
  readonly back: number;
  readonly topic: string;
  readonly name: string;
  readonly data: string;
}

/** One connection, whatever carries it. */
interface Line {
  readonly asked: Asked;
  readonly open: boolean;
  begin(): void;
  refuse(answer: Response): void;
  say(name: string, data: string, id?: string): void;
  cut(): void;
}

class Time implements Clock {
  now = Date.now();
  #timers = new Map<number, { at: number; call: () => void }>();
  #last = 0;

  set(call: () => void, wait = 0): number {
    // What is to come in the next task comes by itself: a page need not know that time is played.
    if (!(wait > 0)) soon(() => this.#timers.delete(id) && call(), 0);
    const id = (this.#last += 1);
    this.#timers.set(id, { at: wait > 0 ? this.now + wait : Infinity, call });
    return id;
  }

  clear(id: number | undefined): void {
    this.#timers.delete(id ?? 0);
  }

  async advance(millis: number): Promise<void> {
    const until = this.now + millis;
    await turn();
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      const [id, { at, call }] = due;
      this.#timers.delete(id);
      this.now = Math.max(this.now, at);
      call();
      await turn();
    }
    this.now = until;
    await rest();
  }
}

function asked(url: string, init: RequestInit = {}): Asked {
  const { searchParams } = new URL(url);
  const headers = new Headers(init.headers);
  return {
    url,
    method: init.method ?? "GET",
    headers,
    body: init.body,
    topics: searchParams.get("topics")?.concat(",", searchParams.get("new") ?? "").split(",").filter(Boolean) ?? searchParams.get("new")?.split(","),
    from: headers.get("last-event-id") ?? searchParams.get("lastEventId") ?? undefined,
  };
}

/**
 * Puts a scripted server in place: from here on every `connect` reaches it, whatever the URL, until it is closed. One at a
 * time.
 */
export function script<E extends object>(contract: Contract<E>): Script<E> {
  const global = globalThis as { [WORLD]?: World };
  if (global[WORLD]) throw new Error("another script is in place: close it first, after each test");
  const time = new Time();
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: "visible", baseURI: globalThis.document?.baseURI ?? "http://page.test/" });
  const requests: Asked[] = [];
  const lines = new Set<Line>();
  let events: Kept[] = [];
  /** The newest event of each topic. */
  const heads = new Map<string, number>();
  let [epoch, head, lost] = [1, 0, 0];
  let refusal: (() => Response) | undefined;
  let served: { readonly hash: string; readonly names: readonly string[] } = contract;

  const place = (offset = head): string => `script${String(epoch).padStart(6, "0")}-${offset}`;
  const frame = (line: Line, name: string, data: object, id?: string): void => line.say(`eventwire.${name}`, JSON.stringify(data), id);
  const deliver = (line: Line, { at, back, topic, name, data }: Kept): void => {
    const wanted = line.asked.topics;
    if (wanted && !wanted.some((pattern) => meet(pattern, topic))) return frame(line, "cursor", { kind: "skip" }, place(at));
    line.say(name, data, `${place(at)}${back ? `.${at - back}` : ""}/${topic}`);
  };
  const beat = (line: Line): void => {
    if (!line.open || !lines.has(line)) return;
    frame(line, "cursor", { kind: "beat" }, place());
    time.set(() => beat(line), HEARTBEAT);
  };

  const answer = (line: Line): void => {
    requests.push(line.asked);
    if (requests.length > REQUESTS) requests.shift();
    if (refusal) return line.refuse(refusal());
    lines.add(line);
    line.begin();
    const { from, topics } = line.asked;
    const [theirs, offset] = from?.split("-") ?? [];
    const reason = from === undefined || from === "earliest" ? undefined : theirs !== place().split("-")[0] ? "epoch" : Number(offset) < lost ? "evicted" : undefined;
    const start = from === undefined || reason === "epoch" ? head : from === "earliest" || reason ? lost : Number(offset);
    frame(line, "hello", {
      v: 1, start: place(start), head: place(), names: served.names, contract: served.hash, topics: topics ?? ["**"], denied: [],
      heartbeat: HEARTBEAT, spread: 1000, retry: 1000,
    });
    if (reason) frame(line, "gap", { reason, topics: [] }, place(start));
    frame(line, "cursor", { kind: "prelude" }, place(start));
    for (const event of events) if (event.at > start) deliver(line, event);
    frame(line, "cursor", { kind: "live" }, place());
    time.set(() => beat(line), HEARTBEAT);
  };

  const all = async (tell: (line: Line) => void): Promise<void> => {
    for (const line of [...lines]) if (line.open) tell(line);
    await rest();
  };
  const drop = (line: Line): void => {
    lines.delete(line);
    line.cut();
  };

  /** An `EventSource`, as far as streams look at one. */
  class Source extends EventTarget implements Line {
    readonly [name: string]: unknown;
    readonly OPEN = 1;
    readonly CLOSED = 2;
    readyState = 0;
    readonly asked: Asked;
    constructor(url: string) {
      super();
      this.asked = asked(url);
      soon(() => this.readyState === 0 && answer(this), 0);
    }
    get open(): boolean {
      return this.readyState === 1;
    }
    close(): void {
      this.readyState = 2;
      lines.delete(this);
    }
    begin(): void {
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
    }
    refuse(): void {
      this.#fails(2);
    }
    say(name: string, data: string, id = ""): void {
      if (this.open) this.dispatchEvent(new MessageEvent(name, { data, lastEventId: id }));
    }
    cut(): void {
      this.#fails(0);
    }
    #fails(readyState: number): void {
      this.readyState = readyState;
      this.dispatchEvent(new Event("error"));
    }
  }

  /** A request by `fetch`: a stream, or the question for the status behind a refused `EventSource`. */
  const fetch = (url: string | URL | Request, init?: RequestInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { signal } = init ?? {};
      let body: ReadableStreamDefaultController<Uint8Array> | undefined;
      let over = false;
      const line: Line = {
        asked: asked(String(url), init),
        get open() {
          return Boolean(body) && !over;
        },
        begin() {
          const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (body = controller) });
          resolve(new Response(stream, { headers: { "content-type": "text/event-stream" } }));
        },
        refuse: resolve,
        say(name, data, id) {
          if (!over) body?.enqueue(new TextEncoder().encode(`${id === undefined ? "" : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`));
        },
        cut() {
          if (!over) body?.error(new TypeError("cut"));
          over = true;
        },
      };
      signal?.addEventListener("abort", () => {
        lines.delete(line);
        line.cut();
        reject(signal.reason);
      });
      soon(() => over || answer(line), 0);
    });

  const say = async (target: EventTarget, name: string): Promise<void> => {
    target.dispatchEvent(new Event(name));
    await rest();
  };
  const seen = (state: string): Promise<void> => {
    document.visibilityState = state;
    return say(document, "visibilitychange");
  };
  const world = {
    document, EventSource: Source, fetch, Date: { now: () => time.now },
    setTimeout: (call: () => void, wait?: number) => time.set(call, wait),
    clearTimeout: (id?: number) => time.clear(id),
    addEventListener: window.addEventListener.bind(window),
    removeEventListener: window.removeEventListener.bind(window),
  } as unknown as World;
  global[WORLD] = world;

  const close = (): void => {
    if (global[WORLD] === world) delete global[WORLD];
    for (const line of lines) drop(line);
  };
  const server: Omit<Script<E>, typeof Symbol.dispose> = {
    requests,
    clock: time,
    page: {
      hide: () => seen("hidden"),
      show: () => seen("visible"),
      leave: () => say(window, "pagehide"),
      comeBack: () => say(window, "pageshow"),
      offline: () => say(window, "offline"),
      online: () => say(window, "online"),
    },
    get connections() {
      return [...lines].filter(({ open }) => open).length;
    },
    send(name, data, topic = "script") {
      const back = heads.get(topic) ?? 0;
      const event = { at: (head += 1), back, topic, name, data: JSON.stringify(data) };
      events.push(event);
      heads.set(topic, head);
      if (events.length > EVENTS) lost = events.shift()?.at ?? lost;
      return all((line) => deliver(line, event));
    },
    gap(reason = "lost", topics = []) {
      head += 1;
      return all((line) => {
        frame(line, "gap", { reason, topics }, place());
        frame(line, "cursor", { kind: "prelude" }, place());
        frame(line, "cursor", { kind: "live" }, place());
      });
    },
    cut: () => all(drop),
    forget() {
      [events, lost] = [[], head];
    },
    restart() {
      [events, lost, head, epoch] = [[], 0, 0, epoch + 1];
      heads.clear();
      return all(drop);
    },
    deploy(contract) {
      served = contract;
      return all(drop);
    },
    hang: () => lines.clear(),
    refuse(status, { headers = {}, body = "" } = {}) {
      const empty = [204, 205, 304].includes(status);
      refusal = () => new Response(empty ? null : body, { status, headers });
    },
    accept() {
      refusal = undefined;
    },
    async connected(streams = 1) {
      // The first stream of a process compiles the machine, on a thread of its own, which another process may hold up.
      for (const end = now() + 4000; now() < end && server.connections < streams; ) await turn();
      if (server.connections < streams) throw new Error(`${server.connections} of ${streams} streams are open. One that waits needs \`clock.advance\`; was everything asked refused? ${requests.length} requests so far`);
      await rest();
    },
    close,
  };
  return Object.assign(server, Symbol.dispose && { [Symbol.dispose]: close }) as Script<E>;
}
