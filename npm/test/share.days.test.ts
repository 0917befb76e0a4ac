// Random days of tabs that share: they come and go, freeze, add topics, lose their stream; words between them come late;
// the server forgets, begins another order, goes away. Whatever the day, each tab is handed its own once and in order, or
// told before what follows that something is missing.
//
// SHARE_SEED=n repeats one day; SHARE_DAYS=n has so many.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mock, test } from "node:test";
import { connect, type EventStream } from "eventwire";
import { FakeEventSource, HELLO, Line, play, SHOP, type Shop } from "./fake.js";

const { setImmediate: turn } = globalThis;
const turns = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await new Promise((resolve) => turn(resolve));
};

/** A generator of chance that a seed repeats. */
class Chance {
  #state: number;
  constructor(seed: number) {
    this.#state = seed * 2654435761 + 1;
  }
  below(bound: number): number {
    this.#state = (Math.imul(this.#state ^ (this.#state >>> 15), 2246822519) + 374761393) | 0;
    return ((this.#state ^ (this.#state >>> 13)) >>> 0) % bound;
  }
  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length || 1)];
  }
}

/** Words on their way: in order between two tabs, no faster than the day says, and none to or from a tab that is frozen. */
class Channel {
  static all = new Set<Channel>();
  /** Tabs by what they call themselves, and who is coming. */
  static tabs = new Map<string, Tab>();
  static coming: Tab | undefined;
  static token = "";
  onmessage: ((event: { data: unknown }) => void) | undefined;
  readonly inbox: unknown[] = [];
  readonly outbox: unknown[] = [];
  tab: Tab | undefined;
  constructor(readonly name: string) {
    Channel.all.add(this);
    // The first it opens is where it hears of a logout, as soon as it has a name.
    if (!Channel.coming) return;
    Channel.tabs.set(Channel.token, Channel.coming);
    this.tab = Channel.coming;
    Channel.coming = undefined;
  }
  postMessage(word: { readonly who?: string }): void {
    // The first it says is what it wants.
    this.tab ??= Channel.tabs.get(word.who?.split(" ")[0] ?? "");
    this.outbox.push(structuredClone(word));
    this.send();
  }
  send(): void {
    if (this.tab?.frozen) return;
    for (const word of this.outbox.splice(0)) for (const other of Channel.all) if (other !== this && other.name === this.name) other.inbox.push(word);
  }
  close(): void {
    Channel.all.delete(this);
  }
  deliver(): void {
    if (!this.inbox.length || this.tab?.frozen) return;
    const data = this.inbox.shift();
    this.onmessage?.({ data });
  }
}

interface Asked {
  readonly hold: () => Promise<unknown> | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  held: boolean;
}

/** The lock as a browser has it. */
class Locks {
  queue: Asked[] = [];
  request(_: string, { signal, steal }: LockOptions, hold: () => Promise<unknown> | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const asked: Asked = { hold, resolve, reject, held: false };
      signal?.addEventListener("abort", () => {
        if (asked.held) return;
        this.queue = this.queue.filter((other) => other !== asked);
        reject(new DOMException("aborted", "AbortError"));
      });
      if (steal) {
        for (const other of this.queue.filter(({ held }) => held)) other.reject(new DOMException("stolen", "AbortError"));
        this.queue = [asked, ...this.queue.filter(({ held }) => !held)];
      } else this.queue.push(asked);
    });
  }
  async query(): Promise<object> {
    return {};
  }
  /** Grants what can be granted. */
  grant(): void {
    const [first] = this.queue;
    if (!first || first.held) return;
    first.held = true;
    void Promise.resolve(first.hold()).then((value) => {
      first.resolve(value);
      this.queue = this.queue.filter((other) => other !== first);
    });
  }
}

/** `findLast`, which the package's own target has not. */
function last<T>(list: readonly T[], is: (one: T) => boolean): T | undefined {
  return [...list].reverse().find(is);
}

interface Published {
  readonly offset: number;
  readonly topic: string;
  readonly id: string;
}

const TOPICS = ["a", "b", "c", "latest"];

/** A server as docs/wire.md has it, in memory. `latest` is a topic of which the newest event matters. */
class Server {
  epoch = 1;
  head = 0;
  log: Published[] = [];
  lost = new Map<string, number>();
  away = false;
  readonly readers = new Map<FakeEventSource, Set<string>>();
  at(offset: number): string {
    return `day${String(this.epoch).padStart(9, "0")}-${offset}`;
  }
  publish(topic: string): void {
    this.head += 1;
    const before = last(this.log, (event) => event.topic === topic);
    const back = before && topic !== "latest" ? `.${this.head - before.offset}` : "";
    const event = { offset: this.head, topic, id: `${this.at(this.head)}${back}/${topic}` };
    this.log.push(event);
    for (const [line, view] of this.readers) if (view.has(topic)) this.#say(line, event);
  }
  beat(): void {
    for (const line of this.readers.keys()) void line.says("eventwire.cursor", { kind: "beat" }, this.at(this.head));
  }
  /** Forgets the older half; what is newest of `latest` is kept. */
  forget(): void {
    const newest = last(this.log, ({ topic }) => topic === "latest");
    const cut = this.log[this.log.length >> 1]?.offset ?? 0;
    for (const event of this.log) if (event.offset < cut && event !== newest && event.topic !== "latest") this.lost.set(event.topic, event.offset);
    this.log = this.log.filter((event) => event.offset >= cut || event === newest);
  }
  restart(anew: boolean): void {
    for (const line of [...this.readers.keys()]) this.cut(line);
    if (!anew) return;
    this.epoch += 1;
    [this.head, this.log] = [0, []];
    this.lost.clear();
  }
  cut(line: FakeEventSource): void {
    this.readers.delete(line);
    if (!line.closed) void line.breaks();
  }
  answer(line: FakeEventSource): void {
    if (this.away) return void line.breaks();
    const query = new URLSearchParams(line.query);
    const list = (name: string): string[] => query.get(name)?.split(",") ?? [];
    const [known, fresh] = [list("topics"), list("new")];
    const expand = (patterns: string[]): string[] => (patterns.includes("**") ? TOPICS : patterns);
    const asked = [...known, ...fresh];
    // Nothing named is all that is granted.
    const view = new Set(asked.length ? expand(asked) : TOPICS);
    const from = query.get("lastEventId");
    const [epoch = "", digits] = from?.split("-") ?? [];
    let at = from ? Number(digits) : this.head;
    let due = from ? expand(fresh) : [...view];
    void line.opens();
    const say = (name: string, data: object, id = ""): void => void line.says(`eventwire.${name}`, data, id);
    say("hello", { ...HELLO, start: this.at(at), head: this.at(this.head), names: ["tick"], topics: asked.length ? asked : ["**"] });
    if (from && !this.at(0).startsWith(`${epoch}-`)) {
      at = this.head;
      due = [...view];
      say("gap", { reason: "epoch", topics: [] }, this.at(at));
    } else {
      const upto = Math.max(0, ...[...view].map((topic) => this.lost.get(topic) ?? 0));
      if (upto > at) {
        const passed = [...view].filter((topic) => (this.lost.get(topic) ?? 0) > at || this.log.some((event) => event.topic === topic && event.offset > at));
        at = upto;
        due = [...due, ...passed];
        say("gap", { reason: "evicted", topics: asked.length && !asked.includes("**") ? passed : ["**"] }, this.at(at));
      }
    }
    const newest = last(this.log, ({ topic, offset }) => topic === "latest" && offset <= at);
    if (due.includes("latest") && newest) this.#say(line, newest);
    say("cursor", { kind: "prelude" }, this.at(at));
    for (const event of this.log) if (event.offset > at && view.has(event.topic)) this.#say(line, event);
    say("cursor", { kind: "live" }, this.at(this.head));
    if (!line.closed) this.readers.set(line, view);
  }
  #say(line: FakeEventSource, { offset, id }: Published): void {
    void line.tick(offset, id);
  }
}

type Seen = { readonly topic: string; readonly at: string } | { readonly gap: string };

/** A tab, what it was handed, and from where it is owed what. */
class Tab {
  /** Where it was when it was first let in. */
  from = "";
  frozen = false;
  readonly seen: Seen[] = [];
  readonly faults: string[] = [];
  readonly stream: EventStream<Shop>;
  readonly topics: string[];
  /** Without topics: all that is granted. */
  constructor(topics: string[]) {
    this.topics = topics.length ? topics : TOPICS;
    Channel.coming = this;
    const asked = topics.length ? { topics } : {};
    this.stream = connect(SHOP, "http://shop.test/events", { share: "user 7", ...asked, background: "keep" });
    this.stream.onState(({ kind }) => {
      if (kind === "open") this.from ||= this.stream.position ?? "";
    });
    this.stream.on("tick", (_, { topic, position }) => this.seen.push({ topic, at: position }));
    this.stream.onGap(({ position = "" }) => this.seen.push({ gap: position }));
    this.stream.onFault(({ message }) => this.faults.push(message));
  }
}

/** What is wrong with what a tab was handed: `all` is everything published, in order. */
function wrong(tab: Tab, all: readonly { topic: string; at: string }[]): string | undefined {
  const place = new Map(all.map(({ at }, n) => [at, n]));
  const handed = new Set<string>();
  const latest: number[] = [];
  let newest = -1;
  if (!tab.from) return "was never let in";
  if (tab.faults.length) return `was told ${tab.faults.join()}`;
  const first = all.findIndex(({ at }) => later(at, tab.from));
  const behind = all.slice(first < 0 ? all.length : first);
  const owed = new Set(behind.filter(({ topic }) => topic !== "latest" && tab.topics.includes(topic)).map(({ at }) => at));
  for (const one of tab.seen) {
    if ("gap" in one) {
      for (const at of [...owed]) if (!later(at, one.gap)) owed.delete(at);
      continue;
    }
    const n = place.get(one.at);
    if (n === undefined) return `${one.at} was never published`;
    if (!tab.topics.includes(one.topic)) return `${one.at} of ${one.topic}, which it did not ask for`;
    if (handed.has(one.at)) return `${one.at} twice`;
    handed.add(one.at);
    if (one.topic === "latest") {
      if (n < (latest.at(-1) ?? -1)) return `${one.at} after a newer one`;
      latest.push(n);
      continue;
    }
    if (n < newest) return `${one.at} out of order`;
    newest = n;
    for (const at of owed) {
      if (at === one.at) break;
      return `${at} missing before ${one.at}, and nothing was said`;
    }
    owed.delete(one.at);
  }
  const kept = last(all, ({ topic }) => topic === "latest");
  if (tab.topics.includes("latest") && kept && later(kept.at, tab.from) && !handed.has(kept.at)) return `the newest, ${kept.at}, never came`;
  for (const at of owed) return `${at} never came`;
  return undefined;
}

/** Whether `a` is of a later order than `b`, or behind it in the same. */
function later(a: string, b: string): boolean {
  const [one = "", other = ""] = [a.slice(0, 12), b.slice(0, 12)];
  return one === other ? Number(a.slice(13)) > Number(b.slice(13)) : one > other;
}

async function day(seed: number): Promise<{ gaps: number; events: number; attempts: number }> {
  const chance = new Chance(seed);
  const server = new Server();
  const all: { topic: string; at: string }[] = [];
  const locks = new Locks();
  let tabs: Tab[] = [];
  const gone: Tab[] = [];
  play();
  Channel.all.clear();
  Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
  Object.assign(globalThis, { BroadcastChannel: Channel });
  mock.timers.enable({ apis: ["Date", "setTimeout", "setInterval"], now: 1_700_000_000_000 });
  // Node's played timer takes no wait for no number.
  const { setTimeout: played } = globalThis;
  Object.assign(globalThis, { setTimeout: (act: () => void, wait = 0) => played(act, wait) });
  // All chance is the seed's, and nothing is done beside the day.
  mock.method(Math, "random", () => chance.below(1 << 30) / (1 << 30));
  mock.method(crypto, "getRandomValues", (list: Uint32Array) => {
    const values = list.map(() => chance.below(1 << 30));
    Channel.token = Array.from(values, (part) => part.toString(36)).join("");
    return values;
  });
  mock.method(crypto.subtle, "digest", async (_: string, data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest()).buffer);
  const answered = new Set<Line>();
  const publish = (): void => {
    const topic = chance.pick(TOPICS) as string;
    server.publish(topic);
    all.push({ topic, at: server.at(server.head) });
  };
  const gentle = seed % 3 === 0;
  /** What happens by itself: words, locks, answers, time. */
  const pass = async (slow = chance.below(4)): Promise<void> => {
    locks.grant();
    for (const line of Line.all as FakeEventSource[]) {
      if (answered.has(line) || line.closed) continue;
      if (slow && chance.below(3)) continue;
      answered.add(line);
      server.answer(line);
    }
    for (const channel of Channel.all) channel.send();
    for (const channel of [...Channel.all]) for (let n = slow ? chance.below(3) : 50; n >= 0; n--) channel.deliver();
    mock.timers.tick(slow ? chance.below(60) : 100);
    await turns(2);
  };
  const come = async (): Promise<void> => {
    tabs.push(new Tab(TOPICS.filter(() => chance.below(2))));
    // Until it is among them nothing else happens: what it waits for is not of this day.
    for (const end = performance.now() + 30_000; Channel.coming && performance.now() < end; ) await turns(1);
  };
  const leave = (tab: Tab): void => {
    tabs = tabs.filter((other) => other !== tab);
    gone.push(tab);
  };
  const trouble = async (): Promise<void> => {
    const tab = chance.pick(tabs);
    switch (chance.below(gentle ? 6 : 9)) {
      case 0:
        if (tabs.length < 6 && !server.away) await come();
        return;
      case 1:
        if (tab && tabs.length > 2) {
          leave(tab);
          tab.stream.close();
        }
        return;
      case 2: {
        // A crash: the browser lets go of everything, and nobody says goodbye.
        if (!tab || tabs.length <= 2) return;
        leave(tab);
        for (const channel of [...Channel.all]) if (channel.tab === tab) channel.close();
        tab.stream.close();
        return;
      }
      case 3:
        if (tab) tab.frozen = !tab.frozen;
        return;
      case 4: {
        const line = chance.pick([...server.readers.keys()]);
        if (line) server.cut(line);
        return;
      }
      case 5:
        for (const one of Channel.all) if (one.inbox.length && chance.below(3) === 0) one.inbox.shift();
        return;
      case 6:
        return server.forget();
      case 7:
        return server.restart(chance.below(4) === 0);
      default:
        server.away = !server.away;
    }
  };
  try {
    await come();
    for (let step = 0; step < 250; step++) {
      if (chance.below(3) === 0) publish();
      if (chance.below(12) === 0) await trouble();
      if (chance.below(20) === 0) server.beat();
      await pass();
    }
    server.away = false;
    for (const tab of tabs) tab.frozen = false;
    const quiet = (): boolean => tabs.every(({ stream }) => stream.state.kind === "open") && Line.all.every((line) => answered.has(line) || line.closed);
    for (let n = 0; n < 3000 && !(n > 200 && quiet()); n++) await pass(0);
    for (let n = 0; n < 8; n++) {
      publish();
      await pass(0);
    }
    for (let n = 0; n < 100; n++) await pass(0);
    for (const tab of tabs) {
      const fault = wrong(tab, all);
      assert.equal(fault, undefined, `SHARE_SEED=${seed}: a tab of ${tab.topics} that came at ${tab.from} (${tab.stream.state.kind}, ${tab.stream.inspect().share}): ${fault}`);
      if (gentle) assert.ok(!tab.seen.some((one) => "gap" in one), `SHARE_SEED=${seed}: a gap where nothing was lost`);
    }
    const open = Line.all.filter((line) => !line.closed).length;
    assert.equal(open, 1, `SHARE_SEED=${seed}: ${open} connections at the end of the day; ${tabs.map(({ stream }) => stream.inspect().share)}`);
    const events = tabs.reduce((sum, { seen }) => sum + seen.length, 0);
    return { gaps: tabs.reduce((sum, { seen }) => sum + seen.filter((one) => "gap" in one).length, 0), events, attempts: Line.all.length };
  } finally {
    for (const tab of [...tabs, ...gone]) tab.stream.close();
    mock.timers.reset();
    mock.restoreAll();
    await turns(3);
  }
}

test("i20 whatever happens to tabs that share, each is handed its own once and in order, or told what is missing", async () => {
  const only = Number(process.env.SHARE_SEED);
  const days = Number(process.env.SHARE_DAYS ?? 40);
  const sum = { days: 0, events: 0, gaps: 0, attempts: 0 };
  for (let seed = only || 1; seed <= (only || days); seed++) {
    const { events, gaps, attempts } = await day(seed);
    sum.days += 1;
    sum.events += events;
    sum.gaps += gaps;
    sum.attempts += attempts;
  }
  console.log(JSON.stringify(sum));
  assert.ok(only || (sum.events > 20 * sum.days && sum.gaps > 0), JSON.stringify(sum));
});
