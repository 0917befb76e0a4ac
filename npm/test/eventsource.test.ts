// The drop-in `EventSource`: its face and its reading are the standard's in both modes; its waits in `spec` mode only.

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { EventSource, type EventSourceErrorEvent, type EventSourceInit } from "eventwire/eventsource";
import { until } from "./fake.js";

const MODES = ["eventwire", "spec"] as const;
const sources: EventSource[] = [];
afterEach(() => {
  for (const source of sources.splice(0)) source.close();
  mock.timers.reset();
  mock.restoreAll();
});

/** One request, answered by the test. */
interface Asked {
  readonly url: string;
  readonly init: RequestInit & { headers: Record<string, string> };
  answer(response: Response): void;
  fails(error: unknown): void;
  /** A stream, and these bytes of it. */
  opens(text?: string, init?: ResponseInit): ReadableStreamDefaultController<Uint8Array>;
}

interface Played {
  source: EventSource;
  requests: Asked[];
  said: string[];
}

function play(init: EventSourceInit = {}, url: string | URL = "http://any.test/sse"): Played {
  const requests: Asked[] = [];
  const fetch = (url: unknown, init: unknown): Promise<Response> =>
    new Promise((answer, fails) => {
      const asked = { url: String(url), init: init as Asked["init"], answer, fails };
      asked.init.signal?.addEventListener("abort", () => fails(asked.init.signal?.reason));
      requests.push({
        ...asked,
        opens: (text = "", more = {}) => {
          let body: ReadableStreamDefaultController<Uint8Array> | undefined;
          const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (body = controller) });
          answer(new Response(stream, { headers: { "content-type": "text/event-stream" }, ...more }));
          if (text) body?.enqueue(bytes(text));
          return body as ReadableStreamDefaultController<Uint8Array>;
        },
      });
    });
  const source = new EventSource(url, { fetch: fetch as typeof globalThis.fetch, ...init });
  sources.push(source);
  const said: string[] = [];
  source.onopen = () => said.push(`open ${source.readyState}`);
  source.onmessage = ({ data, lastEventId }) => said.push(`message ${JSON.stringify(data)} ${lastEventId}`);
  source.onerror = () => said.push(`error ${source.readyState}`);
  return { source, requests, said };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const nth = ({ requests }: Played, n: number): Promise<Asked> => until(`request ${n}`, () => requests[n - 1]);
/** Once the promises of other tasks have run. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** The same test in both modes. */
function each(name: string, body: (mode: "eventwire" | "spec") => Promise<void>): void {
  for (const mode of MODES) test(`${name}, in ${mode} mode`, () => body(mode));
}

/** A stream, and the events it is: `type|data|id`. */
const READINGS: [name: string, stream: string, events: string[]][] = [
  ["one line", "data: Hello\n\n", ["message|Hello|"]],
  ["two events", "data: Hello\n\ndata: World\n\n", ["message|Hello|", "message|World|"]],
  ["lines of one event are joined by LF", "data: a\ndata:b\ndata\n\n", ["message|a\nb\n|"]],
  ["empty data is an event, no data is none", "data\n\ndata\ndata\n\nevent: x\n\n", ["message||", "message|\n|"]],
  ["only one blank after the colon goes", "event:  x\ndata:  Hello\ndata:\ttab\n\n", [" x| Hello\n\ttab|"]],
  ["no blank is needed", "event:x\ndata:Hello\nid:7\n\n", ["x|Hello|7"]],
  ["fields in any order", "data: Hello\nid: abc\nevent: x\n\n", ["x|Hello|abc"]],
  ["an empty name is a message, and a name is of one event", "event: x\nevent:\ndata: a\n\nevent: y\ndata: b\n\ndata: c\n\n", ["message|a|", "y|b|", "message|c|"]],
  ["a name without data is forgotten", "event: x\n\ndata: a\n\n", ["message|a|"]],
  ["unknown fields, and known ones in another spelling", "Data: a\ncolor: blue\n data: b\ndata : c\ndatadata:d\ndata: e\n\n", ["message|e|"]],
  ["comments", ": a\n:\n:data: b\ndata: c\n:d\ndata: e\n\n", ["message|c\ne|"]],
  ["an id stays until another comes", "id: 1\ndata: a\n\ndata: b\n\nid: 2\n\ndata: c\n\n", ["message|a|1", "message|b|1", "message|c|2"]],
  ["an empty id resets", "id: 1\ndata: a\n\nid\ndata: b\n\nid: 3\ndata: c\n\nid:\ndata: d\n\n", ["message|a|1", "message|b|", "message|c|3", "message|d|"]],
  ["an id with NUL is none, data with NUL is", "id: a\0b\ndata: c\0d\n\n", ["message|c\0d|"]],
  ["CR, LF and CRLF end lines", "data: a\rdata: b\r\ndata: c\n\r\ndata: d\r\rdata: e\r\n\r\n", ["message|a\nb\nc|", "message|d|", "message|e|"]],
  ["an event that is not ended is none", "data: a\n\ndata: b\nid: 9\n", ["message|a|"]],
  ["one byte order mark at the beginning is not read", "\ufeffdata: a\n\n", ["message|a|"]],
  ["a second one is", "\ufeff\ufeffdata: a\n\ndata: b\n\n", ["message|b|"]],
  ["a later one is data", "data: \ufeffa\n\n\ufeffdata: b\n\n", ["message|\ufeffa|"]],
  ["what is no UTF-8 is replaced", "data: ok\xff\xc3\n\n", ["message|ok\ufffd\ufffd|"]],
  ["characters of several bytes", "data: €豆腐🎈\n\nevent: größe\ndata: ü\n\n", ["message|€豆腐🎈|", "größe|ü|"]],
  ["separators that are no line ends", "data: a\u2028b\u0085c\x0bd\x0ce\n\n", ["message|a\u2028b\u0085c\x0bd\x0ce|"]],
  ["blank lines at the beginning and between", "\n\r\n\ndata: a\n\n\n\n\ndata: b\n\n\n", ["message|a|", "message|b|"]],
  ["names of an EventSource's own events", "event: open\ndata: a\n\nevent: error\ndata: b\n\n", ["open|a|", "error|b|"]],
];

for (const size of [1, 2, 3, Infinity]) {
  for (const mode of MODES) {
    test(`a stream in pieces of ${size} is read as the standard says, in ${mode} mode`, async () => {
      for (const [name, stream, events] of READINGS) {
        const played = play({ mode });
        const said: string[] = [];
        for (const type of ["message", " x", "x", "y", "größe", "open", "error"]) {
          played.source.addEventListener(type, (event) => {
            if (event instanceof MessageEvent) said.push(`${event.type}|${event.data}|${event.lastEventId}`);
          });
        }
        const body = (await nth(played, 1)).opens();
        // `\xff\xc3` stand for these bytes, which no text encodes.
        const all = name.includes("no UTF-8") ? new Uint8Array([...stream].map((c) => c.charCodeAt(0))) : bytes(stream);
        for (let at = 0; at < all.length; at += size) {
          body.enqueue(all.slice(at, at + size));
          if (size < 3) body.enqueue(new Uint8Array());
        }
        body.close();
        await until("the end of the stream", () => played.said.includes("error 0"));
        played.source.close();
        assert.deepEqual(said, events, name);
      }
    });
  }
}

test("a class to put in place of the global one", () => {
  assert.deepEqual([EventSource.CONNECTING, EventSource.OPEN, EventSource.CLOSED, EventSource.length, EventSource.name], [0, 1, 2, 1, "EventSource"]);
  const { source } = play({ mode: "spec", withCredentials: true }, "http://any.test/a/../b?x#frag");
  assert.deepEqual([source.CONNECTING, source.OPEN, source.CLOSED], [0, 1, 2]);
  assert.deepEqual([source.url, source.withCredentials, source.readyState], ["http://any.test/b?x#frag", true, 0]);
  assert.equal(String(source), "[object EventSource]");
  assert.ok(source instanceof EventTarget);
  assert.ok(["onopen", "onmessage", "onerror", "readyState", "url", "close", "OPEN"].every((name) => name in source));
  assert.throws(() => Object.assign(source, { OPEN: 7 }), TypeError);
  assert.throws(() => Reflect.construct(EventSource, []), TypeError);
  const wrong = (url: string): void => assert.throws(() => new EventSource(url), (error: DOMException) => error instanceof DOMException && error.name === "SyntaxError");
  wrong("http://this is invalid/");
  wrong("/relative, and nothing to be relative to");
});

test("a stream of bytes that is there already is read once, and its end is the source's", async () => {
  const read = (...pieces: (string | Error)[]): { source: EventSource; said: string[] } => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) {
          if (typeof piece !== "string") return controller.error(piece);
          controller.enqueue(bytes(piece));
        }
        controller.close();
      },
    });
    const source = EventSource.fromReadableStream(stream);
    sources.push(source);
    assert.ok(source instanceof EventSource);
    assert.deepEqual([source.url, source.withCredentials, source.readyState, source.lastEventId], ["about:event-stream", false, 0, ""]);
    const said: string[] = [];
    source.onopen = () => said.push(`open ${source.readyState}`);
    source.onerror = () => said.push(`error ${source.readyState}`);
    source.onmessage = ({ data, lastEventId, origin }) => said.push(`${data}|${lastEventId}|${origin}|${source.lastEventId}|${source.reconnectionTime}`);
    return { source, said };
  };
  const whole = read("\ufeffretry: 5", "000\nid: 42\nda", "ta: a\r\n\r\nretry: 7x\ndata: b\n\nid: 43\ndata: half");
  await until("the end", () => whole.said.at(-1) === "error 2");
  assert.deepEqual(whole.said, ["open 1", "a|42|null|42|5000", "b|42|null|42|5000", "error 2"]);
  const none = read();
  const broken = read(new Error("broken"));
  await until("two ends", () => none.said.at(-1) === "error 2" && broken.said.at(-1) === "error 2");
  assert.deepEqual([none.said.length, broken.source.readyState], [2, 2]);
  const locked = new ReadableStream();
  locked.getReader();
  assert.throws(() => EventSource.fromReadableStream(locked), TypeError);
});

test("a source of bytes that is closed lets them go, and comes back from nowhere", async () => {
  let cancelled = 0;
  const stream = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(bytes("data: a\n\ndata: b\n\n")), cancel: () => void (cancelled += 1) });
  const source = EventSource.fromReadableStream(stream);
  const said: string[] = [];
  source.onmessage = ({ data }) => {
    said.push(data);
    source.close();
  };
  source.onerror = () => said.push("error");
  await until("an event", () => said[0]);
  source.restart();
  await settled();
  assert.deepEqual([said, source.readyState, cancelled], [["a"], 2, 1]);
});

test("in spec mode the last id and the wait in force can be asked for", async () => {
  const played = play({ mode: "spec", lastEventId: "5" });
  assert.deepEqual([played.source.lastEventId, played.source.reconnectionTime], ["5", 3000]);
  (await nth(played, 1)).opens("retry: 70\nid: 6\n\nid: 7\ndata: x\n\n");
  await until("an event", () => played.said[1]);
  assert.deepEqual([played.source.lastEventId, played.source.reconnectionTime], ["7", 70]);
  const ours = play({ lastEventId: "5" });
  (await nth(ours, 1)).opens("retry: 70\nid: 6\n\nid: 7\ndata: x\n\n");
  await until("an event", () => ours.said[1]);
  assert.deepEqual([ours.source.lastEventId, ours.source.reconnectionTime], ["7", undefined]);
});

test("in spec mode an address that no network can ever answer is the end", async () => {
  for (const url of ["ftp://example.test/", "mailto:who@example.test", "javascript:alert(1)"]) {
    const played = play({ mode: "spec" }, url);
    (await nth(played, 1)).fails(new TypeError("fetch failed"));
    await until("an error", () => played.said[0]);
    await settled();
    assert.deepEqual([played.said, played.requests.length], [["error 2"], 1], url);
  }
});

test("a handler attribute holds one function, in the place where the first one was set", async () => {
  const played = play({ mode: "spec" });
  const { source } = played;
  const said: string[] = [];
  source.onmessage = () => said.push("first");
  source.addEventListener("message", () => said.push("listener"));
  source.onmessage = () => said.push("second");
  const body = (await nth(played, 1)).opens("data: a\n\n");
  await until("an event", () => said.length === 2);
  assert.deepEqual(said.splice(0), ["second", "listener"]);
  source.onmessage = null;
  assert.equal(source.onmessage, null);
  source.onmessage = "no function" as never;
  assert.equal(source.onmessage, null);
  source.onmessage = () => said.push("third");
  body.enqueue(bytes("data: b\n\n"));
  await until("another event", () => said.length === 2);
  assert.deepEqual(said, ["listener", "third"]);
});

each("a stream is asked for as the standard says", async (mode) => {
  const played = play({ mode });
  const { url, init } = await nth(played, 1);
  assert.equal(url, "http://any.test/sse");
  assert.deepEqual([init.method ?? "GET", init.headers, init.cache, init.credentials, init.body], ["GET", { accept: "text/event-stream" }, "no-store", "same-origin", undefined]);
  const other = play({ mode, withCredentials: true, headers: { "X-Mine": "1" }, method: "POST", body: "what", lastEventId: "ü7" });
  const asked = (await nth(other, 1)).init;
  assert.deepEqual([asked.method, asked.body, asked.credentials], ["POST", "what", "include"]);
  assert.deepEqual(asked.headers, { accept: "text/event-stream", "x-mine": "1", "last-event-id": Buffer.from("ü7").toString("latin1") });
});

each("open, events with origin and id, and a close in any handler", async (mode) => {
  const played = play({ mode });
  const origins: string[] = [];
  played.source.addEventListener("message", ({ origin }) => origins.push(origin));
  (await nth(played, 1)).opens("id: 7\ndata: a\n\ndata: b\n\n");
  await until("two events", () => played.said.length === 3);
  assert.deepEqual([played.said, origins], [["open 1", 'message "a" 7', 'message "b" 7'], ["http://any.test", "http://any.test"]]);
  for (const name of ["open", "message", "error"] as const) {
    const closed = play({ mode });
    closed.source.addEventListener(name, () => closed.source.close());
    const request = await nth(closed, 1);
    const body = request.opens("data: a\n\ndata: b\n\n");
    await until(name, () => closed.said.some((said) => said.startsWith(name)) || (name === "error" && closed.said.length === 3 && (body.close(), false)));
    const before = [...closed.said];
    assert.equal(closed.source.readyState, 2);
    await settled();
    assert.deepEqual([closed.said, closed.requests.length, request.init.signal?.aborted], [before, 1, true]);
    assert.equal(closed.said.filter((said) => said.startsWith("message")).length, { open: 0, message: 1, error: 2 }[name]);
  }
});

for (const [status, type] of [[200, "text/event-streams"], [200, "text/plain"], [200, ""], [204, ""], [205, ""], [210, "text/event-stream"], [299, "text/event-stream"], [404, "text/html"], [410, ""], [503, ""]] as const) {
  test(`${status} of type "${type}" is the end, with one error event, in spec mode`, async () => {
    const played = play({ mode: "spec" });
    const errors: EventSourceErrorEvent[] = [];
    played.source.addEventListener("error", (event) => errors.push(event as EventSourceErrorEvent));
    (await nth(played, 1)).answer(new Response(status === 204 || status === 205 ? null : "data: no\n\n", { status, headers: type ? { "content-type": type } : {} }));
    await until("an error", () => played.said.length > 0);
    await settled();
    assert.deepEqual([played.said, played.requests.length, errors[0]?.code], [["error 2"], 1, status]);
    assert.match(errors[0]?.message ?? "", /answered/);
  });
}

for (const type of ["text/event-stream;charset=windows-1251", "text/event-stream;", "TEXT/Event-Stream ; x", "text/event-stream;x-bogus"]) {
  test(`${type} is a stream, in UTF-8`, async () => {
    const played = play({ mode: "spec" });
    (await nth(played, 1)).opens("data: ü\n\n", { headers: { "content-type": type } });
    await until("an event", () => played.said[1]);
    assert.deepEqual(played.said, ["open 1", 'message "ü" ']);
  });
}

test("in spec mode a lost stream is dialled after three seconds, or what the server says, without growth or chance", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const played = play({ mode: "spec" });
  let body = (await nth(played, 1)).opens("id: 1\ndata: a\n\nid: 2\n\nid: 3\ndata: half\n");
  const comes = async (n: number, wait: number): Promise<Asked> => {
    const errors = (): number => played.said.filter((said) => said === "error 0").length;
    await until("an error", () => errors() === n - 1);
    mock.timers.tick(wait - 1);
    await settled();
    assert.equal(played.requests.length, n - 1, `sooner than ${wait} ms`);
    mock.timers.tick(1);
    return nth(played, n);
  };
  await until("an event", () => played.said.length === 2);
  body.close();
  let request = await comes(2, 3000);
  assert.equal(request.init.headers["last-event-id"], "2");
  request.fails(new TypeError("network"));
  request = await comes(3, 3000);
  body = request.opens("retry: 50\nretry:\nretry: 7x\nretry: -1\nretry: 1.5\nretry: 1e3\nretry: ١\nid\n\n");
  await until("the stream", () => played.said.at(-1) === "open 1");
  await settled();
  body.error(new TypeError("network"));
  request = await comes(4, 50);
  assert.equal("last-event-id" in request.init.headers, false);
  body = request.opens("retry: 0\n\n");
  await until("the stream", () => played.said.at(-1) === "open 1");
  await settled();
  body.close();
  await until("the fourth error", () => played.said.filter((said) => said === "error 0").length === 4);
  mock.timers.tick(0);
  body = (await nth(played, 5)).opens("retry: 99999999999999999999\n\n");
  await until("the stream", () => played.said.at(-1) === "open 1");
  await settled();
  body.close();
  await until("the fifth error", () => played.said.filter((said) => said === "error 0").length === 5);
  mock.timers.tick(1_000_000);
  await settled();
  assert.equal(played.requests.length, 5, "a wait that no timer knows is the longest, not none");
});

test("a request that the user stopped is the end, in spec mode", async () => {
  const played = play({ mode: "spec" });
  (await nth(played, 1)).fails(new DOMException("stopped", "AbortError"));
  await until("an error", () => played.said[0]);
  assert.deepEqual(played.said, ["error 2"]);
});

test("in our mode a server that is busy is asked again", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  const played = play();
  const first = until("the first request", () => (mock.timers.tick(0), played.requests[0]));
  (await first).answer(new Response("busy", { status: 503 }));
  await until("an error", () => (mock.timers.tick(0), played.said[0]));
  (await until("another request", () => (mock.timers.tick(1000), played.requests[1]))).opens("data: a\n\n");
  await until("an event", () => played.said[2]);
  assert.deepEqual(played.said, ["error 0", "open 1", 'message "a" ']);
});

test("in our mode a page that is not there ends the stream, and so does 204", async () => {
  for (const status of [404, 204]) {
    const ended = play();
    const errors: unknown[] = [];
    ended.source.addEventListener("error", (event) => errors.push((event as EventSourceErrorEvent).code));
    (await nth(ended, 1)).answer(new Response(status === 204 ? null : "no", { status }));
    await until("an error", () => ended.said[0]);
    assert.deepEqual([ended.said, errors], [["error 2"], [status]]);
  }
});

each("a restart asks again behind the last event, at once and without an error", async (mode) => {
  const played = play({ mode });
  const comments: string[] = [];
  const { source } = played;
  (await nth(played, 1)).opens("id: 7\ndata: a\n\nid: 8\ndata: half");
  await until("an event", () => played.said[1]);
  source.restart();
  assert.equal(source.readyState, 0);
  const second = await nth(played, 2);
  assert.equal(second.init.headers["last-event-id"], "7");
  second.opens("data: b\n\n");
  await until("another", () => played.said[3]);
  assert.deepEqual([played.said, comments], [["open 1", 'message "a" 7', "open 1", 'message "b" 7'], []]);
  source.close();
  source.restart();
  await settled();
  assert.equal(played.requests.length, 2);
});

each("comments are heard by who asks for them", async (mode) => {
  const comments: string[] = [];
  const played = play({ mode, onComment: (text) => comments.push(text) });
  (await nth(played, 1)).opens(": a\n\ndata: x\n:b\n\n");
  await until("an event", () => played.said[1]);
  assert.deepEqual(comments, ["a", "b"]);
});

test("headers are asked for before each attempt", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let n = 0;
  const played = play({ mode: "spec", headers: async () => ({ authorization: `Bearer ${(n += 1)}` }) });
  (await nth(played, 1)).fails(new TypeError("network"));
  await until("an error", () => played.said[0]);
  mock.timers.tick(3000);
  assert.equal((await nth(played, 2)).init.headers["authorization"], "Bearer 2");
});

each("a listener that throws is reported, and the others are called", async (mode) => {
  const thrown: unknown[] = [];
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => void thrown.push(error.message));
  try {
    const played = play({ mode });
    played.source.addEventListener("message", () => {
      throw new Error("mine");
    });
    played.source.addEventListener("message", () => played.said.push("after"));
    (await nth(played, 1)).opens("data: a\n\ndata: b\n\n");
    await until("all", () => played.said.length === 5);
    await settled();
    assert.deepEqual([thrown, played.source.readyState], [["mine", "mine"], 1]);
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of before) process.on("uncaughtException", listener);
  }
});
