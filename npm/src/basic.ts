// Basic mode: the stream of a page whose policy forbids WebAssembly, over the browser's own EventSource.
//
// The browser comes back by itself; nothing here knows of backoff, hidden tabs, silence or sharing, and no status is seen:
// whatever is answered instead of a stream ends it. Held to the same fixtures of the wire as the machine. Imports nothing,
// so that a page whose policy allows WebAssembly is sent nothing of it.

import type { Browser } from "../wasm/browser.js";
import type { read } from "../wasm/frames.js";
import type { FaultReason, GapReason } from "./items.js";
import type { Settings } from "./options.js";
import type { Machine } from "./wasm.js";

export type Heard = Pick<MessageEvent<string>, "type" | "data" | "lastEventId">;

/** What the machine and basic mode say to the stream. */
export interface Sink {
  event(event: Heard): void;
  gap(reason: string, topics: string, position: string): void;
  fault(reason: FaultReason, event: string, path: string, found: unknown, topic: string): void;
  outdated(hash: string, names: string): void;
  news(kind: string, reason: string, nextAttemptAt: number, status: number, problem: string): void;
  /** All that came with what was heard has been handed on. */
  settled(): void;
}

/** A position, or with what follows it an event's id: epoch, offset, how far back the topic's event before is, topic. */
const ID = /^([0-9a-z]{12})-(0|[1-9]\d{0,19})(?![^./])(?:(?:\.([1-9]\d{0,19}))?\/([^*]+)$)?/;
const PREFIX = "eventwire.";

interface Place {
  readonly epoch: string;
  readonly offset: bigint;
  /** Offset of the topic's event before; 0 if there is none, below it if that cannot be. */
  readonly before: bigint;
  readonly topic: string;
}

/** Where an id is; nothing if it cannot be read. */
function place(id: string): Place | undefined {
  const [, epoch, digits, back, topic = ""] = ID.exec(id) ?? [];
  const offset = BigInt(digits ?? 0);
  if (epoch && offset < 2n ** 64n) return { epoch, offset, before: back ? offset - BigInt(back) || -1n : 0n, topic };
}

const text = (at: Place | undefined): string => (at ? `${at.epoch}-${at.offset}` : "");
const list = (joined: string): string[] => joined.split(",").filter(Boolean);

/** Whether what is at `at` is behind a reader who is at `reader`. */
const within = (at: Place, reader: Place | undefined): boolean => reader?.epoch === at.epoch && at.offset <= reader.offset;

/** Whether `topic` is one of a pattern's. */
const covers = (pattern: string, topic: string): boolean =>
  new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("**", ".+").replace(/\*/g, "[^.]+")}$`).test(topic);

/** What may be said of a gap and of an end; any other word is read as the most careful one, `lost` and `internal`. */
const [GAPS, BYES] = [/^(epoch|evicted|ahead|slow|undecodable|position|detected|forbidden)$/, /^(drain|rotate|slow|unavailable|auth|limit)$/];

let warned = false;

/** What the stream asks of it: what it asks of the machine, and of the browser around that. */
export type Basic = Pick<Machine, "counter" | "position" | "free"> & Pick<Browser, "start" | "tell" | "close" | "date">;

/** What it may be told, by the numbers of client-wasm/src/browser/browser.js. */
const [FULL, DRAINED, ADD, DELETE] = [11, 12, 14, 15];

/** A stream in basic mode. `why` stands in the console, once; `read` and `isPattern` are borrowed. */
export function basic(known: readonly string[], hash: string, settings: Settings, sink: Sink, why: string, readFrame: typeof read, isPattern: (text: string) => boolean): Basic {
  const { url, topics: named, from, request } = settings;
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Users of each topic; nothing where all is read that is granted. */
  const users = named === undefined ? undefined : new Map(list(named).map((topic) => [topic, 1]));
  /** Patterns of the last hello. */
  let granted: string[] = [];
  let position = place(from);
  /** Patterns whose newest events are due to the page, and up to where it had their events before. */
  const fresh = new Map<string, Place | undefined>();
  let prelude = false;
  /** What the running prelude, or the one that was cut, has brought. */
  const brought = new Set<bigint>();
  let greeted = false;
  let barred = false;
  let full = false;
  let [retry, spread] = [1000, 1000];
  const told = new Set<string>();
  let [heardAt, events, duplicates, gaps, faults, attempts] = [0, 0, 0, 0, 0, 0];

  const say = (kind: string, reason: string, nextAttemptAt = 0): void => sink.news(kind, reason, nextAttemptAt, 0, "");
  const gap = (reason: GapReason, topics: string, at = position): void => {
    gaps += 1;
    sink.gap(reason, topics, text(at));
  };
  const fault = (reason: FaultReason, event: string, path = "", found: unknown = "", topic = ""): void => {
    faults += 1;
    sink.fault(reason, event, path, found, topic);
  };
  /** Whether it is to be told; not again, and not without end. */
  const once = (what: string): boolean => told.size < 1000 && told.size < told.add(what).size;

  const close = (): void => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  };
  const soon = (wait: number, reason: string): void => {
    clearTimeout(timer);
    timer = setTimeout(() => full || dial(reason), wait);
  };
  /** Comes back by a request of our own. */
  const later = (reason: string, after: number): void => {
    const wait = Math.max(retry, after) + Math.random() * spread;
    close();
    soon(wait, "retry");
    say("waiting", reason, Date.now() + wait);
  };
  const count = (topics: string, more: number): void => {
    if (!users) return;
    for (const topic of list(topics)) {
      const left = (users.get(topic) ?? 0) + more;
      if (left === more) fresh.set(topic, undefined);
      if (left > 0) users.set(topic, left);
      else users.delete(topic), fresh.delete(topic);
    }
    soon(50, "topics");
  };

  const dial = (reason: string): void => {
    close();
    const at = text(position) || from;
    // Where nothing is named, what is granted has to be, or the prelude would not be sent again.
    const topics = users ? [...users.keys()] : fresh.size > 0 ? granted : undefined;
    if (topics?.length === 0) return say("paused", "topics");
    const isNew = (topic: string): unknown => at && fresh.has(topic);
    const asked = [["topics", topics?.filter((topic) => !isNew(topic))], ["new", topics?.filter(isNew)], ["lastEventId", at]]
      .filter(([, value]) => value?.length)
      .map((pair) => pair.join("="))
      .join("&");
    const mine = (source = new EventSource(asked ? url + (url.includes("?") ? "&" : "?") + asked : url, request));
    greeted = prelude = false;
    attempts += 1;
    say("connecting", reason);
    const listened = new Set<string>();
    const listen = (names: readonly string[], hears: (event: MessageEvent<string>) => void = take): void => {
      for (const name of names) {
        if (listened.has(name)) continue;
        listened.add(name);
        mine.addEventListener(name, (event) => {
          heardAt = Date.now();
          hears(event);
          sink.settled();
        });
      }
    };
    listen(known);
    listen(["hello", "gap", "cursor", "names", "bye"].map((name) => PREFIX + name), (event) => heed(event, listen));
    mine.addEventListener("error", () => {
      const { readyState } = mine;
      if (readyState === 1) return; // an event that somebody named `error`
      if (readyState) return say("closed", "refused");
      // By itself it would go on behind the last event of a prelude, and the rest of that would be lost.
      if (prelude) return later("lost", 0);
      greeted = false;
      attempts += 1;
      say("waiting", "lost", Date.now() + retry);
    });
  };

  /** A frame of ours. */
  const heed = ({ type, data, lastEventId }: MessageEvent<string>, listen: (names: readonly string[]) => void): void => {
    const name = type.slice(PREFIX.length);
    const frame = readFrame(type, data);
    if (typeof frame !== "object") return frame === undefined ? frame : fault("frame", type, frame);
    const [word = "", more = "", names = "", contract = "", topics = "", denied = ""] = frame.words;
    const [first = 0, , wide = 0, floor = 0] = frame.numbers;
    const bad = (member: string, joined: string): unknown =>
      !list(joined).every(isPattern) && (fault("frame", type, member), true);
    if (name === "bye") {
      if (word === "auth" && barred) return say("closed", word);
      barred = word === "auth";
      return later(BYES.test(word) ? word : "internal", first);
    }
    if (name === "hello") {
      if (bad("topics", topics) || bad("denied", denied)) return;
      if (first !== 1) {
        fault("version", type, "v", first);
        return later("version", 30_000);
      }
      const had = list(denied).filter((pattern) => granted.includes(pattern)).join();
      greeted = prelude = true;
      [retry, spread, granted] = [floor, wide, list(topics)];
      if (!position) {
        position = place(word);
        for (const topic of granted) fresh.set(topic, undefined);
        if (from && from !== "earliest") gap("position", "");
      }
      listen(frame.names);
      say("open", name);
      if (hash && contract && contract !== hash) {
        hash = ""; // told once
        sink.outdated(contract, names);
      }
      if (had) gap("forbidden", had);
      for (const pattern of list(denied)) if (!list(had).includes(pattern) && once(`/${pattern}`)) fault("denied", "", "", "", pattern);
      return;
    }
    if (!greeted) return fault("early", type);
    if (name === "names") return listen(frame.names);
    if (name === "gap" && bad("topics", more)) return;
    const at = place(lastEventId);
    if (!at) fault("id", type, "", lastEventId);
    if (name === "gap") {
      const before = word === "ahead" ? undefined : position;
      position = before;
      if (at) advance(at);
      // What the server keeps the newest of comes anew.
      for (const topic of more ? list(more) : granted) if (!fresh.has(topic)) fresh.set(topic, before);
      prelude = true;
      return gap((GAPS.test(word) ? word : "lost") as GapReason, more);
    }
    if (at) advance(at);
    if (word !== "prelude" && word !== "live") return;
    prelude = barred = false;
    fresh.clear();
    brought.clear();
  };

  /** Within an epoch the position never falls. */
  const advance = (to: Place): void => {
    if (position?.epoch !== to.epoch) brought.clear();
    if (!within(to, position)) position = to;
  };

  const take = (event: MessageEvent<string>): void => {
    const { type, lastEventId } = event;
    if (!greeted) return fault("early", type);
    const at = place(lastEventId);
    if (!at?.offset || at.before < 0 || lastEventId.length > 128 || !isPattern(at.topic)) return fault("id", type, "", lastEventId);
    const before = position;
    if (within(at, before)) {
      const pattern = prelude && [...fresh.keys()].find((pattern) => covers(pattern, at.topic));
      if (!pattern || within(at, fresh.get(pattern)) || brought.has(at.offset)) return void (duplicates += 1);
    } else {
      advance(at);
      if (before?.epoch !== at.epoch || at.before > before.offset) gap("detected", "", { ...at, offset: at.before });
    }
    if (prelude) brought.add(at.offset);
    if (known.includes(type)) {
      events += 1;
      sink.event(event);
    } else if (once(type)) fault("unknown", type);
  };

  if (!warned) console.warn(`eventwire: ${why}; until then in basic mode`);
  warned = true;
  return {
    start: () => soon(0, "opened"),
    tell: (what, topics = "") => {
      if (what === ADD) count(topics, 1);
      if (what === DELETE) count(topics, -1);
      if (what === FULL) {
        full = true;
        close();
        say("paused", "queue");
      }
      if (what === DRAINED) {
        full = false;
        soon(0, "drained");
      }
    },
    counter: (n) => [heardAt, events, duplicates, gaps, faults, attempts][n] ?? 0,
    position: () => text(position),
    date: (moment) => moment,
    close,
    free: close,
  };
}
