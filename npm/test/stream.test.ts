// What a page sees of a stream: the real machine in wasm over a played `EventSource`.

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { connect, EventwireError, type EventStream, type Fault } from "eventwire";
import { Machine } from "../dist/wasm.js";
import { both, dialled, EPOCH, EVENT_SOURCE, FakeEventSource, FakeRequest, FETCH, FRAMED, FramingEventSource, Line, play, SHOP, until, type Shop } from "./fake.js";

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
  // Of a module only Node makes one, for itself.
  const ours = compile.mock.calls.filter(({ arguments: [of] }) => !((of as unknown) instanceof WebAssembly.Module));
  assert.deepEqual([stream.state, ours.length], [{ kind: "idle", reason: "new" }, 0]);
  compile.mock.restore();
});

both("events reach their handlers in order, with topic and position", async (on) => {
  const { source, said } = await on.open({}, keep);
  await source.tick(1, `${EPOCH}-11/prices.acme`);
  await source.tick(2, `${EPOCH}-12.1/prices.acme`);
  assert.deepEqual(said, [`tick 1 prices.acme ${EPOCH}-11`, `tick 2 prices.acme ${EPOCH}-12`]);
});

both("an event that came before is not handed over again", async (on) => {
  const { source, stream, said } = await on.open({}, keep);
  await source.tick(1, `${EPOCH}-11/a`);
  await source.tick(1, `${EPOCH}-11/a`);
  assert.deepEqual([said, stream.inspect().duplicates], [[`tick 1 a ${EPOCH}-11`], 1]);
});

both("an event whose predecessor never came is preceded by a gap", async (on) => {
  const { source, said } = await on.open({}, keep);
  await source.tick(1, `${EPOCH}-20.3/a`);
  assert.deepEqual(said, ["gap detected ", `tick 1 a ${EPOCH}-20`]);
});

both("a page that closes in its gap handler goes on before the event it was not handed", async (on) => {
  const { source, stream, said } = await on.open({}, keep);
  const at: unknown[] = [];
  stream.onGap(() => {
    at.push(stream.position);
    stream.close();
  });
  await source.tick(1, `${EPOCH}-20.3/a`);
  at.push(stream.position);
  await Promise.resolve();
  at.push(stream.position);
  assert.deepEqual(said, ["gap detected ", "closed closed"]);
  assert.deepEqual(at, [`${EPOCH}-17`, `${EPOCH}-17`, `${EPOCH}-17`]);
});

both("an event sets no timer, however far it moves the deadline", async (on) => {
  const { source, said } = await on.open({}, keep);
  const set = mock.method(globalThis, "setTimeout");
  for (let n = 11; n < 61; n++) await source.tick(n, `${EPOCH}-${n}.1/a`);
  assert.deepEqual([said.length, set.mock.callCount()], [50, 0]);
  set.mock.restore();
});

both("c11 what a handler throws is reported, and neither the next handler nor the next event misses out", async (on) => {
  const { source, stream, said } = await on.open({}, keep);
  stream.on("tick", () => {
    throw new Error("mine");
  });
  stream.on("tick", ({ n }) => said.push(`second ${n}`));
  const lines = await console_(async () => {
    await source.tick(1, `${EPOCH}-11/a`);
    await source.tick(2, `${EPOCH}-12.1/a`);
  });
  assert.deepEqual(said.filter((line) => line.startsWith("second")), ["second 1", "second 2"]);
  assert.deepEqual(lines, ["Error: mine", "Error: mine"]);
});

both("c11 c20 after a close inside a handler nothing is called any more", async (on) => {
  const { source, stream, said } = await on.open({}, keep);
  stream.on("tick", () => stream.close());
  stream.on("tick", ({ n }) => said.push(`after ${n}`));
  await source.tick(1, `${EPOCH}-11/a`);
  await source.tick(2, `${EPOCH}-12.1/a`);
  assert.deepEqual(said, [`tick 1 a ${EPOCH}-11`, "closed closed"]);
  assert.equal(source.closed, true);
});

test("a closed stream leaves no listener behind", async () => {
  const { source, stream } = await EVENT_SOURCE.open({}, keep);
  stream.close();
  assert.deepEqual([...source.heard.values()].filter((count) => count !== 0), []);
});

both("a closed stream gives back its memory, and still says where it was and what it counted", async (on) => {
  const freed = mock.method(Machine.prototype, "free");
  const { source, stream } = await on.open({}, keep);
  await source.tick(1, `${EPOCH}-11/a`);
  stream.on("tick", () => stream.close());
  await source.tick(2, `${EPOCH}-12.1/a`);
  await Promise.resolve();
  assert.deepEqual([freed.mock.callCount(), stream.position, stream.inspect().events], [1, `${EPOCH}-12`, 2]);
  freed.mock.restore();
});

both("a function given twice is called twice, and each unsubscribes alone", async (on) => {
  const { source, stream, said } = await on.open({}, keep);
  const handler = ({ n }: Shop["tick"]): void => void said.push(`mine ${n}`);
  const first = stream.on("tick", handler);
  stream.on("tick", handler);
  await source.tick(1, `${EPOCH}-11/a`);
  first();
  first();
  await source.tick(2, `${EPOCH}-12.1/a`);
  assert.deepEqual(said.filter((line) => line.startsWith("mine")), ["mine 1", "mine 1", "mine 2"]);
});

both("c9 a payload that breaks the contract is a fault with its path, and the stream goes on", async (on) => {
  const { source, stream, said } = await on.open({}, keep);
  const faults: Fault[] = [];
  stream.onFault((fault) => faults.push(fault));
  await source.says("tick", { n: "one" }, `${EPOCH}-11/a`);
  await source.says("tick", "{", `${EPOCH}-12.1/a`);
  await source.tick(3, `${EPOCH}-13.1/a`);
  assert.deepEqual(
    faults.map(({ reason, event, path, expected, found, topic, position }) => [reason, event, path, expected, found, topic, position]).map((f) => (f[0] === "json" ? f.slice(0, 3) : f)),
    [["invalid", "tick", "/n", "a number", "string", "a", `${EPOCH}-11`], ["json", "tick", ""]],
  );
  assert.equal(faults[0]?.message, "tick on a at /n: expected a number, found string");
  assert.deepEqual([said, stream.inspect().faults], [[`tick 3 a ${EPOCH}-13`], 2]);
});

both("a fault that nobody hears stands in the console once", async (on) => {
  const { source } = await on.open({}, keep);
  const lines = await console_(async () => {
    await source.says("tick", {}, `${EPOCH}-11/a`);
    await source.says("tick", {}, `${EPOCH}-12.1/a`);
  });
  assert.deepEqual(lines, ["eventwire: tick on a at /n: expected a number, found undefined"]);
});

both("an event this page's contract does not have is a fault, once per name", async (on) => {
  const { source, stream } = await on.dial({}, keep);
  const faults: string[] = [];
  stream.onFault(({ reason, event }) => faults.push(`${reason} ${event}`));
  await source.hello({ names: ["tick", "fromTheFuture", "constructor"] });
  await source.says("fromTheFuture", 1, `${EPOCH}-11/a`);
  await source.says("fromTheFuture", 2, `${EPOCH}-12.1/a`);
  await source.says("constructor", 2, `${EPOCH}-13.1/a`);
  assert.deepEqual(faults, ["unknown fromTheFuture", "unknown constructor"]);
});

both("names that come later are listened for before their first event", async (on) => {
  const { source, stream, said } = await on.dial({}, keep);
  stream.on("note", (text) => said.push(`note ${text}`));
  await source.hello({ names: ["tick"] });
  await source.says("eventwire.names", { names: ["note", "tick"] });
  await source.says("note", '"hi"', `${EPOCH}-11/a`);
  assert.equal(said.at(-1), "note hi");
  if (source instanceof FakeEventSource) assert.deepEqual([source.heard.get("tick"), source.heard.get("note")], [1, 1]);
});

both("another contract on the server is told once, with the names that differ", async (on) => {
  const { source, said } = await on.dial({}, keep);
  await source.hello({ contract: "fedcba9876543210", names: ["note", "late"] });
  await source.hello({ contract: "00112233445566aa" });
  assert.deepEqual(said.filter((line) => line.startsWith("outdated")), [`outdated ${SHOP.hash} fedcba9876543210 +late -tick`]);
});

both("another contract that nobody listens for stands in the console once", async (on) => {
  const { source, stream } = await on.dial({}, keep);
  const again = connect(SHOP, "http://shop.test/events", on.asked);
  keep(again);
  const second = await until("its attempt", () => Line.all[1]);
  const lines = await console_(async () => {
    await source.hello({ contract: "fedcba9876543210" });
    await second.hello({ contract: "fedcba9876543210", names: ["tick", "late"] });
    await second.hello({ contract: "00112233445566aa" });
  });
  const outdated = { page: SHOP.hash, server: "fedcba9876543210", added: ["late"], removed: ["note"] };
  assert.deepEqual(lines, [`eventwire: this page is outdated: ${JSON.stringify(outdated)}`]);
  assert.deepEqual([stream.state.kind, again.state.kind], ["open", "open"]);
});

both("a page that knows no hash is never outdated", async (on) => {
  play();
  const stream = connect({ ...SHOP, hash: "" }, "http://shop.test/events", on.asked);
  keep(stream);
  let told = 0;
  stream.onOutdated(() => (told += 1));
  await (await until("an attempt", () => Line.all[0])).hello({ contract: "fedcba9876543210" });
  assert.deepEqual([stream.state.kind, told], ["open", 0]);
});

both("a server without a contract outdates no page", async (on) => {
  play();
  const stream = connect(SHOP, "http://shop.test/events", on.asked);
  keep(stream);
  let told = 0;
  stream.onOutdated(() => (told += 1));
  await (await until("an attempt", () => Line.all[0])).hello({ contract: "" });
  assert.deepEqual([stream.state.kind, told], ["open", 0]);
});

both("a lost stream comes back by itself, from its position and never through the browser", async (on) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  const opening = on.open({}, keep);
  await dialled();
  const { source, stream } = await opening;
  await source.tick(1, `${EPOCH}-11/a`);
  await source.breaks();
  assert.equal(source.closed, true);
  assert.equal(stream.state.kind, "waiting");
  const { nextAttemptAt = 0 } = stream.state;
  assert.ok(nextAttemptAt >= Date.now() + 1000 && nextAttemptAt <= Date.now() + 3000, `in ${nextAttemptAt - Date.now()} ms`);
  mock.timers.tick(nextAttemptAt - Date.now());
  assert.equal(Line.all[1]?.query, `lastEventId=${EPOCH}-11`);
});

both("a refused stream closes with the status that EventSource hides, and its loop throws", async (on) => {
  const answer = new Response('{"code":"unauthorized"}', { status: 401, headers: { "content-type": "application/problem+json" } });
  const { source, stream } = await on.dial({}, keep);
  const loop = stream[Symbol.asyncIterator]();
  const next = loop.next();
  await Promise.all([assert.rejects(next, EventwireError), source.refuses(answer)]);
  const error = stream.state.kind === "closed" ? stream.state.error : undefined;
  assert.deepEqual([error?.code, error?.status, error?.problem, error?.body], ["unauthorized", 401, "unauthorized", '{"code":"unauthorized"}']);
  assert.deepEqual([FakeRequest.probes.length, Line.all.length], [on.name === "fetch" ? 0 : 1, 1]);
  assert.deepEqual(await loop.next(), { done: true, value: undefined });
});

both("c14 a server that asks for patience gets it, in seconds or by date", async (on) => {
  mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_000 });
  for (const [status, after, least] of [[503, "7", 7000], [503, new Date(Date.now() + 9000).toUTCString(), 9000], [429, "", 0]] as const) {
    const { source, stream } = await on.dial({}, keep);
    await source.refuses(new Response("", { status, headers: after ? { "retry-after": after } : {} }));
    assert.equal(stream.state.kind, "waiting");
    const wait = (stream.state.nextAttemptAt ?? 0) - Date.now();
    assert.ok(wait >= least, `${status} ${after}: ${wait}`);
    stream.close();
  }
});

test("what an EventSource gave up for no reason to be seen is tried again, and no second stream is read", async () => {
  const { source, stream } = await EVENT_SOURCE.dial({}, keep);
  const body = new ReadableStream();
  await source.refuses(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  assert.deepEqual([stream.state.kind, stream.state.reason, body.locked], ["waiting", "lost", false]);
});

both("c20 closed before it dials, or aborted, a stream dials nothing", async (on) => {
  play();
  const abort = new AbortController();
  const first = connect(SHOP, "http://shop.test/events", on.asked);
  const second = connect(SHOP, "http://shop.test/events", { ...on.asked, signal: abort.signal });
  first.close();
  abort.abort();
  const third = connect(SHOP, "http://shop.test/events", { ...on.asked, signal: abort.signal });
  const { source } = await on.open({}, keep);
  assert.deepEqual([first, second, third].map((stream) => stream.state.kind), ["closed", "closed", "closed"]);
  assert.deepEqual(Line.all, [source]);
});

both("c11 a full queue closes the transport, drops nothing, and reads on where it stopped", async (on) => {
  const { source, stream, said } = await on.open({ queue: 2 }, keep);
  const loop = stream[Symbol.asyncIterator]();
  for (const n of [11, 12, 13]) await source.tick(n, `${EPOCH}-${n}.1/a`);
  assert.deepEqual([said.at(-1), source.closed, stream.position], ["paused queue", true, `${EPOCH}-10`]);
  const taken = [await loop.next(), stream.position, await loop.next(), stream.position];
  assert.deepEqual(
    taken.map((part) => (typeof part === "object" ? part.value?.position : part)),
    [`${EPOCH}-11`, `${EPOCH}-11`, `${EPOCH}-12`, `${EPOCH}-12`],
  );
  const second = await until("a second attempt", () => Line.all[1]);
  assert.equal(second.query, `lastEventId=${EPOCH}-12`);
});

both("what waits for a loop is behind the heartbeat and the gap that came before it, and so is the position", async (on) => {
  const { source, stream } = await on.open({}, keep);
  const loop = stream[Symbol.asyncIterator]();
  const at: unknown[] = [];
  const look = (): void => void at.push(stream.position?.slice(EPOCH.length + 1));
  const takes = async (): Promise<void> => void at.push((await loop.next()).value?.type);
  await source.tick(1, `${EPOCH}-11/a`);
  await takes();
  await source.says("eventwire.cursor", { kind: "beat" }, `${EPOCH}-15`);
  look();
  await source.tick(2, `${EPOCH}-16.5/a`); // waits
  look();
  await takes();
  await source.says("eventwire.cursor", { kind: "beat" }, `${EPOCH}-17`);
  // The gap and the event behind it come at once, and both wait.
  await source.tick(3, `${EPOCH}-30.3/b`);
  look();
  await takes();
  look();
  await takes();
  look();
  assert.deepEqual(at, ["tick", "15", "15", "tick", "17", "eventwire.gap", "27", "tick", "30"]);
});

both("a loop is handed events, gaps and faults in order, and ends with the stream", async (on) => {
  const { source, stream } = await on.open({}, keep);
  const types: string[] = [];
  const loop = (async () => {
    for await (const { type, topic } of stream) types.push(`${type} ${topic}`);
  })();
  await source.tick(1, `${EPOCH}-11/a`);
  await source.says("tick", {}, `${EPOCH}-12.1/a`);
  await source.tick(2, `${EPOCH}-20.2/b`);
  stream.close();
  await loop;
  assert.deepEqual(types, ["tick a", "eventwire.fault a", "eventwire.gap undefined", "tick b"]);
});

both("leaving a loop leaves the stream to the others", async (on) => {
  const { source, stream, said } = await on.open({ queue: 1 }, keep);
  const loop = stream[Symbol.asyncIterator]();
  await source.tick(1, `${EPOCH}-11/a`);
  assert.equal(said.at(-1), "paused queue");
  await loop.return?.();
  const second = await until("a second attempt", () => Line.all[1]);
  await second.hello({ start: `${EPOCH}-11` });
  await second.tick(2, `${EPOCH}-12.1/a`);
  assert.equal(said.at(-1), `tick 2 a ${EPOCH}-12`);
});

both("topics come and go in one redial, the added ones as new", async (on) => {
  const { stream } = await on.open({ topics: ["a.*"] }, keep);
  stream.topics.add("b", "c");
  stream.topics.delete("c");
  const second = await until("a second attempt", () => Line.all[1]);
  assert.equal(second.query, `topics=a.*&new=b&lastEventId=${EPOCH}-10`);
  assert.throws(() => stream.topics.add("b c"), { code: "invalid-topic" });
});

both("w3 a hidden page closes as its background mode says, and dials at once when it is seen", async (on) => {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible", baseURI: "http://shop.test/" });
  Object.assign(globalThis, { document: page });
  const { source, said } = await on.open({ background: "immediate" }, keep);
  page.visibilityState = "hidden";
  page.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual([said.at(-1), source.closed], ["paused hidden", true]);
  page.visibilityState = "visible";
  page.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual([said.at(-1), Line.all.length], ["connecting visible", 2]);
  delete (globalThis as { document?: unknown }).document;
});

test("a browser whose EventSource takes bytes frames what is fetched, and is let go of with the connection", async () => {
  for (const [on, given] of [[FRAMED, 1], [FETCH, 0]] as const) {
    const before = FramingEventSource.given;
    const { source, stream, said } = await on.open({}, keep);
    await source.tick(1, `${EPOCH}-11/a`);
    assert.equal(FramingEventSource.given - before, given);
    // In one piece with the frame that names it: an event that nobody heard would be a gap before the next.
    const names = `event: eventwire.names\ndata: {"names":["tick","late"]}\n\n`;
    await source.raw(new TextEncoder().encode(`${names}id: ${EPOCH}-12/a\nevent: late\ndata: 1\n\nid: ${EPOCH}-13.1/a\nevent: tick\ndata: {"n":2}\n\n`));
    assert.deepEqual(said, [`tick 1 a ${EPOCH}-11`, `tick 2 a ${EPOCH}-13`]);
    await source.breaks();
    assert.deepEqual([stream.state.kind, stream.state.reason], ["waiting", "lost"]);
  }
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
  assert.equal(code({ method: "PUT" }), "invalid-option");
  assert.equal(code({ body: "x" }), "invalid-option");
  assert.equal(code({ method: "POST", body: new ReadableStream() }), "invalid-option");
  assert.equal(code({ headers: { "a b": "x" } }), "invalid-option");
  assert.equal(code({ method: "POST", body: "x", headers: { a: "x" } }), undefined);
  assert.equal(code({ topics: ["a.b"], from: "earliest", grace: 0, background: "keep" }), undefined);
});
