// The wire's fixtures, as the built wasm and the TypeScript around it read them. Rust reads the same files.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mock, test } from "node:test";
import { isPattern } from "../dist/topics.js";
import { connectRaw } from "eventwire";
import { both, EPOCH, FakeEventSource, type FakeRequest, HELLO, Line, play, until } from "./fake.js";

const ROOT = new URL("../../tests/fixtures/wire/", import.meta.url);

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, ROOT), "utf8")) as T;
}

test("every topic and pattern is what its fixture says", () => {
  for (const { raw, pattern } of read<{ raw: string; pattern: string | null }[]>("topics.json")) {
    assert.equal(isPattern(raw), pattern === null, JSON.stringify(raw));
  }
});

interface Id {
  raw: string;
  event: { back: string | null; topic: string } | { refused: string };
  position: { epoch: string; offset: string } | { refused: string };
}

both("every id reads as its fixture says", async (on) => {
  for (const { raw, event, position } of read<Id[]>("ids.json")) {
    const seen: string[] = [];
    const { source, stream } = await on.dial({}, (stream) => {
      stream.onFault(({ reason, found }) => seen.push(`${reason} ${found}`));
      stream.on("note", (_, { topic, position }) => seen.push(`${topic} ${position}`));
    });
    if ("topic" in event && "epoch" in position) {
      const before = BigInt(position.offset) - BigInt(event.back ?? 1);
      await source.hello({ start: `${position.epoch}-${before}`, head: `${position.epoch}-${before}` });
      await source.says("note", '"x"', raw);
      assert.deepEqual(seen, [`${event.topic} ${position.epoch}-${position.offset}`], raw);
    } else {
      await source.hello();
      await source.says("note", '"x"', raw);
      assert.equal(seen.length, 1, raw);
      assert.match(seen[0] ?? "", /^id /, raw);
    }
    stream.close();
  }
});

interface Query {
  asks: { topics: string[]; new: string[]; start: string | { after: string; native: boolean } } | undefined;
  writes?: string;
}

both("every request is written as its fixture says", async (on) => {
  let tried = 0;
  for (const { asks, writes } of read<Query[]>("queries.json")) {
    // A page says what it asks; what is new and what a browser's own header says are the machine's.
    if (writes === undefined || !asks || asks.new.length > 0) continue;
    const { topics, start } = asks;
    if (typeof start === "object" ? !start.after || start.native : start !== "now" && start !== "earliest") continue;
    const from = typeof start === "object" ? start.after : start === "now" ? undefined : start;
    const { source, stream } = await on.dial({ from, ...(topics.length > 0 && { topics }) });
    assert.equal(source.query, writes);
    stream.close();
    tried += 1;
  }
  assert.ok(tried >= 3, `${tried} tried`);
});

interface Frame {
  event: string;
  data: string;
  id?: string;
  refused?: string;
  reads?: { reason?: string; topics?: string[]; names?: string[]; v?: number; kind?: string } | null;
}

both("every frame reads as its fixture says", async (on) => {
  for (const name of readdirSync(new URL("frames/", ROOT))) {
    const frame = read<Frame>(`frames/${name}`);
    if (!frame.event.startsWith("eventwire.")) continue;
    const faults: string[] = [];
    const { source, stream, said } = await on.dial({}, (stream) =>
      stream.onFault(({ reason, event, path }) => faults.push(`${reason} ${event} ${path}`)),
    );
    await source.opens();
    if (frame.event !== "eventwire.hello") await source.hello();
    const before = said.length;
    await source.says(frame.event, frame.data, frame.id ?? HELLO.start);
    const news = said.slice(before);
    if (frame.refused !== undefined) {
      assert.deepEqual(faults, [`frame ${frame.event} ${frame.refused}`], name);
    } else if (frame.event === "eventwire.hello") {
      if (frame.reads?.v === HELLO.v) assert.ok(news.includes("open hello"), `${name}: ${news.join("; ")}`);
      for (const event of frame.reads?.v === HELLO.v ? (frame.reads.names ?? []) : []) listened(source, event, name);
    } else if (frame.event === "eventwire.gap") {
      const { reason, topics } = frame.reads ?? {};
      assert.ok(news.includes(`gap ${reason} ${topics?.join()}`), `${name}: ${news.join("; ")}`);
    } else if (frame.event === "eventwire.names") {
      for (const event of frame.reads?.names ?? []) listened(source, event, name);
    } else if (frame.event === "eventwire.bye") {
      const reason = frame.reads?.reason;
      assert.ok(news.at(-1)?.endsWith(` ${reason}`) || news.at(-1)?.startsWith("connecting"), `${name}: ${news.join("; ")}`);
      assert.equal(source.closed, true, name);
    } else {
      assert.deepEqual([faults, stream.position?.startsWith(EPOCH)], [[], true], name);
    }
    stream.close();
  }
});

interface Stream {
  blocks: { event: string; data: string; id: string }[];
  lastEventId: string;
  retry: number | null;
}

test("every stream reads as its fixture says, over fetch, in any pieces", async () => {
  const names = readdirSync(new URL("streams/", ROOT)).filter((name) => name.endsWith(".sse"));
  mock.timers.enable({ apis: ["Date"] });
  assert.ok(names.length >= 40, `${names.length} streams`);
  for (const name of names) {
    const bytes = new Uint8Array(readFileSync(new URL(`streams/${name}`, ROOT)));
    const { blocks, lastEventId, retry } = read<Stream>(`streams/${name.replace(".sse", ".json")}`);
    for (const size of [1, 3, bytes.length || 1]) {
      play();
      const stream = connectRaw("http://any.test/", { headers: {} });
      const loop = stream[Symbol.asyncIterator]();
      const source = (await until("a request", () => Line.all[0])) as FakeRequest;
      await source.opens();
      for (let from = 0; from < bytes.length; from += size) await source.raw(bytes.slice(from, from + size));
      await source.breaks();
      const { nextAttemptAt = 0 } = stream.state;
      const wait = nextAttemptAt - Date.now();
      const least = retry ?? 1000;
      assert.ok(wait >= least && wait <= least + 1000, `${name}: ${wait} after retry: ${retry}`);
      stream.close();
      const seen: Stream["blocks"] = [];
      for (let item; !(item = await loop.next()).done; ) seen.push({ event: item.value.type, data: item.value.data, id: item.value.id });
      assert.deepEqual([seen, stream.lastEventId], [blocks, lastEventId], `${name} in pieces of ${size}`);
    }
  }
  mock.timers.reset();
});

function listened(source: Line, event: string, name: string): void {
  if (source instanceof FakeEventSource) assert.equal(source.heard.get(event), 1, `${name}: ${event}`);
}
