// The wire's fixtures that a page with a contract reads, whatever carries its stream.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { EPOCH, FakeEventSource, HELLO, type Line, type Transport } from "./fake.js";

const ROOT = new URL("../../tests/fixtures/wire/", import.meta.url);

export function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, ROOT), "utf8")) as T;
}

/** Holds what `each` runs a test over to ids, requests and frames. */
export function fixtures(each: (name: string, body: (on: Transport<Line>) => unknown) => void): void {
  each("every id reads as its fixture says", async (on) => {
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

  each("every request is written as its fixture says", async (on) => {
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

  each("every frame reads as its fixture says", async (on) => {
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
}

interface Id {
  raw: string;
  event: { back: string | null; topic: string } | { refused: string };
  position: { epoch: string; offset: string } | { refused: string };
}

interface Query {
  asks: { topics: string[]; new: string[]; start: string | { after: string; native: boolean } } | undefined;
  writes?: string;
}

interface Frame {
  event: string;
  data: string;
  id?: string;
  refused?: string;
  reads?: { reason?: string; topics?: string[]; names?: string[]; v?: number; kind?: string } | null;
}

function listened(source: Line, event: string, name: string): void {
  if (source instanceof FakeEventSource) assert.equal(source.heard.get(event), 1, `${name}: ${event}`);
}
