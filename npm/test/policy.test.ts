// What a stream does about a server's answers: who comes back, who stops, and what a page is told. Rows of the catalogue
// carry their number.

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { connect, type EventStream } from "eventwire";
import { both, dialled, EVENT_SOURCE, FakeRequest, FETCH, Line, play, SHOP, until, type Shop } from "./fake.js";

const streams: EventStream<Shop>[] = [];
const keep = (stream: EventStream<Shop>): void => void streams.push(stream);
afterEach(() => {
  mock.timers.reset();
  for (const stream of streams.splice(0)) stream.close();
});

const html = (status: number): Response => new Response("<html>no</html>", { status, headers: { "content-type": "text/html" } });
const plain = (status: number): Response => new Response(null, { status });
const ended = ({ state }: EventStream<Shop>): string => `${state.kind} ${state.reason} ${state.kind === "closed" ? (state.error?.status ?? "") : ""}`.trim();

both("c13 an answer that would be the same again ends the stream, and says status, body and next step", async (on) => {
  const expected = {
    400: "bad-request", 404: "not-found", 405: "method-not-allowed", 406: "not-acceptable", 410: "refused",
    413: "too-large", 421: "refused", 451: "refused", 200: "not-a-stream", 201: "not-a-stream",
  };
  for (const [status, code] of Object.entries(expected)) {
    const { source, stream } = await on.dial({}, keep);
    await source.refuses(html(Number(status)));
    assert.equal(ended(stream), `closed ${code} ${status}`);
    const error = stream.state.kind === "closed" ? stream.state.error : undefined;
    assert.equal(error?.body, "<html>no</html>", status);
    assert.match(error?.message ?? "", new RegExp(`http://shop\\.test/events is closed: ${code} \\(status ${status}, text/html\\), the answer begins "<html>no</html>"\\. [A-Z].{20}`));
    assert.equal(Line.all.length, 1, status);
  }
});

both("c13 a 204 is an end and no error", async (on) => {
  const { source, stream } = await on.dial({}, keep);
  await source.refuses(plain(204));
  assert.deepEqual(stream.state, { kind: "closed", reason: "no-content", error: undefined });
});

both("c13 a type that only begins like a stream's is none, and one with a charset is", async (on) => {
  for (const [type, kind] of [["text/event-streams", "closed"], ["text/plain", "closed"], ["text/event-stream; charset=utf-8", "waiting"], ["Text/Event-Stream", "waiting"]]) {
    const { source, stream } = await on.dial({}, keep);
    // Over fetch a stream that ends at once is lost; behind an EventSource it is one that broke.
    await source.refuses(new Response("", { headers: { "content-type": type as string } }));
    assert.equal(stream.state.kind, kind, type);
  }
});

both("c14 an answer about the moment is asked again", async (on) => {
  for (const status of [408, 425, 429, 500, 502, 503, 504]) {
    const { source, stream } = await on.dial({}, keep);
    await source.refuses(plain(status));
    assert.equal(stream.state.kind, "waiting", String(status));
  }
});

both("c14 patience that a server asks for only ever stretches the wait", async (on) => {
  const now = 1_700_000_000_000;
  mock.timers.enable({ apis: ["Date"], now });
  const date = (ms: number): string => new Date(ms).toUTCString();
  const asked: [headers: Record<string, string>, least: number, most: number][] = [
    [{}, 1000, 2000],
    [{ "retry-after": "7" }, 7000, 8000],
    [{ "retry-after": "0" }, 1000, 2000],
    [{ "retry-after": "-9" }, 1000, 2000],
    [{ "retry-after": "soon" }, 1000, 2000],
    [{ "retry-after": "999999999" }, 300_000, 301_000],
    [{ "retry-after": date(now + 60_000) }, 60_000, 61_000],
    [{ "retry-after": date(now - 60_000) }, 1000, 2000],
    // The server's clock is a day ahead: what counts is how far from its own now.
    [{ "retry-after": date(now + 86_420_000), date: date(now + 86_400_000) }, 20_000, 21_000],
  ];
  for (const [headers, least, most] of asked) {
    const { source, stream } = await on.dial({}, keep);
    await source.refuses(new Response("", { status: 503, headers }));
    const wait = (stream.state.nextAttemptAt ?? 0) - Date.now();
    assert.ok(wait >= least && wait <= most, `${JSON.stringify(headers)}: ${wait}`);
  }
});

both("a body that never ends, or never comes, does not hide the status", async (on) => {
  const endless = new ReadableStream({ pull: (body) => body.enqueue(new Uint8Array(1000).fill(97)) });
  for (const [body, length] of [[endless, 200], [new ReadableStream(), 0]] as const) {
    const { source, stream } = await on.dial({}, keep);
    mock.timers.enable({ apis: ["setTimeout"] });
    const refused = source.refuses(new Response(body, { status: 404 }));
    await until("what there is of the body", () => (mock.timers.tick(10), stream.state.kind === "closed"));
    await refused;
    mock.timers.reset();
    assert.equal(ended(stream), "closed not-found 404");
    assert.equal((stream.state.kind === "closed" && stream.state.error?.body?.length) || 0, length);
  }
});

test("c12 headers that were refused are asked for once more, and told why; then the stream is open", async () => {
  for (const status of [401, 403]) {
    const asked: unknown[] = [];
    const headers = async (why: object): Promise<Record<string, string>> => ({ authorization: `Bearer ${asked.push(why)}` });
    const { source, stream } = await FETCH.dial({ headers }, keep);
    source.response.resolve(plain(status));
    const second = (await until("a second request", () => Line.all[1])) as FakeRequest;
    await second.hello();
    assert.deepEqual([source, second].map(({ headers }) => headers.get("authorization")), ["Bearer 1", "Bearer 2"]);
    assert.deepEqual([asked, stream.state.kind, stream.inspect().attempts], [[{ refused: undefined }, { refused: status }], "open", 1]);
  }
});

test("c12 headers that are refused twice end the stream, with no third request", async () => {
  let asked = 0;
  const headers = (): undefined => void (asked += 1);
  const { source, stream } = await FETCH.dial({ headers }, keep);
  source.response.resolve(html(401));
  const second = (await until("a second request", () => Line.all[1])) as FakeRequest;
  await second.refuses(html(403));
  assert.deepEqual([ended(stream), asked, Line.all.length], ["closed forbidden 403", 2, 2]);
});

test("c12 headers that do not change are not sent again", async () => {
  const { source, stream } = await FETCH.dial({ headers: { authorization: "Bearer old" } }, keep);
  await source.refuses(plain(401));
  assert.deepEqual([ended(stream), Line.all.length], ["closed unauthorized 401", 1]);
});

test("c12 c19 a function is asked before every attempt", async () => {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible", baseURI: "http://shop.test/" });
  Object.assign(globalThis, { document: page });
  let asked = 0;
  const { source } = await FETCH.open({ headers: () => ({ authorization: `Bearer ${++asked}` }), background: "immediate" }, keep);
  for (const seen of ["hidden", "visible"]) {
    page.visibilityState = seen;
    page.dispatchEvent(new Event("visibilitychange"));
  }
  delete (globalThis as { document?: unknown }).document;
  const second = (await until("a second request", () => Line.all[1])) as FakeRequest;
  assert.deepEqual([source, second].map(({ headers }) => headers.get("authorization")), ["Bearer 1", "Bearer 2"]);
});

test("a headers function that throws stands in the console once, and the stream tries again", async () => {
  for (const headers of [() => { throw new Error("no token"); }, async () => Promise.reject(new Error("no token")), () => ({ "no name": "x" })]) {
    play();
    const lines = mock.method(console, "error", () => {});
    const stream = connect(SHOP, "http://shop.test/events", { headers });
    keep(stream);
    await until("a wait", () => stream.state.kind === "waiting");
    assert.deepEqual([stream.state.reason, Line.all.length, lines.mock.callCount()], ["lost", 0, 1]);
    assert.match(String(lines.mock.calls[0]?.arguments[0]), /^eventwire: options\.headers failed, and is asked again with the next attempt: .*(no token|no name)/);
    lines.mock.restore();
  }
});

test("what fetch is asked: method, body, type, no cache, credentials by name only", async () => {
  const { source } = await FETCH.dial({ method: "REPORT", body: "what", headers: { "x-mine": "1", accept: "text/html" } }, keep);
  const { method, body, cache, credentials } = source.init;
  assert.deepEqual([method, body, cache, credentials], ["REPORT", "what", "no-store", "same-origin"]);
  assert.deepEqual([...source.headers], [["accept", "text/event-stream"], ["x-mine", "1"]]);
  const other = await FETCH.dial({ withCredentials: true }, keep);
  assert.equal(other.source.init.credentials, "include");
});

test("EventSource stays the transport unless something asks for fetch", async () => {
  for (const [options, carrier] of [
    [{}, "FakeEventSource"], [{ withCredentials: true }, "FakeEventSource"], [{ method: "GET" }, "FakeEventSource"],
    [{ headers: {} }, "FakeRequest"], [{ headers: () => undefined }, "FakeRequest"], [{ method: "POST" }, "FakeRequest"],
  ] as const) {
    const { source } = await EVENT_SOURCE.dial(options, keep);
    assert.equal(source.constructor.name, carrier, JSON.stringify(options));
  }
});

test("where there is no EventSource, fetch carries the stream", async () => {
  play();
  delete (globalThis as { EventSource?: unknown }).EventSource;
  const stream = connect(SHOP, "http://shop.test/events");
  keep(stream);
  const request = (await until("a request", () => Line.all[0])) as FakeRequest;
  await request.hello();
  assert.deepEqual([request.init.method, stream.state.kind], ["GET", "open"]);
});

test("c15 a server that never answers is given up, and its request aborted", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  const dialling = FETCH.dial({}, keep);
  await dialled();
  const { source, stream } = await dialling;
  // The last second is a second chance, which must be spent awake.
  for (let second = 0; second < 11 && !source.closed; second++) mock.timers.tick(1000);
  assert.deepEqual([stream.state.kind, stream.state.reason, source.closed, stream.inspect().stalls], ["waiting", "no-answer", true, 1]);
  mock.timers.reset();
});

both("an answer that stays silent is given up, and what may buffer it is named once", async (on) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  const lines = mock.method(console, "error", () => {});
  const dialling = on.dial({}, keep);
  await dialled();
  const { stream } = await dialling;
  for (const n of [0, 1]) {
    const source = await until("an attempt", () => (mock.timers.tick(100), Line.all[n]));
    await source.opens();
    // No further than that: the wait after it may be over within the same second.
    for (let second = 0; second < 6 && !source.closed; second++) mock.timers.tick(1000);
    assert.deepEqual([stream.state.kind, stream.state.reason, source.closed], ["waiting", "no-hello", true]);
  }
  assert.equal(lines.mock.callCount(), 1);
  assert.match(String(lines.mock.calls[0]?.arguments[0]), /^eventwire: http:\/\/shop\.test\/events answered, and said nothing .*proxy_buffering/);
  lines.mock.restore();
});

test("c3 a line without end is given up, and named", async () => {
  const lines = mock.method(console, "error", () => {});
  const { source, stream } = await FETCH.open({}, keep);
  const part = "x".repeat(100_000);
  await source.bytes("data: ");
  for (let n = 0; n < 12 && !source.closed; n++) await source.bytes(part);
  assert.deepEqual([stream.state.kind, stream.state.reason, source.closed], ["waiting", "lost", true]);
  assert.match(String(lines.mock.calls[0]?.arguments[0]), /longer than 1 MiB/);
  lines.mock.restore();
});

test("c1 a stream in single bytes is the same stream", async () => {
  const { source, stream } = await FETCH.open({}, keep);
  const texts: string[] = [];
  stream.on("note", (text) => texts.push(text));
  const all = new TextEncoder().encode(`id: k3f9x2m1q0ab-11/a\r\nevent: note\r\ndata: "grün 🌱"\r\n\r\n`);
  for (const byte of all) await source.raw(Uint8Array.of(byte));
  assert.deepEqual(texts, ["grün 🌱"]);
});

test("what a server sends after a close is not heard, and the request is aborted", async () => {
  const { source, stream, said } = await FETCH.open({}, keep);
  const abort = new AbortController();
  stream.on("tick", () => abort.abort());
  abort.signal.addEventListener("abort", () => stream.close());
  const ticks = [11, 12, 13].map((n) => `id: k3f9x2m1q0ab-${n}.1/a\nevent: tick\ndata: {"n":${n}}\n\n`);
  await source.raw(new TextEncoder().encode(ticks.join("")));
  assert.deepEqual([said, source.closed], [["tick 11 a k3f9x2m1q0ab-11", "closed closed"], true]);
});
