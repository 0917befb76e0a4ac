// One connection per browser: tabs of one process over Node's own channel, a played lock, a played `EventSource`, and the
// real machine in each.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { BroadcastChannel as NodeChannel } from "node:worker_threads";
import { connect, type EventStream, type Options } from "eventwire";
import { EPOCH, FakeEventSource, HELLO, Line, play, SHOP, type Shop } from "./fake.js";

/** The lock of all tabs, as browsers have it: whoever came first, unless it is taken away. */
class Locks {
  readonly #queues = new Map<string, { grant(): void; holds: boolean; lose(): void }[]>();
  request(name: string, { signal, steal = false }: LockOptions, hold: () => Promise<unknown> | undefined): Promise<unknown> {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        queue.splice(queue.indexOf(entry), 1);
        queue[0]?.holds || queue[0]?.grant();
      };
      const entry = {
        holds: false,
        grant: () => {
          entry.holds = true;
          // As a task: nobody is called back from inside its own request.
          setImmediate(async () => {
            resolve(await hold());
            if (queue.includes(entry)) leave();
          });
        },
        lose: () => {
          queue.splice(queue.indexOf(entry), 1);
          reject(new DOMException("stolen", "AbortError"));
        },
      };
      signal?.addEventListener("abort", () => {
        if (entry.holds) return;
        reject(new DOMException("aborted", "AbortError"));
        leave();
      });
      if (steal) {
        if (queue[0]?.holds) queue[0].lose();
        queue.unshift(entry);
        entry.grant();
      } else if (queue.push(entry) === 1) entry.grant();
    });
  }
  async query(): Promise<object> {
    return {};
  }
}

/** A channel whose tab can be frozen: what it would say and hear comes when it runs again. */
class Channel {
  static all: Channel[] = [];
  readonly #real: NodeChannel;
  #frozen: (() => void)[] | undefined;
  onmessage = (_event: { data: unknown }): void => {};
  constructor(readonly name: string) {
    this.#real = new NodeChannel(name);
    this.#real.onmessage = (event) => this.#do(() => this.onmessage(event as { data: unknown }));
    Channel.all.push(this);
  }
  postMessage(word: unknown): void {
    this.#do(() => this.#real.postMessage(word));
  }
  close(): void {
    this.onmessage = () => {};
    this.#real.close();
  }
  freeze(): void {
    this.#frozen = [];
  }
  thaw(): void {
    const late = this.#frozen ?? [];
    this.#frozen = undefined;
    for (const act of late) act();
  }
  #do(act: () => void): void {
    if (this.#frozen) this.#frozen.push(act);
    else act();
  }
}

/** The one that no test plays. */
const { setTimeout: wait } = globalThis;

const streams: EventStream<Shop>[] = [];

beforeEach(() => {
  play();
  Channel.all = [];
  const navigator = { locks: new Locks() };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  Object.assign(globalThis, { BroadcastChannel: Channel });
});

afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
  mock.timers.reset();
});

/** Waits for what timers, tasks and the channel bring about. */
async function soon<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (let turn = 0; turn < 5000; turn++) {
    const seen = look();
    if (seen) return seen;
    await new Promise((resolve) => wait(resolve, 1));
  }
  throw new Error(`never: ${what}; open: ${open().map(({ url }) => url).join(" ")}`);
}

const open = (): FakeEventSource[] => (Line.all as FakeEventSource[]).filter((line) => !line.closed);

interface Tab {
  stream: EventStream<Shop>;
  said: string[];
}

/** What asks for all that is granted. */
const ALL: Options = {};

/** A tab that has connected, and its first request. */
async function come(options: Options = { topics: ["a"] }): Promise<Tab & { line: FakeEventSource }> {
  const before = Line.all.length;
  const stream = connect(SHOP, "http://shop.test/events", { share: "user 7", ...options });
  streams.push(stream);
  const said: string[] = [];
  stream.on("tick", ({ n }, { topic }) => said.push(`tick ${n} ${topic}`));
  stream.onGap(({ reason, topics }) => said.push(`gap ${reason} ${topics.join()}`));
  stream.onState(({ kind, reason }) => kind === "open" || said.push(`${kind} ${reason}`));
  const line = (await soon("a request", () => Line.all[before])) as FakeEventSource;
  return { stream, said, line };
}

/** A tab that is live, and served as it will be. */
async function live(more: Options = {}, granted: Partial<typeof HELLO> = {}): Promise<Tab & { line: FakeEventSource }> {
  const options = { topics: ["a"], ...more };
  const tab = await come(options);
  await tab.line.hello({ topics: options.topics, ...granted });
  await soon("a seat", () => tab.stream.inspect().share !== "alone");
  tab.said.length = 0;
  return tab;
}

/** The request that a leader makes for all; answered. */
async function redialled(topics: string[], start = `${EPOCH}-10`): Promise<FakeEventSource> {
  const line = await soon("one request for all", () => open().length === 1 && open()[0]?.readyState === 0 && open()[0]);
  await line.hello({ topics, start });
  return line;
}

const heard = (tab: Tab, ...lines: string[]): Promise<unknown> => soon(`${lines.join("; ")} and not ${tab.said.join("; ")}`, () => tab.said.join() === lines.join());

test("c21 tabs of one user have one connection, and each is handed its own topics once and in order", async () => {
  const first = await live({ topics: ["a", "b"] });
  const second = await live({ topics: ["b"] });
  const third = await live({ topics: ["a"] });
  assert.deepEqual([open(), Line.all.length], [[first.line], 3]);
  assert.deepEqual([first, second, third].map(({ stream }) => stream.inspect().share), ["leader", "follower", "follower"]);
  await first.line.tick(1, `${EPOCH}-11/a`);
  await first.line.tick(2, `${EPOCH}-12/b`);
  await first.line.tick(3, `${EPOCH}-13.2/a`);
  await heard(first, "tick 1 a", "tick 2 b", "tick 3 a");
  await heard(second, "tick 2 b");
  await heard(third, "tick 1 a", "tick 3 a");
});

test("w9 a tab that comes is handed what came between its own stream and the leader's", async () => {
  const first = await live();
  await first.line.tick(1, `${EPOCH}-11/a`);
  await first.line.tick(2, `${EPOCH}-12.1/a`);
  const second = await come();
  await second.line.hello({ topics: ["a"] });
  await soon("both", () => second.said.slice(-2).join() === "tick 1 a,tick 2 a");
  assert.deepEqual(open(), [first.line]);
});

test("a topic that the leader does not follow is one request for all, from the lowest position, and nobody hears twice", async () => {
  const first = await live();
  await first.line.tick(1, `${EPOCH}-11/a`);
  const second = await come({ topics: ["b"] });
  await second.line.hello({ topics: ["b"], start: `${EPOCH}-11` });
  const line = await redialled(["a", "b"], `${EPOCH}-11`);
  assert.equal(line.query, `topics=a,b&lastEventId=${EPOCH}-11`);
  await line.tick(2, `${EPOCH}-12.1/a`);
  await line.tick(3, `${EPOCH}-13/b`);
  await heard(first, "tick 1 a", "tick 2 a");
  await soon("the event", () => second.said.includes("tick 3 b"));
  assert.ok(!second.said.some((line) => line.endsWith(" a")));
});

test("topics that one tab adds are its own request first, and none of the others' business", async () => {
  const first = await live();
  const second = await live();
  second.stream.topics.add("c");
  const own = await soon("its own request", () => open().find((line) => line !== first.line));
  assert.equal(own.query, `topics=a&new=c&lastEventId=${EPOCH}-10`);
  await first.line.tick(1, `${EPOCH}-11/a`);
  await own.hello({ topics: ["a", "c"] });
  const line = await redialled(["a", "c"]);
  assert.equal(line.query, `topics=a,c&lastEventId=${EPOCH}-10`);
  await line.tick(1, `${EPOCH}-11/a`);
  await line.tick(2, `${EPOCH}-12/c`);
  await heard(first, "tick 1 a");
  await soon("both", () => second.said.filter((said) => said.startsWith("tick")).join() === "tick 1 a,tick 2 c");
});

test("who names no topics is handed all that is granted, beside others who do", async () => {
  const first = await live();
  const second = await come(ALL);
  await second.line.hello({ topics: ["a", "b.*"] });
  const line = await soon("one request for all", () => open().length === 1 && open()[0]?.readyState === 0 && open()[0]);
  assert.equal(line.query, `lastEventId=${EPOCH}-10`);
  await line.hello({ topics: ["a", "b.*"] });
  await line.tick(1, `${EPOCH}-11/a`);
  await line.tick(2, `${EPOCH}-12/b.x`);
  await heard(first, "tick 1 a");
  await soon("both", () => second.said.slice(-2).join() === "tick 1 a,tick 2 b.x");
  const third = await live({ topics: ["b.x"] });
  await line.tick(3, `${EPOCH}-13.1/b.x`);
  await heard(third, "tick 3 b.x");
  assert.equal(open().length, 1);
});

test("a topic that is not granted is told once, to the tab that asked for it", async () => {
  const first = await live();
  const faults: string[] = [];
  const second = await come({ topics: ["a", "z"] });
  second.stream.onFault(({ reason, topic }) => faults.push(`${reason} ${topic}`));
  await second.line.hello({ topics: ["a"], denied: ["z"] });
  await soon("a seat", () => second.stream.inspect().share === "follower");
  await first.line.tick(1, `${EPOCH}-11/a`);
  await soon("the event", () => second.said.includes("tick 1 a"));
  assert.deepEqual([faults, open()], [["denied z"], [first.line]]);
});

test("a refusal of the leader's request is asked for by each tab, which closes with its own answer", async () => {
  const first = await live();
  const second = await live();
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.now() });
  const dialled = (): Promise<FakeEventSource> => soon("another request", () => (mock.timers.tick(10), open().find((line) => line.readyState === 0)));
  first.stream.close();
  // A stream that ran is lost, whatever is said of it; the next attempt asks why.
  const lost = await dialled();
  lost.readyState = 2;
  lost.dispatchEvent(new Event("error"));
  const line = await dialled();
  await line.refuses(Response.json({ code: "unauthorized" }, { status: 401, headers: { "content-type": "application/problem+json" } }));
  await soon("the end", () => second.stream.state.kind === "closed");
  assert.deepEqual([second.stream.state.reason, second.stream.state.kind === "closed" && second.stream.state.error?.status], ["unauthorized", 401]);
});

test("w7 when the leader is closed another leads at once, from where it was, for all", async () => {
  const first = await live();
  const second = await live({ topics: ["a"] });
  const third = await live({ topics: ["a"] });
  await first.line.tick(1, `${EPOCH}-11/a`);
  await heard(third, "tick 1 a");
  await heard(second, "tick 1 a");
  first.stream.close();
  const line = await redialled(["a"], `${EPOCH}-11`);
  assert.equal(line.query, `topics=a&lastEventId=${EPOCH}-11`);
  await line.tick(2, `${EPOCH}-12.1/a`);
  await heard(second, "tick 1 a", "tick 2 a");
  await heard(third, "tick 1 a", "tick 2 a");
});

test("w6 a leader that is frozen loses its place, and is a follower when it runs again", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const first = await live();
  const second = await live();
  const frozen = Channel.all.slice(0, 2);
  for (const channel of frozen) channel.freeze();
  for (let looks = 0; looks < 5; looks++) mock.timers.tick(1000);
  const line = await soon("another request", () => open().find((line) => line !== first.line));
  await line.hello({ topics: ["a"] });
  await line.tick(1, `${EPOCH}-11/a`);
  await heard(second, "tick 1 a");
  // What it lost the lock with may have come before it was told so.
  await first.line.tick(1, `${EPOCH}-11/a`);
  for (const channel of frozen) channel.thaw();
  await soon("to be served", () => first.stream.inspect().share === "follower");
  await line.tick(2, `${EPOCH}-12.1/a`);
  await heard(first, "tick 1 a", "tick 2 a");
  await heard(second, "tick 1 a", "tick 2 a");
});

test("a leader that answers keeps its place", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const first = await live();
  const second = await live();
  for (let looks = 0; looks < 20; looks++) {
    mock.timers.tick(1000);
    await new Promise((resolve) => wait(resolve, 2));
  }
  assert.deepEqual([open(), second.stream.inspect().share], [[first.line], "follower"]);
});

test("what the server says of another order is said to all", async () => {
  const first = await live();
  const second = await live();
  const other = EPOCH.replace("k", "z");
  await first.line.says("eventwire.gap", { reason: "epoch", topics: [] }, `${other}-3`);
  await first.line.tick(3, `${other}-3/a`);
  await first.line.says("eventwire.cursor", { kind: "prelude" }, `${other}-3`);
  await first.line.says("eventwire.cursor", { kind: "live" }, `${other}-3`);
  await first.line.tick(4, `${other}-4.1/a`);
  await heard(first, "gap epoch ", "tick 3 a", "tick 4 a");
  await heard(second, "gap epoch ", "tick 3 a", "tick 4 a");
});

test("a loss is told by the server to each tab whose topics it may concern, and to no other", async () => {
  const first = await live({ topics: ["a", "b"] });
  const second = await live({ topics: ["a"] });
  const third = await live({ topics: ["b"] });
  await first.line.says("eventwire.gap", { reason: "slow", topics: ["a"] }, `${EPOCH}-20`);
  await soon("two requests of their own", () => open().filter(({ query }) => query.includes(`lastEventId=${EPOCH}-10`)).length === 2);
  const asked = open().filter((line) => line !== first.line);
  assert.deepEqual(asked.map(({ query }) => query).sort(), [`topics=a&lastEventId=${EPOCH}-10`, `topics=a,b&lastEventId=${EPOCH}-10`]);
  await first.line.says("eventwire.cursor", { kind: "prelude" }, `${EPOCH}-20`);
  await first.line.says("eventwire.cursor", { kind: "live" }, `${EPOCH}-20`);
  for (const line of asked) {
    const topics = line.query.split("&")[0]?.slice(7).split(",") ?? [];
    await line.opens();
    await line.says("eventwire.hello", { ...HELLO, topics });
    await line.says("eventwire.gap", { reason: "evicted", topics: ["a"] }, `${EPOCH}-20`);
    await line.says("eventwire.cursor", { kind: "prelude" }, `${EPOCH}-20`);
    await line.says("eventwire.cursor", { kind: "live" }, `${EPOCH}-20`);
  }
  await soon("one connection", () => open().length === 1);
  await first.line.tick(21, `${EPOCH}-21/a`);
  await first.line.tick(22, `${EPOCH}-22/b`);
  await heard(first, "gap evicted a", "tick 21 a", "tick 22 b");
  await heard(second, "gap evicted a", "tick 21 a");
  await heard(third, "tick 22 b");
});

test("a block that is swallowed on the way makes a tab ask for itself, and costs nothing", async () => {
  const first = await live();
  const second = await live();
  const { postMessage } = Channel.prototype;
  let swallowed = 0;
  Channel.prototype.postMessage = function (word: unknown) {
    if ((word as { is?: string }).is === "block" && swallowed++ === 0) return;
    postMessage.call(this, word);
  };
  await first.line.tick(1, `${EPOCH}-11/a`);
  await first.line.tick(2, `${EPOCH}-12.1/a`);
  Channel.prototype.postMessage = postMessage;
  const own = await soon("its own request", () => open().find((line) => line !== first.line));
  assert.equal(own.query, `topics=a&lastEventId=${EPOCH}-10`);
  await own.opens();
  await own.says("eventwire.hello", { ...HELLO, topics: ["a"] });
  await own.says("eventwire.cursor", { kind: "prelude" }, `${EPOCH}-10`);
  await own.tick(1, `${EPOCH}-11/a`);
  await own.tick(2, `${EPOCH}-12.1/a`);
  await own.says("eventwire.cursor", { kind: "live" }, `${EPOCH}-12`);
  await heard(second, "tick 1 a", "tick 2 a");
  await soon("one connection", () => open().length === 1);
});

test("a tab that reads too slowly stops nobody else", async () => {
  const first = await live({ queue: 2 });
  const second = await live();
  const queue = first.stream[Symbol.asyncIterator]();
  const leading = first.line;
  for (const n of [1, 2]) await leading.tick(n, `${EPOCH}-${10 + n}.1/a`);
  assert.equal(first.stream.state.reason, "queue");
  await heard(second, "tick 1 a", "tick 2 a");
  const line = await redialled(["a"], `${EPOCH}-12`);
  await line.tick(3, `${EPOCH}-13.1/a`);
  await heard(second, "tick 1 a", "tick 2 a", "tick 3 a");
  for (const _ of [1, 2]) await queue.next();
  await soon("the event it had no room for", () => first.said.includes("tick 3 a"));
  assert.equal(open().length, 1);
});

test("a server that goes away is dialled once for all", async () => {
  const first = await live();
  const second = await live();
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.now() });
  const before = Line.all.length;
  await first.line.says("eventwire.bye", { reason: "drain", after: 0 });
  await heard(first, "waiting drain");
  await heard(second, "waiting drain");
  assert.equal(open().length, 0);
  await soon("one request", () => (mock.timers.tick(10), open().length === 1));
  const line = await redialled(["a"]);
  await soon("both", () => (mock.timers.tick(10), true) && [first, second].every(({ stream }) => stream.state.kind === "open"));
  await line.tick(1, `${EPOCH}-11/a`);
  await soon("the event in both", () => [first, second].every(({ said }) => said.at(-1) === "tick 1 a"));
  assert.equal(Line.all.length, before + 1);
});

test("w11 whoever logs out is logged out in every tab of that user, on any stream, and nobody else is", async () => {
  const first = await live();
  const second = await live();
  const third = await live({ share: "user 8" });
  first.stream.logout();
  await heard(second, "closed logout");
  assert.deepEqual([first.stream.state, third.stream.state.kind, open()], [{ kind: "closed", reason: "logout", error: undefined }, "open", [third.line]]);
});

test("w11 another user, and another way to ask, share nothing", async () => {
  const tabs = [await live(), await live({ share: "user 8" }), await live({ withCredentials: true })];
  assert.deepEqual(tabs.map(({ stream }) => stream.inspect().share), ["leader", "leader", "leader"]);
  await tabs[0]?.line.tick(1, `${EPOCH}-11/a`);
  await heard(tabs[0] as Tab, "tick 1 a");
  assert.deepEqual([tabs[1]?.said, tabs[2]?.said], [[], []]);
  const said = JSON.stringify(Channel.all.map(({ name }) => name));
  assert.ok(!said.includes("user") && !said.includes("shop"), said);
});

test("a34 words that are none, or another tab's, are not heard", async () => {
  const first = await live();
  const forged = new NodeChannel(Channel.all[1]?.name ?? "");
  const words: { term?: string; who?: string }[] = [];
  forged.onmessage = (event) => words.push((event as { data: object }).data);
  const second = await live();
  const [term, who] = await soon("both of their words", () => {
    const [one, other] = [words.find(({ term }) => term)?.term, words.find(({ who }) => who)?.who];
    return one && other && [one, other];
  });
  const id = `${EPOCH}-11/a`;
  const tick = ["tick", id, '{"n":6}'];
  for (const word of [
    null,
    "lead",
    { is: "toString" },
    { is: "lead" },
    { is: "want", who, view: [1], at: id, seated: true },
    { is: "hold", term, whom: 1, n: 1 },
    { is: "ask", term, whom: [1] },
    { is: "welcome", term, whom: [who], n: 1, hello: "{}", blocks: [1], at: id },
    { is: "block", term, n: 1, block: null },
    { is: "block", term: "mine", n: 1, block: tick },
    { is: "over", term: "mine", refused: true },
  ]) {
    forged.postMessage(word);
  }
  await first.line.tick(1, id);
  await heard(second, "tick 1 a");
  assert.deepEqual(open(), [first.line]);
  forged.close();
});

for (const [part, without] of [
  ["locks", () => Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true })],
  ["a channel", () => Object.assign(globalThis, { BroadcastChannel: undefined })],
  ["storage", () => Object.assign(navigator.locks, { query: () => Promise.reject(new DOMException("denied", "SecurityError")) })],
] as const) {
  test(`w10 without ${part} each tab has a stream of its own, and says so`, async () => {
    without();
    const tabs = [await come(), await come()];
    for (const { line } of tabs) await line.hello({ topics: ["a"] });
    assert.deepEqual(tabs.map(({ stream }) => [stream.state.kind, stream.inspect().share]), [["open", "unsupported"], ["open", "unsupported"]]);
    assert.equal(open().length, 2);
  });
}

test("without the option nothing of it is fetched, and inspect does not mention it", async () => {
  const { stream } = await come({ share: undefined });
  assert.deepEqual([stream.inspect().share, Channel.all], [undefined, []]);
});

test("a key that names nobody is refused", () => {
  assert.throws(() => connect(SHOP, "http://shop.test/events", { share: "" }), /options\.share/);
});
