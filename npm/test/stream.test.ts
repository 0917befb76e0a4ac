// What a page sees of a stream: the real machine in wasm over a played `EventSource`.

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { connect, EventwireError, type EventStream, type Fault } from "eventwire";
import { Machine } from "../wasm/client_bg.js";
import { dial, EPOCH, FakeEventSource, open, SHOP, until, type Shop } from "./fake.js";

const streams: EventStream<Shop>[] = [];
const keep = (stream: EventStream<Shop>): void => void streams.push(stream);

/** What stood in the console while `code` ran. */
async function console_(code: () => unknown): Promise<string[]> {
  const lines: string[] = [];
  const { error } = console;
  console.error = (...words: unknown[]) => lines.push(words.map(String).join(" "));
  try {
    await code();
  } finally {
    console.error = error;
  }
  return lines;
}

afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
  mock.timers.reset();
});

test("importing and connecting without EventSource does nothing: the page is being rendered on a server", async () => {
  delete (globalThis as { EventSource?: unknown }).EventSource;
  const compile = mock.method(WebAssembly, "instantiate");
  const stream = connect(SHOP, "/events");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([stream.state, compile.mock.callCount()], [{ kind: "idle", reason: "new" }, 0]);
  compile.mock.restore();
});

test("events reach their handlers in order, with topic and position", async () => {
  const { source, said } = await open({}, keep);
  source.tick(1, `${EPOCH}-11/prices.acme`);
  source.tick(2, `${EPOCH}-12.1/prices.acme`);
  assert.deepEqual(said, [`tick 1 prices.acme ${EPOCH}-11`, `tick 2 prices.acme ${EPOCH}-12`]);
});

test("an event that came before is not handed over again", async () => {
  const { source, stream, said } = await open({}, keep);
  source.tick(1, `${EPOCH}-11/a`);
  source.tick(1, `${EPOCH}-11/a`);
  assert.deepEqual([said, stream.inspect().duplicates], [[`tick 1 a ${EPOCH}-11`], 1]);
});

test("an event whose predecessor never came is preceded by a gap", async () => {
  const { source, said } = await open({}, keep);
  source.tick(1, `${EPOCH}-20.3/a`);
  assert.deepEqual(said, ["gap detected ", `tick 1 a ${EPOCH}-20`]);
});

test("a page that closes in its gap handler goes on before the event it was not handed", async () => {
  const { source, stream, said } = await open({}, keep);
  const at: unknown[] = [];
  stream.onGap(() => {
    at.push(stream.position);
    stream.close();
  });
  source.tick(1, `${EPOCH}-20.3/a`);
  at.push(stream.position);
  await Promise.resolve();
  at.push(stream.position);
  assert.deepEqual(said, ["gap detected ", "closed closed"]);
  assert.deepEqual(at, [`${EPOCH}-17`, `${EPOCH}-17`, `${EPOCH}-17`]);
});

test("what a handler throws is reported, and neither the next handler nor the next event misses out", async () => {
  const { source, stream, said } = await open({}, keep);
  stream.on("tick", () => {
    throw new Error("mine");
  });
  stream.on("tick", ({ n }) => said.push(`second ${n}`));
  const lines = await console_(() => {
    source.tick(1, `${EPOCH}-11/a`);
    source.tick(2, `${EPOCH}-12.1/a`);
  });
  assert.deepEqual(said.filter((line) => line.startsWith("second")), ["second 1", "second 2"]);
  assert.deepEqual(lines, ["Error: mine", "Error: mine"]);
});

test("after a close inside a handler nothing is called any more", async () => {
  const { source, stream, said } = await open({}, keep);
  stream.on("tick", () => stream.close());
  stream.on("tick", ({ n }) => said.push(`after ${n}`));
  source.tick(1, `${EPOCH}-11/a`);
  source.tick(2, `${EPOCH}-12.1/a`);
  assert.deepEqual(said, [`tick 1 a ${EPOCH}-11`, "closed closed"]);
  assert.equal(source.readyState, FakeEventSource.CLOSED);
});

test("a closed stream leaves no listener behind", async () => {
  const { source, stream } = await open({}, keep);
  stream.close();
  assert.deepEqual([...source.heard.values()].filter((count) => count !== 0), []);
});

test("a closed stream gives back its memory, and still says where it was and what it counted", async () => {
  const freed = mock.method(Machine.prototype, "free");
  const { source, stream } = await open({}, keep);
  source.tick(1, `${EPOCH}-11/a`);
  stream.on("tick", () => stream.close());
  source.tick(2, `${EPOCH}-12.1/a`);
  await Promise.resolve();
  assert.deepEqual([freed.mock.callCount(), stream.position, stream.inspect().events], [1, `${EPOCH}-12`, 2]);
  freed.mock.restore();
});

test("a function given twice is called twice, and each unsubscribes alone", async () => {
  const { source, stream, said } = await open({}, keep);
  const handler = ({ n }: Shop["tick"]): void => void said.push(`mine ${n}`);
  const first = stream.on("tick", handler);
  stream.on("tick", handler);
  source.tick(1, `${EPOCH}-11/a`);
  first();
  first();
  source.tick(2, `${EPOCH}-12.1/a`);
  assert.deepEqual(said.filter((line) => line.startsWith("mine")), ["mine 1", "mine 1", "mine 2"]);
});

test("a payload that breaks the contract is a fault with its path, and the stream goes on", async () => {
  const { source, stream, said } = await open({}, keep);
  const faults: Fault[] = [];
  stream.onFault((fault) => faults.push(fault));
  source.says("tick", { n: "one" }, `${EPOCH}-11/a`);
  source.says("tick", "{", `${EPOCH}-12.1/a`);
  source.tick(3, `${EPOCH}-13.1/a`);
  assert.deepEqual(
    faults.map(({ reason, event, path, expected, found, topic, position }) => [reason, event, path, expected, found, topic, position]).map((f) => (f[0] === "json" ? f.slice(0, 3) : f)),
    [["invalid", "tick", "/n", "a number", "string", "a", `${EPOCH}-11`], ["json", "tick", ""]],
  );
  assert.equal(faults[0]?.message, "tick on a at /n: expected a number, found string");
  assert.deepEqual([said, stream.inspect().faults], [[`tick 3 a ${EPOCH}-13`], 2]);
});

test("a fault that nobody hears stands in the console once", async () => {
  const { source } = await open({}, keep);
  const lines = await console_(() => {
    source.says("tick", {}, `${EPOCH}-11/a`);
    source.says("tick", {}, `${EPOCH}-12.1/a`);
  });
  assert.deepEqual(lines, ["eventwire: tick on a at /n: expected a number, found undefined"]);
});

test("an event this page's contract does not have is a fault, once per name", async () => {
  const { source, stream } = await dial({}, keep);
  const faults: string[] = [];
  stream.onFault(({ reason, event }) => faults.push(`${reason} ${event}`));
  source.hello({ names: ["tick", "fromTheFuture", "constructor"] });
  source.says("fromTheFuture", 1, `${EPOCH}-11/a`);
  source.says("fromTheFuture", 2, `${EPOCH}-12.1/a`);
  source.says("constructor", 2, `${EPOCH}-13.1/a`);
  assert.deepEqual(faults, ["unknown fromTheFuture", "unknown constructor"]);
});

test("names that come later are listened for before their first event", async () => {
  const { source, stream, said } = await dial({}, keep);
  stream.on("note", (text) => said.push(`note ${text}`));
  source.hello({ names: ["tick"] });
  source.says("eventwire.names", { names: ["note", "tick"] });
  source.says("note", '"hi"', `${EPOCH}-11/a`);
  assert.deepEqual([said.at(-1), source.heard.get("tick"), source.heard.get("note")], ["note hi", 1, 1]);
});

test("another contract on the server is told once", async () => {
  const { source, said } = await dial({}, keep);
  source.hello({ contract: "fedcba9876543210" });
  source.hello({ contract: "fedcba9876543210" });
  assert.deepEqual(said.filter((line) => line.startsWith("outdated")), ["outdated fedcba9876543210"]);
});

test("a lost stream comes back by itself, from its position and never through the browser", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  const opening = open({}, keep);
  for (let turn = 0; turn < 2000 && FakeEventSource.all.length === 0; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(0);
  }
  const { source, stream } = await opening;
  source.tick(1, `${EPOCH}-11/a`);
  source.fails(FakeEventSource.CONNECTING);
  assert.equal(source.readyState, FakeEventSource.CLOSED);
  assert.equal(stream.state.kind, "waiting");
  const { nextAttemptAt = 0 } = stream.state;
  assert.ok(nextAttemptAt >= Date.now() + 1000 && nextAttemptAt <= Date.now() + 3000, `in ${nextAttemptAt - Date.now()} ms`);
  mock.timers.tick(nextAttemptAt - Date.now());
  assert.equal(FakeEventSource.all[1]?.query, `lastEventId=${EPOCH}-11`);
});

test("a refused stream closes with the status that EventSource hides, and its loop throws", async () => {
  const answer = new Response('{"code":"unauthorized"}', { status: 401, headers: { "content-type": "application/problem+json" } });
  const asked = mock.method(globalThis, "fetch", () => Promise.resolve(answer));
  const { source, stream } = await dial({}, keep);
  const loop = stream[Symbol.asyncIterator]();
  const next = loop.next();
  source.fails(FakeEventSource.CLOSED);
  const error = await assert.rejects(next, EventwireError).then(() => (stream.state.kind === "closed" ? stream.state.error : undefined));
  assert.deepEqual([error?.code, error?.status, error?.problem], ["unauthorized", 401, "unauthorized"]);
  assert.deepEqual([asked.mock.callCount(), FakeEventSource.all.length], [1, 1]);
  assert.deepEqual(await loop.next(), { done: true, value: undefined });
  asked.mock.restore();
});

test("a server that asks for patience gets it, in seconds or by date, and a 200 is aborted", async () => {
  for (const [status, after, least] of [[503, "7", 7000], [503, new Date(Date.now() + 9000).toUTCString(), 7500], [200, "", 0]] as const) {
    let signal: AbortSignal | null | undefined;
    const fetched = mock.method(globalThis, "fetch", (_url: string, init: RequestInit) => {
      signal = init.signal;
      return Promise.resolve(new Response("", { status, headers: after ? { "retry-after": after } : {} }));
    });
    const { source, stream } = await dial({}, keep);
    source.fails(FakeEventSource.CLOSED);
    const at = await until("a wait with a reason", () => stream.state.kind === "waiting" && signal?.aborted && stream.state.nextAttemptAt);
    assert.ok(at - Date.now() >= least, `${status} ${after}: ${at - Date.now()}`);
    stream.close();
    fetched.mock.restore();
  }
});

test("closed before it dials, or aborted, a stream dials nothing", async () => {
  Object.assign(globalThis, { EventSource: FakeEventSource });
  FakeEventSource.all = [];
  const abort = new AbortController();
  const first = connect(SHOP, "http://shop.test/events");
  const second = connect(SHOP, "http://shop.test/events", { signal: abort.signal });
  first.close();
  abort.abort();
  const third = connect(SHOP, "http://shop.test/events", { signal: abort.signal });
  const { source } = await open({}, keep);
  assert.deepEqual([first, second, third].map((stream) => stream.state.kind), ["closed", "closed", "closed"]);
  assert.deepEqual(FakeEventSource.all, [source]);
});

test("a full queue closes the transport, drops nothing, and reads on where it stopped", async () => {
  const { source, stream, said } = await open({ queue: 2 }, keep);
  const loop = stream[Symbol.asyncIterator]();
  for (const n of [11, 12, 13]) source.tick(n, `${EPOCH}-${n}.1/a`);
  assert.deepEqual([said.at(-1), source.readyState, stream.position], ["paused queue", FakeEventSource.CLOSED, `${EPOCH}-10`]);
  const taken = [await loop.next(), stream.position, await loop.next(), stream.position];
  assert.deepEqual(
    taken.map((part) => (typeof part === "object" ? part.value?.position : part)),
    [`${EPOCH}-11`, `${EPOCH}-11`, `${EPOCH}-12`, `${EPOCH}-12`],
  );
  const second = await until("a second attempt", () => FakeEventSource.all[1]);
  assert.equal(second.query, `lastEventId=${EPOCH}-12`);
});

test("a loop is handed events, gaps and faults in order, and ends with the stream", async () => {
  const { source, stream } = await open({}, keep);
  const types: string[] = [];
  const loop = (async () => {
    for await (const { type, topic } of stream) types.push(`${type} ${topic}`);
  })();
  source.tick(1, `${EPOCH}-11/a`);
  source.says("tick", {}, `${EPOCH}-12.1/a`);
  source.tick(2, `${EPOCH}-20.2/b`);
  stream.close();
  await loop;
  assert.deepEqual(types, ["tick a", "eventwire.fault a", "eventwire.gap undefined", "tick b"]);
});

test("leaving a loop leaves the stream to the others", async () => {
  const { source, stream, said } = await open({ queue: 1 }, keep);
  const loop = stream[Symbol.asyncIterator]();
  source.tick(1, `${EPOCH}-11/a`);
  assert.equal(said.at(-1), "paused queue");
  await loop.return?.();
  const second = await until("a second attempt", () => FakeEventSource.all[1]);
  second.hello({ start: `${EPOCH}-11` });
  second.tick(2, `${EPOCH}-12.1/a`);
  assert.equal(said.at(-1), `tick 2 a ${EPOCH}-12`);
});

test("topics come and go in one redial, the added ones as new", async () => {
  const { stream } = await open({ topics: ["a.*"] }, keep);
  stream.topics.add("b", "c");
  stream.topics.delete("c");
  const second = await until("a second attempt", () => FakeEventSource.all[1]);
  assert.equal(second.query, `topics=a.*&new=b&lastEventId=${EPOCH}-10`);
  assert.throws(() => stream.topics.add("b c"), { code: "invalid-topic" });
});

test("a hidden page closes as its background mode says, and dials at once when it is seen", async () => {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible", baseURI: "http://shop.test/" });
  Object.assign(globalThis, { document: page });
  const { source, said } = await open({ background: "immediate" }, keep);
  page.visibilityState = "hidden";
  page.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual([said.at(-1), source.readyState], ["paused hidden", FakeEventSource.CLOSED]);
  page.visibilityState = "visible";
  page.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual([said.at(-1), FakeEventSource.all.length], ["connecting visible", 2]);
  delete (globalThis as { document?: unknown }).document;
});

test("options that cannot work are refused where the caller can see it", () => {
  const code = (options: object, url = "http://shop.test/"): string | undefined => {
    try {
      connect(SHOP, url, options).close();
    } catch (error) {
      return (error as EventwireError).code;
    }
    return undefined;
  };
  assert.equal(code({ queue: 0 }), "invalid-option");
  assert.equal(code({ grace: -1 }), "invalid-option");
  assert.equal(code({ background: "never" }), "invalid-option");
  assert.equal(code({ topics: ["a..b"] }), "invalid-topic");
  assert.equal(code({ topics: ["a.b"], from: "earliest", grace: 0, background: "keep" }), undefined);
});
