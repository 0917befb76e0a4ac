// The wire's fixtures, as the built wasm and the TypeScript around it read them. Rust reads the same files.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mock, test } from "node:test";
import { isPattern } from "../dist/topics.js";
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
