// Streams of servers that are not ours, over both transports.

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { connectRaw, type RawOptions, type RawStream } from "eventwire";
import { both, dialled, FakeEventSource, FakeRequest, FETCH, Line, play, until, type Transport } from "./fake.js";

const streams: RawStream[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
  mock.timers.reset();
});

interface Opened<L extends Line> {
  stream: RawStream;
  source: L;
  said: string[];
}

async function dial<L extends Line>(on: Transport<L>, options: RawOptions = {}): Promise<Opened<L>> {
  play();
  const said: string[] = [];
  const { headers } = on.asked;
  const stream = connectRaw("http://any.test/sse?room=7", { ...(headers && { headers }), names: ["price", "sold"], ...options });
  streams.push(stream);
  for (const name of ["message", "price", "sold"]) stream.on(name, (data, { id }) => said.push(`${name} ${data} ${id}`));
  stream.onComment((text) => said.push(`: ${text}`));
  stream.onState(({ kind, reason }) => said.push(`${kind} ${reason}`));
  const source = (await until("a first attempt", () => Line.all[0])) as L;
  return { stream, source, said };
}

async function open<L extends Line>(on: Transport<L>, options: RawOptions = {}): Promise<Opened<L>> {
  const opened = await dial(on, options);
  await opened.source.opens();
  opened.said.length = 0;
  return opened;
}

/** The next attempt, without waiting for it. */
function again(n: number): Promise<Line> {
  return until("another attempt", () => (mock.timers.tick(1000), Line.all[n]));
}

both("a raw stream is open when the answer begins, and hands over events with name, data and id", async (on) => {
  const { source, stream, said } = await dial(on);
  await source.opens();
  await source.says("price", "12\n13", "a/b c");
  await source.says("message", "plain", "2");
  await source.says("sold", "", "3");
  assert.deepEqual(said, ["connecting opened", "open answer", "price 12\n13 a/b c", "message plain 2", "sold  3"]);
  assert.deepEqual([stream.lastEventId, stream.state.kind, stream.inspect().events, stream.inspect().faults], ["3", "open", 3, 0]);
  assert.equal(source.query, "room=7");
});

both("names of ours mean nothing on a raw stream", async (on) => {
  const { source, stream, said } = await open(on);
  await source.says("eventwire.bye", '{"reason":"auth","after":0}', "1");
  await source.says("price", "1", "2");
  assert.deepEqual([said, stream.state.kind], [["price 1 2"], "open"]);
});

both("a raw stream that was lost goes on behind its last id", async (on) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  const opening = open(on, { lastEventId: "grün & 1+1" });
  await dialled();
  const { source, stream } = await opening;
  const sent = (line: Line): string =>
    line instanceof FakeRequest ? Buffer.from(line.headers.get("last-event-id") ?? "", "latin1").toString() : (new URLSearchParams(line.query).get("lastEventId") ?? "");
  assert.equal(sent(source), "grün & 1+1");
  await source.says("price", "1", "grün & 2+2");
  await source.breaks();
  assert.deepEqual([stream.state.kind, stream.state.reason], ["waiting", "lost"]);
  const second = await again(1);
  assert.equal(sent(second), "grün & 2+2");
  // Nobody said another.
  await second.opens();
  await second.says("price", "2");
  await second.breaks();
  assert.equal(stream.lastEventId, "grün & 2+2");
  assert.equal(sent(await again(2)), "grün & 2+2");
});

both("c13 a raw stream obeys the same answers", async (on) => {
  const { source, stream } = await dial(on);
  await source.refuses(new Response("no such room", { status: 404 }));
  const error = stream.state.kind === "closed" ? stream.state.error : undefined;
  assert.deepEqual([error?.code, error?.status, error?.body], ["not-found", 404, "no such room"]);
});

both("after a close inside a handler of a raw stream nothing is called any more", async (on) => {
  const { source, stream, said } = await open(on);
  stream.on("price", () => stream.close());
  await source.says("price", "1", "1");
  await source.says("price", "2", "2");
  assert.deepEqual([said, source.closed], [["price 1 1", "closed closed"], true]);
});

both("a loop over a raw stream is handed everything, and a slow one pauses it", async (on) => {
  const { source, stream } = await open(on, { queue: 2 });
  const loop = stream[Symbol.asyncIterator]();
  for (const n of ["1", "2", "3"]) await source.says("price", n, n);
  assert.deepEqual([stream.state.kind, stream.state.reason], ["paused", "queue"]);
  assert.deepEqual([await loop.next(), await loop.next()], [
    { done: false, value: { type: "price", data: "1", id: "1" } },
    { done: false, value: { type: "price", data: "2", id: "2" } },
  ]);
  const second = await until("a second attempt", () => Line.all[1]);
  if (second instanceof FakeEventSource) assert.equal(second.query, "room=7&lastEventId=2");
  else assert.equal((second as FakeRequest).headers.get("last-event-id"), "2");
});

test("c11 what a handler of comments throws is reported and stops nothing", async () => {
  const { source, stream, said } = await open(FETCH);
  const lines = mock.method(console, "error", () => {});
  stream.onComment(() => {
    throw new Error("mine");
  });
  await source.bytes(": a\ndata: 1\n\n");
  assert.deepEqual([said, lines.mock.callCount(), stream.state.kind], [[": a", "message 1 "], 1, "open"]);
  lines.mock.restore();
});

both("c11 what a handler of a raw stream throws is reported and stops nothing", async (on) => {
  const { source, stream, said } = await open(on);
  const lines = mock.method(console, "error", () => {});
  stream.on("price", () => {
    throw new Error("mine");
  });
  await source.says("price", "1", "1");
  await source.says("price", "2", "2");
  assert.deepEqual([said, lines.mock.callCount()], [["price 1 1", "price 2 2"], 2]);
  lines.mock.restore();
});

test("after a close inside a handler the rest of the same bytes is not handed over", async () => {
  const { source, stream, said } = await open(FETCH);
  stream.on("price", () => stream.close());
  await source.raw(new TextEncoder().encode("event: price\ndata: 1\n\n: x\nretry: 5000\nid: 9\n\nevent: price\ndata: 2\n\n"));
  assert.deepEqual([said, stream.lastEventId, stream.inspect().events], [["price 1 ", "closed closed"], "", 1]);
});

test("comments come over fetch, between the events they stand between", async () => {
  const { source, said } = await open(FETCH);
  await source.bytes(": hello\ndata: 1\n\n:\n:wide  \ndata: 2\n\n");
  assert.deepEqual(said, [": hello", "message 1 ", ": ", ": wide  ", "message 2 "]);
});

test("c4 a retry line is the floor of the next wait, between one second and sixty", async () => {
  mock.timers.enable({ apis: ["Date"] });
  for (const [line, least, most] of [["5000", 5000, 6000], ["0", 1000, 2000], ["99999999", 60_000, 61_000], ["1e3", 1000, 2000]] as const) {
    const { source, stream, said } = await open(FETCH);
    await source.bytes(`retry: ${line}\n\n`);
    assert.deepEqual(said, [], "it is open already");
    await source.breaks();
    const wait = (stream.state.nextAttemptAt ?? 0) - Date.now();
    assert.ok(wait >= least && wait <= most, `${line}: ${wait}`);
  }
});

test("c5 an id without data counts, an empty one resets, one with NUL is none", async () => {
  const { source, stream } = await open(FETCH, { lastEventId: "first" });
  const ids: string[] = [];
  stream.on("message", (_, { id }) => ids.push(`handed ${id}`));
  for (const block of ["data: x\n\n", "id: second\n\n", "id: a\0b\ndata: x\n\n", "id\ndata: x\n\n"]) {
    await source.bytes(block);
    ids.push(stream.lastEventId);
  }
  assert.deepEqual(ids, ["handed first", "first", "second", "handed second", "second", "handed ", ""]);
});

test("a byte order mark is no part of a connection, whatever id it goes on behind", async () => {
  const { source, said } = await open(FETCH, { lastEventId: "first" });
  await source.bytes("\ufeffdata: x\n\n");
  assert.deepEqual(said, ["message x first"]);
});

both("a server that is silent for longer than its heartbeat allows is dialled anew, and a word is a word", async (on) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  const opening = open(on, { heartbeat: 1000 });
  await dialled();
  const { source, stream } = await opening;
  const pass = (seconds: number): void => {
    for (let n = 0; n < seconds && !source.closed; n++) mock.timers.tick(1000);
  };
  pass(10);
  // A comment is seen over fetch alone.
  await (source instanceof FakeRequest ? source.bytes(":\n") : source.says("price", "1"));
  pass(10);
  assert.equal(stream.state.kind, "open");
  pass(3);
  assert.deepEqual([stream.state.kind, stream.state.reason, stream.inspect().stalls], ["waiting", "stalled", 1]);
});

both("a page says itself how long silence is believed, from a millisecond on", async (on) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  const opening = open(on, { stall: 500 });
  await dialled();
  const { source, stream } = await opening;
  const pass = (millis: number): void => {
    for (let at = 0; at < millis; at += 10) mock.timers.tick(10);
  };
  pass(400);
  // Half a line is a word over fetch.
  await (source instanceof FakeRequest ? source.bytes("da") : source.says("price", "1"));
  pass(400);
  assert.equal(stream.state.kind, "open");
  pass(110);
  assert.deepEqual([stream.state.kind, stream.state.reason, stream.inspect().stalls], ["waiting", "stalled", 1]);
});

both("a restart asks again at once, behind the last event, and half an event is forgotten", async (on) => {
  const { source, stream, said } = await open(on);
  await source.says("price", "1", "7");
  if (source instanceof FakeRequest) await source.bytes("data: half\n");
  stream.restart();
  const second = await until("a second attempt", () => Line.all[1]);
  await second.opens();
  await second.says("price", "2", "8");
  assert.deepEqual([said, source.closed], [["price 1 7", "connecting retry", "open answer", "price 2 8"], true]);
  if (second instanceof FakeRequest) assert.equal(second.headers.get("last-event-id"), "7");
  stream.close();
  stream.restart();
  assert.deepEqual([stream.state.kind, Line.all.length], ["closed", 2]);
});

both("every event comes to who listens for any, until a handler closes the stream", async (on) => {
  const { source, stream } = await open(on);
  const all: string[] = [];
  stream.onEvent(({ type, data, id }) => {
    all.push(`${type} ${data} ${id}`);
    if (data === "3") stream.close();
  });
  stream.onEvent(({ data }) => all.push(data));
  for (const n of ["1", "2", "3"]) await source.says(n === "2" ? "message" : "price", n, n);
  assert.deepEqual(all, ["price 1 1", "1", "message 2 2", "2", "price 3 3"]);
});

test("a server that is not ours sends events of any size up to the page's bound, and a longer one ends the connection", async () => {
  const lines = mock.method(console, "error", () => {});
  const { source, stream, said } = await open(FETCH);
  const part = "x".repeat(3 << 20);
  await source.bytes(`data: ${part}`);
  await source.bytes(`${part}\n\n`);
  assert.deepEqual(said.map((line) => line.length), [`message ${part}${part} `.length]);
  stream.close();
  const narrow = await open(FETCH, { largest: 2_000_000 });
  await narrow.source.bytes(`data: ${"x".repeat(1_999_990)}\n\n`);
  await narrow.source.bytes(`data: ${"x".repeat(1_000_000)}\ndata: ${"x".repeat(1_000_001)}\n\n`);
  assert.deepEqual([narrow.said.length, narrow.stream.state.kind, narrow.stream.state.reason, narrow.source.closed], [2, "waiting", "lost", true]);
  assert.match(String(lines.mock.calls[0]?.arguments[0]), /longer than 2000000B/);
  lines.mock.restore();
});

test("whoever is given fetch asks with it, and nobody else", async () => {
  play();
  const asked: string[] = [];
  const stream = connectRaw("http://any.test/sse", { fetch: async (url) => (asked.push(String(url)), new Response(null, { status: 204 })) });
  streams.push(stream);
  await until("the end", () => stream.state.kind === "closed");
  assert.deepEqual([asked, Line.all.length], [["http://any.test/sse"], 0]);
});

test("what EventSource could not hear is refused, and fetch hears all", async () => {
  play();
  const refused = (code: () => unknown): void => assert.throws(code, { code: "invalid-option" });
  refused(() => connectRaw("http://any.test/", { names: ["a b"] }));
  refused(() => connectRaw("http://any.test/", { names: ["error"] }));
  refused(() => connectRaw("http://any.test/", { heartbeat: 0 }));
  refused(() => connectRaw("http://any.test/", { stall: 0 }));
  for (const largest of [0, 2 ** 19, 2 ** 30, NaN]) refused(() => connectRaw("http://any.test/", { largest }));
  const native = connectRaw("http://any.test/", { names: ["a"] });
  refused(() => native.on("b", () => {}));
  native.close();
  const { source, stream, said } = await open(FETCH, { names: ["a b"] });
  stream.on("error", (data) => said.push(`error ${data}`));
  stream.on("a b", (data) => said.push(`a b ${data}`));
  await source.says("error", "1");
  await source.says("a b", "2");
  assert.deepEqual([said, stream.state.kind], [["error 1", "a b 2"], "open"]);
});
