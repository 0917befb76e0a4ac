// What a stream offers besides its events: the next one alone, `using`, what it counted, a position over reloads, marks.

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { connect, kept, marks, type EventStream } from "eventwire";
import { both, EPOCH, EVENT_SOURCE, FakeRequest, FETCH, Line, play, SHOP, until, type Shop } from "./fake.js";

const streams: EventStream<Shop>[] = [];
const keep = (stream: EventStream<Shop>): void => void streams.push(stream);
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
  mock.timers.reset();
  mock.restoreAll();
  for (const name of ["sessionStorage", "document", "addEventListener", "removeEventListener"]) delete (globalThis as Record<string, unknown>)[name];
});

both("once is for one event, and can be taken back", async (on) => {
  const { source, stream } = await on.open({}, keep);
  const said: string[] = [];
  stream.once("tick", ({ n }, { topic }) => said.push(`once ${n} ${topic}`));
  stream.once("tick", () => said.push("never"))();
  stream.on("tick", ({ n }) => said.push(`on ${n}`));
  for (const n of [11, 12]) await source.tick(n, `${EPOCH}-${n}/a`);
  assert.deepEqual(said, ["once 11 a", "on 11", "on 12"]);
});

both("a promise of the next event is kept, and broken by a close", async (on) => {
  const { source, stream } = await on.open({}, keep);
  const next = stream.once("tick");
  await source.tick(11, `${EPOCH}-11/a`);
  assert.deepEqual(await next, { data: { n: 11 }, topic: "a", position: `${EPOCH}-11` });
  const never = stream.once("note");
  stream.close();
  await assert.rejects(never, { code: "closed" });
  await assert.rejects(stream.once("note"), { code: "closed" });
});

both("a refusal breaks the promise with what the server said", async (on) => {
  const { source, stream } = await on.dial({}, keep);
  const never = stream.once("tick");
  never.catch(() => {});
  await source.refuses(new Response("no", { status: 404 }));
  await assert.rejects(never, { code: "not-found", status: 404 });
});

both("what ends a subscription ends it with its block, where there is using", async (on) => {
  const { source, stream } = await on.open({}, keep);
  const said: number[] = [];
  const off = stream.on("tick", ({ n }) => said.push(n));
  await source.tick(11, `${EPOCH}-11/a`);
  if (Symbol.dispose) off[Symbol.dispose]();
  else off();
  await source.tick(12, `${EPOCH}-12/a`);
  assert.deepEqual(said, [11]);
});

both("a look inside shows what carries the stream, where it is and where it was", async (on) => {
  const { source, stream } = await on.open({}, keep);
  await source.tick(11, `${EPOCH}-11.1/a`);
  const seen = stream.inspect();
  assert.deepEqual([seen.transport, seen.position, seen.hidden, seen.events], [on.name, `${EPOCH}-11`, false, 1]);
  assert.deepEqual(seen.transitions.map(({ kind, reason }) => `${kind} ${reason}`), ["connecting opened", "open hello"]);
  assert.ok(seen.transitions.every(({ at }, n) => at >= (seen.transitions[n - 1]?.at ?? 0) && at <= Date.now()));
  if (source instanceof FakeRequest) assert.ok((seen.bytes ?? 0) > 300);
  else assert.equal(seen.bytes, undefined);
  stream.close();
  assert.equal(stream.inspect().transitions.at(-1)?.kind, "closed");
});

test("of where a stream went the newest thirty-two stand", async () => {
  const { stream } = await EVENT_SOURCE.open({ queue: 1 }, keep);
  const loop = stream[Symbol.asyncIterator]();
  for (let n = 11; n < 23; n++) {
    await Line.all.at(-1)?.tick(n, `${EPOCH}-${n}.1/a`);
    await loop.next();
    const line = await until("the next attempt", () => Line.all[n - 10]);
    await line.hello({ start: `${EPOCH}-${n}` });
  }
  const { transitions } = stream.inspect();
  assert.equal(transitions.length, 32);
  assert.deepEqual(transitions.slice(-4).map(({ kind }) => kind), ["open", "paused", "connecting", "open"]);
});

class Storage {
  readonly held = new Map<string, string>();
  writes = 0;
  getItem(key: string): string | null {
    return this.held.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.writes += 1;
    this.held.set(key, value);
  }
}

/** A page with a storage; its `pagehide`. */
function page(storage: unknown): () => void {
  const window = new EventTarget();
  Object.assign(globalThis, {
    document: Object.assign(new EventTarget(), { visibilityState: "visible", baseURI: "http://shop.test/" }),
    addEventListener: window.addEventListener.bind(window),
    removeEventListener: window.removeEventListener.bind(window),
  });
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, get: () => (storage instanceof Error ? assert.fail(storage) : storage) });
  return () => void window.dispatchEvent(new Event("pagehide"));
}

both("a position that is kept is where a reloaded page goes on", async (on) => {
  const storage = new Storage();
  const pagehide = page(storage);
  const { source, stream } = await on.open({ keep: kept("shop") }, keep);
  await source.tick(11, `${EPOCH}-11.1/a`);
  await source.tick(12, `${EPOCH}-12.1/a`);
  assert.equal(storage.writes, 0, "not at each event");
  pagehide();
  assert.equal(storage.writes, 1);
  stream.close();
  assert.equal(storage.writes, 1, "it stands there already");
  const query = async (options: object, contract = SHOP): Promise<string | null> => {
    play();
    const again = connect(contract, "http://shop.test/events", { ...on.asked, ...options });
    keep(again);
    const line = await until("an attempt", () => Line.all[0]);
    return new URLSearchParams(line.query).get("lastEventId");
  };
  assert.equal(await query({ keep: kept("shop") }), `${EPOCH}-12`);
  assert.equal(await query({ keep: kept("shop"), from: "earliest" }), `${EPOCH}-12`);
  assert.equal(await query({ keep: kept("other"), from: `${EPOCH}-3` }), `${EPOCH}-3`);
  assert.equal(await query({ keep: kept("shop"), topics: ["a"] }), null);
  assert.equal(await query({ keep: kept("shop") }, { ...SHOP, hash: "fedcba9876543210" }), null);
});

both("while events come a position is written once a second", async (on) => {
  const storage = new Storage();
  page(storage);
  const { source, stream } = await on.open({ keep: kept("shop") }, keep);
  mock.timers.enable({ apis: ["setTimeout"] });
  for (let n = 11; n < 20; n++) await source.tick(n, `${EPOCH}-${n}.1/a`);
  mock.timers.tick(999);
  assert.equal(storage.writes, 0);
  mock.timers.tick(1);
  assert.deepEqual([storage.writes, storage.held.get("eventwire:shop")?.split("\n")[1]], [1, `${EPOCH}-19`]);
  await source.tick(20, `${EPOCH}-20.1/a`);
  stream.close();
  assert.deepEqual([storage.writes, storage.held.get("eventwire:shop")?.split("\n")[1]], [2, `${EPOCH}-20`]);
});

both("a storage that is full or forbidden is told of once and harms nothing", async (on) => {
  const errors = mock.method(console, "error", () => {});
  for (const storage of [
    new Error("SecurityError"),
    { getItem: () => null, setItem: () => assert.fail("QuotaExceededError") },
  ]) {
    errors.mock.resetCalls();
    const pagehide = page(storage);
    const { source, stream, said } = await on.open({ keep: kept("shop") }, keep);
    for (let n = 11; n < 14; n++) {
      await source.tick(n, `${EPOCH}-${n}.1/a`);
      if (n < 13) pagehide();
    }
    stream.close();
    assert.equal(errors.mock.callCount(), 1);
    assert.match(String(errors.mock.calls[0]?.arguments[0]), /shop is not kept over a reload/);
    assert.ok(said.includes(`tick 11 a ${EPOCH}-11`));
  }
});

test("a stored position that the server no longer has is a gap as ever", async () => {
  const storage = new Storage();
  page(storage);
  const first = await FETCH.open({ keep: kept("shop") }, keep);
  await first.source.tick(11, `${EPOCH}-11.1/a`);
  first.stream.close();
  const { source, said } = await FETCH.dial({ keep: kept("shop") }, keep);
  assert.equal(new URLSearchParams(source.query).get("lastEventId"), `${EPOCH}-11`);
  await source.opens();
  await source.says("eventwire.hello", { v: 1, start: `${EPOCH}-90`, head: `${EPOCH}-90`, names: ["tick"], contract: SHOP.hash, topics: ["**"], denied: [], heartbeat: 15000, spread: 1000, retry: 1000 });
  await source.says("eventwire.gap", { reason: "evicted", topics: [] }, `${EPOCH}-90`);
  assert.ok(said.includes("gap evicted "));
});

both("marks show in a timeline when a stream dialled, opened and had its first event", async (on) => {
  performance.clearMarks();
  let off = (): void => {};
  const { source } = await on.open({}, (stream) => {
    keep(stream);
    off = marks(SHOP, stream);
  });
  const names = (): string[] => performance.getEntriesByType("mark").map(({ name }) => name).filter((name) => name.startsWith("eventwire:"));
  assert.deepEqual(names(), ["eventwire:connecting", "eventwire:open"]);
  await source.tick(11, `${EPOCH}-11.1/a`);
  const first = performance.getEntriesByName("eventwire:first-event")[0];
  await source.tick(12, `${EPOCH}-12.1/a`);
  assert.equal(performance.getEntriesByName("eventwire:first-event")[0], first, "the first, and no other");
  assert.deepEqual(names(), ["eventwire:connecting", "eventwire:open", "eventwire:first-event"]);
  off();
  await source.breaks();
  assert.equal(names().length, 3);
  performance.clearMarks();
});
