// A page whose policy forbids WebAssembly. A file of its own: the wasm is compiled once per process.

import assert from "node:assert/strict";
import { afterEach, before, mock, test } from "node:test";
import { connect, connectRaw, EventwireError, type EventStream, type Options } from "eventwire";
import { EventSource } from "eventwire/eventsource";
import { EPOCH, EVENT_SOURCE, type FakeEventSource, type FakeRequest, Line, play, SHOP, type Shop, until } from "./fake.js";
import { fixtures } from "./fixtures.js";
import { payloads } from "./verdicts.js";

const warnings: string[] = [];
const streams: EventStream<Shop>[] = [];

before(() => {
  // Node reads HTTP by a wasm of its own.
  const { instantiate } = WebAssembly;
  mock.method(WebAssembly, "instantiate", (bytes: BufferSource, imports?: WebAssembly.Imports) =>
    Object.keys(imports ?? {}).length === 0 ? Promise.reject(new WebAssembly.CompileError("blocked by CSP")) : instantiate(bytes, imports),
  );
  mock.method(console, "warn", (text: string) => warnings.push(text));
});

afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
  mock.timers.reset();
});

const keep = (stream: EventStream<Shop>): void => void streams.push(stream);
const open = (options: Options = {}): ReturnType<typeof EVENT_SOURCE.open> => EVENT_SOURCE.open(options, keep);
const dial = (options: Options = {}): ReturnType<typeof EVENT_SOURCE.dial> => EVENT_SOURCE.dial(options, keep);

/** The attempt after `source`. */
const next = (source: FakeEventSource): Promise<FakeEventSource> =>
  until("another attempt", () => Line.all[Line.all.indexOf(source) + 1]) as Promise<FakeEventSource>;

/** Makes time ours from here on. Waits turn to hundreds of milliseconds only by `tick`. */
const clock = (): void => mock.timers.enable({ apis: ["setTimeout", "Date"] });

for (const held of [fixtures, payloads]) held((name, body) => void test(`${name}, in basic mode`, async () => void (await body(EVENT_SOURCE))));

test("events are typed and in order, and one warning names the directive", async () => {
  const { source, said, stream } = await open();
  await source.tick(1, `${EPOCH}-11/a`);
  await source.tick(1, `${EPOCH}-11/a`);
  await source.tick(2, `${EPOCH}-13.2/a`);
  assert.deepEqual(said, [`tick 1 a ${EPOCH}-11`, `tick 2 a ${EPOCH}-13`]);
  const { events, duplicates, attempts } = stream.inspect();
  assert.deepEqual([events, duplicates, attempts, stream.position], [2, 1, 1, `${EPOCH}-13`]);
  await open();
  assert.deepEqual(warnings.map((text) => text.includes("'wasm-unsafe-eval'")), [true]);
});

test("what does not fit the contract is a fault", async () => {
  const { source, stream } = await open();
  const faults: string[] = [];
  stream.onFault(({ reason, event, path }) => faults.push(`${reason} ${event} ${path}`));
  await source.says("tick", { n: "one" }, `${EPOCH}-11/a`);
  await source.says("eventwire.names", { names: ["newer"] });
  await source.says("newer", {}, `${EPOCH}-12/a`);
  await source.says("newer", {}, `${EPOCH}-13/a`);
  assert.deepEqual(faults, ["invalid tick /n", "unknown newer "]);
});

test("the browser comes back by itself, and what it had is not handed over again", async () => {
  const { source, said, stream } = await open();
  await source.tick(1, `${EPOCH}-11/a`);
  await source.breaks();
  assert.deepEqual([stream.state.kind, stream.state.reason, Line.all.length], ["waiting", "lost", 1]);
  await source.hello({ start: `${EPOCH}-11` });
  await source.tick(1, `${EPOCH}-11/a`);
  await source.tick(2, `${EPOCH}-12.1/a`);
  assert.deepEqual(said, [`tick 1 a ${EPOCH}-11`, "waiting lost", "open hello", `tick 2 a ${EPOCH}-12`]);
});

test("a hole that nobody told of is a gap before the event behind it", async () => {
  const { source, said } = await open();
  await source.tick(1, `${EPOCH}-20.3/a`);
  await source.tick(2, "aaaaaaaaaaaa-4.1/a");
  assert.deepEqual(said, ["gap detected ", `tick 1 a ${EPOCH}-20`, "gap detected ", "tick 2 a aaaaaaaaaaaa-4"]);
});

test("a prelude that was cut is asked for again, and brings nothing twice", async () => {
  const { source, said } = await dial({ topics: ["a.*", "b"] });
  await source.opens();
  await source.says("eventwire.hello", hello({ topics: ["a.*", "b"] }));
  await source.tick(1, `${EPOCH}-4/a.x`);
  clock();
  await source.breaks();
  assert.equal(source.closed, true);
  mock.timers.tick(2000);
  const again = Line.all[1] as FakeEventSource;
  assert.equal(again.query, `new=a.*,b&lastEventId=${EPOCH}-10`);
  await again.opens();
  await again.says("eventwire.hello", hello({ topics: ["a.*", "b"] }));
  await again.tick(1, `${EPOCH}-4/a.x`);
  await again.tick(2, `${EPOCH}-7/b`);
  await again.says("eventwire.cursor", { kind: "prelude" }, `${EPOCH}-10`);
  await again.tick(3, `${EPOCH}-12.2/b`);
  assert.deepEqual(said.filter((line) => line.startsWith("tick")), [`tick 1 a.x ${EPOCH}-4`, `tick 2 b ${EPOCH}-7`, `tick 3 b ${EPOCH}-12`]);
});

test("so is what is granted, where nothing was named", async () => {
  const { source } = await dial();
  await source.opens();
  await source.says("eventwire.hello", hello({ topics: ["a", "b"] }));
  clock();
  await source.breaks();
  mock.timers.tick(2000);
  assert.equal(Line.all[1]?.query, `new=a,b&lastEventId=${EPOCH}-10`);
});

test("after a gap the newest comes anew, but not what the page had", async () => {
  const { source, said } = await open({ topics: ["a", "b"] });
  await source.tick(1, `${EPOCH}-11/a`);
  await source.says("eventwire.gap", { reason: "slow", topics: ["a", "b"] }, `${EPOCH}-30`);
  await source.tick(1, `${EPOCH}-11/a`);
  await source.tick(2, `${EPOCH}-20/b`);
  await source.says("eventwire.cursor", { kind: "prelude" }, `${EPOCH}-30`);
  await source.tick(3, `${EPOCH}-31.1/a`);
  assert.deepEqual(said, [`tick 1 a ${EPOCH}-11`, "gap slow a,b", `tick 2 b ${EPOCH}-20`, `tick 3 a ${EPOCH}-31`]);
});

test("a page ahead of its server goes back to where that is", async () => {
  const { source, said, stream } = await dial({ from: `${EPOCH}-90` });
  assert.equal(source.query, `lastEventId=${EPOCH}-90`);
  await source.opens();
  await source.says("eventwire.hello", hello());
  await source.says("eventwire.gap", { reason: "ahead", topics: [] }, `${EPOCH}-10`);
  await source.says("eventwire.cursor", { kind: "prelude" }, `${EPOCH}-10`);
  await source.tick(1, `${EPOCH}-11/a`);
  assert.deepEqual(said.slice(2), ["gap ahead ", `tick 1 a ${EPOCH}-11`]);
  assert.equal(stream.position, `${EPOCH}-11`);
});

test("a position that cannot be read is a gap", async () => {
  const { source, said } = await dial({ from: "yesterday" });
  await source.hello();
  assert.deepEqual(said.slice(1), ["gap position ", "open hello"]);
});

test("topics that come and go make one redial", async () => {
  const { source, stream } = await open({ topics: ["a"] });
  stream.topics.add("b", "c");
  stream.topics.delete("c");
  const again = await next(source);
  assert.deepEqual([again.query, source.closed], [`topics=a&new=b&lastEventId=${EPOCH}-10`, true]);
  await again.hello({ topics: ["a", "b"] });
  stream.topics.delete("a", "b");
  await until("the end of the last attempt", () => again.closed);
  assert.deepEqual([stream.state.kind, stream.state.reason], ["paused", "topics"]);
});

test("what is not granted is a fault, and a gap where it was", async () => {
  const { source, said, stream } = await open({ topics: ["a", "b"] });
  const faults: string[] = [];
  stream.onFault(({ reason, topic }) => faults.push(`${reason} ${topic}`));
  await source.breaks();
  await source.hello({ topics: ["a"], denied: ["b"] });
  await source.breaks();
  await source.hello({ topics: [], denied: ["a", "b"] });
  assert.deepEqual(faults, ["denied b"]);
  assert.deepEqual(said.filter((line) => line.startsWith("gap")), ["gap forbidden a"]);
});

test("another contract is told once, with the names that differ", async () => {
  const { source, said } = await open();
  for (const contract of ["", "fedcba9876543210", SHOP.hash, "00112233445566aa"]) {
    await source.breaks();
    await source.hello({ contract, names: ["note", "late"] });
  }
  assert.deepEqual(said.filter((line) => line.startsWith("outdated")), [`outdated ${SHOP.hash} fedcba9876543210 +late -tick`]);
});

test("a server that ends the stream is asked again no sooner than it said", async () => {
  const { source, said } = await open();
  clock();
  await source.says("eventwire.bye", { reason: "drain", after: 4000 });
  mock.timers.tick(3999);
  assert.deepEqual([said, Line.all.length], [["waiting drain"], 1]);
  mock.timers.tick(1001);
  assert.equal(Line.all.length, 2);
});

test("nor than its hello said", async () => {
  const { source } = await EVENT_SOURCE.dial({}, keep);
  await source.hello({ retry: 7000, spread: 500 });
  clock();
  await source.says("eventwire.bye", { reason: "rotate", after: 0 });
  mock.timers.tick(6999);
  assert.equal(Line.all.length, 1);
  mock.timers.tick(501);
  assert.equal(Line.all.length, 2);
});

test("what a cut prelude brought is forgotten with its epoch", async () => {
  const { source, said } = await dial({ topics: ["a"] });
  await source.opens();
  await source.says("eventwire.hello", hello({ topics: ["a"] }));
  await source.tick(1, `${EPOCH}-4/a`);
  await source.says("eventwire.gap", { reason: "epoch", topics: [] }, "aaaaaaaaaaaa-9");
  await source.tick(2, "aaaaaaaaaaaa-4/a");
  assert.deepEqual(said.slice(2), [`tick 1 a ${EPOCH}-4`, "gap epoch ", "tick 2 a aaaaaaaaaaaa-4"]);
});

test("a page that closes at the first news leaves no connection", async () => {
  play();
  const stream = connect(SHOP, "http://shop.test/events");
  stream.onState(() => stream.close());
  await until("the news", () => stream.state.kind === "closed");
  assert.deepEqual(Line.all.map(({ closed }) => closed), [true]);
});

test("whoever is refused twice in a row is out", async () => {
  const { source, stream } = await open();
  clock();
  await source.says("eventwire.bye", { reason: "auth", after: 0 });
  mock.timers.tick(2000);
  const again = Line.all[1] as FakeEventSource;
  await again.opens();
  await again.says("eventwire.hello", hello());
  await again.says("eventwire.bye", { reason: "auth", after: 0 });
  assert.deepEqual([stream.state.kind, stream.state.reason], ["closed", "auth"]);
});

test("any answer that is no stream closes: basic mode sees no status", async () => {
  const { source, stream } = await open();
  source.close();
  source.dispatchEvent(new Event("error"));
  assert.deepEqual([stream.state.kind, stream.state.reason, Line.all.length], ["closed", "refused", 1]);
});

test("a full queue closes the transport, and a drained one goes on at the position", async () => {
  const { source, stream } = await open({ queue: 2, topics: ["a"] });
  const loop = stream[Symbol.asyncIterator]();
  for (const n of [11, 12, 13]) await source.tick(n, `${EPOCH}-${n}.1/a`);
  assert.deepEqual([source.closed, stream.state.reason], [true, "queue"]);
  clock();
  stream.topics.add("b");
  mock.timers.tick(1000);
  assert.equal(Line.all.length, 1);
  mock.timers.reset();
  for (const n of [11, 12]) assert.equal(((await loop.next()).value?.data as { n: number }).n, n);
  const again = await next(source);
  assert.equal(again.query, `topics=a&new=b&lastEventId=${EPOCH}-12`);
});

test("what is closed at once dials nothing", async () => {
  play();
  connect(SHOP, "http://shop.test/events").close();
  const stream = connect(SHOP, "http://shop.test/events");
  await until("the one attempt", () => Line.all.length > 0);
  assert.equal(Line.all.length, 1);
  stream.close();
  assert.equal((Line.all[0] as FakeEventSource).closed, true);
});

test("headers and servers that are not ours need the machine", async () => {
  play();
  const refused = (error: EventwireError): boolean => error.code === "wasm-blocked" && error.message.includes("'wasm-unsafe-eval'");
  const stream = connect(SHOP, "http://shop.test/events", { headers: { authorization: "Bearer x" } });
  await assert.rejects(stream[Symbol.asyncIterator]().next(), refused);
  await assert.rejects(connectRaw("http://shop.test/events")[Symbol.asyncIterator]().next(), refused);
  assert.equal(Line.all.length, 0);
});

test("a drop-in EventSource goes on as the standard says, and tells what to add", async () => {
  play();
  const before = warnings.length;
  const source = new EventSource("http://shop.test/sse");
  const heard: string[] = [];
  source.onmessage = ({ data }) => heard.push(data);
  const request = (await until("a request", () => Line.all[0])) as FakeRequest;
  await request.opens();
  await request.bytes("data: a\n\n");
  assert.deepEqual([heard, source.readyState], [["a"], 1]);
  assert.deepEqual(warnings.slice(before).map((text) => text.includes("'wasm-unsafe-eval'")), [true]);
  source.close();
});

/** A hello alone: its prelude is still to come. */
function hello(change: object = {}): object {
  const start = `${EPOCH}-10`;
  return { v: 1, start, head: start, names: ["tick", "note"], contract: SHOP.hash, topics: ["**"], denied: [], heartbeat: 15000, spread: 0, retry: 1000, ...change };
}
