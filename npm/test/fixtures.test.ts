// The wire's fixtures, as the built wasm and the TypeScript around it read them. Rust reads the same files.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mock, test } from "node:test";
import { isPattern } from "../dist/topics.js";
import { Lines } from "../wasm/lines.js";
import { connectRaw } from "eventwire";
import { both, type FakeRequest, Line, play, until } from "./fake.js";
import { fixtures, read } from "./fixtures.js";

const ROOT = new URL("../../tests/fixtures/wire/", import.meta.url);

test("every topic and pattern is what its fixture says", () => {
  for (const { raw, pattern } of read<{ raw: string; pattern: string | null }[]>("topics.json")) {
    assert.equal(isPattern(raw), pattern === null, JSON.stringify(raw));
  }
});

fixtures(both);

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

test("i1 every stream reads as its fixture says, cut at every byte", () => {
  for (const name of readdirSync(new URL("streams/", ROOT)).filter((name) => name.endsWith(".sse"))) {
    const bytes = new Uint8Array(readFileSync(new URL(`streams/${name}`, ROOT)));
    const { blocks, lastEventId } = read<Stream>(`streams/${name.replace(".sse", ".json")}`);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const seen: Stream["blocks"] = [];
      const lines = new Lines({ block: (event, data, id) => void (data !== undefined && seen.push({ event, data, id })) }, "", 2 ** 20);
      for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) assert.equal(lines.push(piece), true, name);
      assert.deepEqual([seen, lines.id], [blocks, lastEventId], `${name} cut at ${cut}`);
    }
  }
});

interface AnyBytes {
  pieces: string[];
  limits: number[];
  reads: number[];
}

/** What is by chance, and the same in protocol/tests/wire.rs. */
function chances(seed: number): (n: number) => number {
  let state = Math.imul(seed, 2_654_435_769);
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

/** What is made of a stream in pieces of up to `size` bytes, as protocol/tests/wire.rs writes it down. */
function said(bytes: Uint8Array, limit: number, size: () => number): string {
  let [all, floor, whole] = ["", 0, true];
  const lines: Lines = new Lines(
    {
      block: (name, data, id) => void (data !== undefined && (all += `${name}\n${id}\n${data}\r`)),
      comment: (text) => void (all += `\n${lines.id}\n${text}\r`),
      retry: (wait) => void (floor = Math.min(Math.max(wait, 1000), 60_000)),
    },
    "before",
    limit,
  );
  for (let from = 0, to; from < bytes.length; from = to) {
    to = from + size();
    const goesOn = lines.push(bytes.subarray(from, to));
    assert.ok(whole || !goesOn, "a reader that refused went on");
    whole = goesOn;
  }
  return `${all}${lines.id}\n${floor}\n${whole}\r`;
}

test("any bytes in any pieces read as in Rust, refused where they are refused there", () => {
  const { pieces, limits, reads } = read<AnyBytes>("any-bytes.json");
  assert.equal(reads.length, 64);
  const parts = pieces.map((piece) => Uint8Array.from(piece, (c) => c.charCodeAt(0)));
  for (const [n, wanted] of reads.entries()) {
    const below = chances(n + 1);
    const cuts = chances(n + 1001);
    let hash = 2_166_136_261;
    for (let stream = 0; stream < 100; stream++) {
      const limit = limits[below(limits.length)] ?? 0;
      const bytes: number[] = [];
      for (let left = below(60); left > 0; left--) bytes.push(...(parts[below(parts.length + 1)] ?? [below(256)]));
      const all = Uint8Array.from(bytes);
      const whole = said(all, limit, () => all.length);
      for (const size of [() => 1, () => 2, () => 1 + cuts(9), () => 1 + cuts(40)]) {
        assert.equal(said(all, limit, size), whole, `seed ${n + 1}, stream ${stream}, a bound of ${limit}: ${JSON.stringify(String.fromCharCode(...all))}`);
      }
      for (const byte of new TextEncoder().encode(whole)) hash = Math.imul(hash ^ byte, 16_777_619);
    }
    assert.equal(hash >>> 0, wanted, `the streams of seed ${n + 1}`);
  }
});

test("a line, and one block's data, is measured in bytes to the last, and data in many lines is not counted again for each", () => {
  const longest = (line: string, limit: number): boolean => new Lines({ block: () => {} }, "", limit).push(new TextEncoder().encode(line));
  for (const text of ["x", "ü", "€", "😀"]) {
    const bytes = new TextEncoder().encode(text).length;
    for (const times of [1, 5, 100]) {
      const line = `data:${text.repeat(times)}`;
      assert.equal(longest(line, 5 + bytes * times), true, line);
      assert.equal(longest(line, 4 + bytes * times), false, line);
      // With the LF between them, and another behind them.
      const data = `${line}\n${line}\n`;
      assert.equal(longest(data, Math.max(5 + bytes * times, 2 * bytes * times + 1)), true, data);
      if (times > 5) assert.equal(longest(data, 2 * bytes * times), false, data);
    }
  }
  let data: string | undefined;
  const lines = new Lines({ block: (_, all) => (data = all) }, "", 2 ** 20 + 1024);
  const many = new TextEncoder().encode("data:1\n".repeat(2 ** 16));
  for (let n = 0; n < 8; n++) assert.equal(lines.push(many), true);
  assert.equal(lines.push(many), false);
  assert.equal(data, undefined);
});
