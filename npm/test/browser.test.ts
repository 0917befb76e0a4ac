// What the browser says of itself, as a stream hears it: a played document and window, clock and timers.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { afterEach, mock, test } from "node:test";
import { connect, type EventStream } from "eventwire";
import { both, EPOCH, EVENT_SOURCE, FakeEventSource, FakeRequest, FETCH, Line, play, SHOP, until, type Shop } from "./fake.js";

const streams: EventStream<Shop>[] = [];
const keep = (stream: EventStream<Shop>): void => void streams.push(stream);

class Played extends EventTarget {
  visibilityState = "visible";
  readonly baseURI = "http://shop.test/";
}

const SIGNALS = ["visibilitychange", "freeze", "resume", "pagehide", "pageshow", "online", "offline"];

/** A page: its document, and a window that is the test's own global. */
function page(): { document: Played; says(name: string): void } {
  const document = new Played();
  const window = new EventTarget();
  const { addEventListener, removeEventListener, dispatchEvent } = EventTarget.prototype;
  Object.assign(globalThis, {
    document,
    addEventListener: addEventListener.bind(window),
    removeEventListener: removeEventListener.bind(window),
    window_: window,
  });
  const says = (name: string): void => {
    for (const target of [document, window]) dispatchEvent.call(target, new Event(name));
  };
  return { document, says };
}

afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
  mock.timers.reset();
  mock.restoreAll();
  for (const name of ["document", "addEventListener", "removeEventListener", "window_"]) delete (globalThis as Record<string, unknown>)[name];
});

both("a page that is left has no connection, and one that is back dials at once", async (on) => {
  const { says } = page();
  const { source, said } = await on.open({}, keep);
  says("pagehide");
  assert.deepEqual([said, source.closed], [["paused left"], true]);
  says("pageshow");
  await until("a second attempt", () => Line.all[1]);
  assert.deepEqual([said, Line.all.length], [["paused left", "connecting visible"], 2]);
});

both("a hidden page that is frozen lets go before its grace is over", async (on) => {
  const { document, says } = page();
  const { source, said } = await on.open({}, keep);
  document.visibilityState = "hidden";
  says("visibilitychange");
  assert.deepEqual([said, source.closed], [[], false]);
  says("freeze");
  assert.deepEqual([said, source.closed], [["paused hidden"], true]);
});

both("a page that runs again does not wait any longer", async (on) => {
  const { says } = page();
  mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_000 });
  const { source, said } = await on.open({}, keep);
  await source.breaks();
  mock.timers.setTime(1_700_000_001_001);
  says("resume");
  await until("a second attempt", () => Line.all[1]);
  assert.equal(said.at(-1), "connecting woke");
});

both("a page that is opened hidden has its grace like any", async (on) => {
  const { document } = page();
  document.visibilityState = "hidden";
  play();
  const stream = connect(SHOP, "/events", { ...on.asked, background: "immediate" });
  keep(stream);
  await until("the page to rest", () => stream.state.kind === "paused");
  assert.deepEqual([stream.state.reason, Line.all.length], ["hidden", 0]);
});

both("c17 without a network a wait is half a minute, a stream that flows is kept, and a network ends the wait", async (on) => {
  const { says } = page();
  mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_000 });
  const { source, stream, said } = await on.open({}, keep);
  says("offline");
  await source.tick(11, `${EPOCH}-11/a`);
  assert.deepEqual([said, source.closed], [[`tick 11 a ${EPOCH}-11`], false]);
  await source.breaks();
  assert.ok((stream.state.nextAttemptAt ?? 0) - Date.now() >= 30_000);
  mock.timers.setTime(1_700_000_002_000);
  says("online");
  await until("a second attempt", () => Line.all[1]);
  assert.equal(said.at(-1), "connecting online");
});

both("a closed stream leaves nothing behind in the page, and no timer", async (on) => {
  const { document } = page();
  const window = (globalThis as unknown as { window_: EventTarget }).window_;
  const heard = (): number => SIGNALS.reduce((sum, name) => sum + getEventListeners(document, name).length + getEventListeners(window, name).length, 0);
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  const { source, stream } = await on.open({}, keep);
  await source.tick(11, `${EPOCH}-11/a`);
  assert.deepEqual([heard(), timers()], [7, before + 1]);
  stream.close();
  assert.deepEqual([heard(), timers()], [0, before]);
});

both("a clock that is set back delays nothing", async (on) => {
  const { source, stream, said } = await on.open({}, keep);
  mock.timers.enable({ apis: ["setTimeout"] });
  let now = Date.now();
  mock.method(Date, "now", () => now);
  await source.breaks();
  assert.equal(stream.state.kind, "waiting");
  now -= 36_000_000;
  const pass = (): void => {
    now += 100;
    mock.timers.tick(100);
  };
  await until("a second attempt", () => (pass(), Line.all[1]));
  assert.equal(said.at(-1), "connecting retry");
});

test("an event that a server named error is not the end of an EventSource", async () => {
  const { source, stream } = await EVENT_SOURCE.open({}, keep);
  await source.says("error", "{}", `${EPOCH}-11/a`);
  await source.tick(12, `${EPOCH}-12.2/a`);
  assert.deepEqual([stream.state.kind, source.closed], ["open", false]);
});

test("an EventSource that cannot even be made is an attempt that failed", async () => {
  play();
  class Forbidden extends FakeEventSource {
    constructor(url: string) {
      super(url);
      throw new SyntaxError("no");
    }
  }
  Object.assign(globalThis, { EventSource: Forbidden });
  const stream = connect(SHOP, "http://shop.test/events");
  keep(stream);
  const probe = await until("a question for the status", () => FakeRequest.probes[0]);
  await probe.breaks();
  assert.deepEqual([stream.state.kind, stream.state.reason], ["waiting", "lost"]);
});

test("an EventSource sends cookies to another origin if it is asked to", async () => {
  for (const withCredentials of [true, false]) {
    const { source } = await EVENT_SOURCE.dial({ withCredentials }, keep);
    assert.equal(Boolean(source.init?.withCredentials), withCredentials);
  }
});

test("headers that fail after a close stand nowhere", async () => {
  const lines = mock.method(console, "error", () => {});
  play();
  let fail = (): void => {};
  const stream = connect(SHOP, "http://shop.test/events", { ...FETCH.asked, headers: () => new Promise((_, reject) => (fail = () => reject(new Error("late")))) });
  await until("the question for headers", () => stream.state.kind === "connecting");
  stream.close();
  fail();
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([lines.mock.callCount(), Line.all.length], [0, 0]);
});
