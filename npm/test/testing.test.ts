// The scripted server, as a test of a page meets it: code that knows only `connect`, and a clock that stands still.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { connect, type EventStream, type Options } from "eventwire";
import { script, type Script } from "eventwire/testing";
import { SHOP, until, type Shop } from "./fake.js";

const over: (() => void)[] = [];
afterEach(() => {
  for (const end of over.splice(0).reverse()) end();
});

function begin(): Script<Shop> {
  const server = script(SHOP);
  over.push(server.close);
  return server;
}

/** The page under test: it has never heard of a script. */
function page(options: Options = {}): { stream: EventStream<Shop>; said: string[] } {
  const said: string[] = [];
  const stream = connect(SHOP, "/events", options);
  over.push(() => stream.close());
  stream.on("tick", ({ n }, { topic }) => said.push(`tick ${n} ${topic}`));
  stream.onGap(({ reason, topics }) => said.push(`gap ${reason} ${topics.join()}`));
  stream.onFault(({ message }) => said.push(message));
  stream.onState(({ kind, reason }) => said.push(`${kind} ${reason}`));
  return { stream, said };
}

async function opened(options?: Options): Promise<{ server: Script<Shop>; stream: EventStream<Shop>; said: string[] }> {
  const server = begin();
  const opened = page(options);
  await server.connected();
  opened.said.length = 0;
  return { server, ...opened };
}

test("a page is told of a deploy once, keeps its place, and knows no event of the new names", async () => {
  const { server, stream, said } = await opened();
  stream.onOutdated(({ server, added, removed }) => said.push(`outdated ${server} +${added} -${removed}`));
  await server.send("tick", { n: 1 });
  for (const hash of ["fedcba9876543210", "00112233445566aa"]) {
    await server.deploy({ hash, names: ["tick", "late"] });
    await server.send("tick", { n: 2 });
    await server.send("late" as never, 1 as never);
    await server.clock.advance(5000);
  }
  const told = said.filter((line) => !/^(waiting|connecting|open) /.test(line));
  assert.deepEqual(told, ["tick 1 script", "outdated fedcba9876543210 +late -note", "tick 2 script", "late: this page's contract has no such event", "tick 2 script"]);
});

for (const [name, carried] of [["EventSource", {}], ["fetch", { headers: { authorization: "Bearer x" } }]] as const) {
  test(`a page is told what the script says, and a faulty event is a fault, over ${name}`, async () => {
    const { server, stream, said } = await opened(carried);
    await server.send("tick", { n: 1 }, "a");
    await server.send("tick", { n: "one" } as never, "a");
    await server.gap("slow", ["a"]);
    await server.send("tick", { n: 2 }, "a");
    assert.deepEqual(said, ["tick 1 a", "tick on a at /n: expected a number, found string", "gap slow a", "tick 2 a"]);
    assert.deepEqual([stream.inspect().transport, stream.inspect().gaps, server.connections], [name, 1, 1]);
    assert.equal(server.requests[0]?.headers.get("authorization"), carried.headers ? "Bearer x" : null);
  });

  test(`a page that was cut off comes back and hears what it missed, when the clock says so, over ${name}`, async () => {
    const { server, stream, said } = await opened(carried);
    await server.send("tick", { n: 1 }, "a");
    await server.cut();
    assert.deepEqual([stream.state.kind, server.connections], ["waiting", 0]);
    await server.send("tick", { n: 2 }, "b");
    await server.clock.advance(900);
    assert.equal(server.connections, 0);
    await server.clock.advance(5000);
    await server.connected();
    assert.deepEqual(said, ["tick 1 a", "waiting lost", "connecting retry", "open hello", "tick 2 b"]);
  });

  test(`what the server forgot is a gap, and so is its past in another life, over ${name}`, async () => {
    const { server, said } = await opened(carried);
    await server.send("tick", { n: 1 });
    await server.cut();
    await server.send("tick", { n: 2 });
    server.forget();
    await server.send("tick", { n: 3 });
    await server.clock.advance(5000);
    await server.restart();
    await server.clock.advance(10_000);
    await server.send("tick", { n: 4 });
    assert.deepEqual(said.filter((word) => !/^(waiting|connecting|open)/.test(word)), ["tick 1 script", "gap evicted ", "tick 3 script", "gap epoch ", "tick 4 script"]);
  });

  test(`a refusal is an answer like any, over ${name}`, async () => {
    const server = begin();
    server.refuse(503, { headers: { "retry-after": "20" } });
    const { stream } = page(carried);
    await until("the wait", () => stream.state.kind === "waiting");
    assert.ok((stream.state.nextAttemptAt ?? 0) - server.clock.now >= 20_000);
    server.accept();
    await server.clock.advance(19_000);
    assert.equal(server.connections, 0);
    await server.clock.advance(3000);
    await server.connected();
    server.refuse(404, { body: "gone" });
    await server.cut();
    await server.clock.advance(5000);
    const error = stream.state.kind === "closed" ? stream.state.error : undefined;
    assert.deepEqual([error?.code, error?.status, error?.body], ["not-found", 404, "gone"]);
  });
}

test("a server that is well is heard for hours, and one that hangs is found out", async () => {
  const { server, stream, said } = await opened();
  await server.clock.advance(3_600_000);
  assert.deepEqual([said, stream.state.kind, stream.inspect().stalls], [[], "open", 0]);
  server.hang();
  await server.clock.advance(60_000);
  await server.connected();
  assert.deepEqual(said, ["waiting stalled", "connecting retry", "open hello"]);
});

test("a hidden page keeps its stream for a minute, then has none until it is seen", async () => {
  const { server, said } = await opened();
  await server.page.hide();
  await server.clock.advance(59_000);
  assert.equal(server.connections, 1);
  await server.clock.advance(1000);
  assert.equal(server.connections, 0);
  await server.send("tick", { n: 1 });
  await server.clock.advance(600_000);
  assert.deepEqual(said, ["paused hidden"]);
  await server.page.show();
  await server.connected();
  assert.deepEqual(said, ["paused hidden", "connecting visible", "open hello", "tick 1 script"]);
  await server.page.leave();
  assert.equal(server.connections, 0);
  await server.page.comeBack();
  await server.connected();
  await server.page.offline();
  await server.cut();
  await server.clock.advance(20_000);
  assert.equal(server.connections, 0, "without a network a wait is long");
  await server.page.online();
  await server.connected();
});

test("each stream hears its own topics, and one that adds a topic asks anew", async () => {
  const { server, stream, said } = await opened({ topics: ["prices.*"] });
  await server.send("tick", { n: 1 }, "prices.a");
  await server.send("tick", { n: 2 }, "orders.7");
  await server.send("tick", { n: 3 }, "prices.a.b");
  stream.topics.add("orders.**");
  await server.clock.advance(50);
  await server.connected();
  await server.send("tick", { n: 4 }, "orders.7.x");
  assert.deepEqual(said.filter((word) => word.startsWith("tick")), ["tick 1 prices.a", "tick 4 orders.7.x"]);
  assert.deepEqual(server.requests.map(({ topics }) => topics), [["prices.*"], ["prices.*", "orders.**"]]);
});

test("a position to start from, and all that is kept", async () => {
  const { server, stream } = await opened();
  for (const n of [1, 2, 3]) await server.send("tick", { n });
  const { position } = stream;
  await server.send("tick", { n: 4 });
  const [behind, earliest] = [page({ from: position }), page({ from: "earliest" })];
  await server.connected(3);
  const ticks = (said: string[]): string[] => said.filter((word) => word.startsWith("tick"));
  assert.deepEqual([ticks(behind.said), ticks(earliest.said).length], [["tick 4 script"], 4]);
  assert.equal(server.requests[1]?.from, position);
});

test("what is closed at once has asked for nothing, and what is not there is told", async () => {
  const server = begin();
  page().stream.close();
  await assert.rejects(server.connected(), /0 of 1 streams are open/);
  assert.equal(server.requests.length, 0);
});

test("one script at a time, and the browser is back when it is closed", async () => {
  const server = begin();
  assert.throws(() => script(SHOP), /close it first/);
  server.close();
  server.close();
  const stream = connect(SHOP, "/events");
  over.push(() => stream.close());
  assert.equal(stream.state.kind, "idle");
});
