// `eventwire/slim`: the page hands over the wasm. In a file of its own: the wasm is compiled once per process.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { mock, test } from "node:test";
import { connect, EventwireError, initialize } from "eventwire/slim";
import { Line, play, SHOP, until } from "./fake.js";

const file = new URL(import.meta.resolve("eventwire/eventwire.wasm"));

const closed = async (): Promise<EventwireError | undefined> => {
  const stream = connect(SHOP, "http://shop.test/events");
  stream.onState(() => {});
  await until("the stream to close", () => stream.state.kind === "closed");
  return stream.state.kind === "closed" ? stream.state.error : undefined;
};

test("without wasm a stream closes and says what to call, and what is no wasm is named; the next try counts", async () => {
  play();
  assert.match(String(await closed()), /call `initialize\(…\)` before `connect`/);

  const page = new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
  await assert.rejects(initialize(page), /what `initialize` was given is no wasm \(status 200, text\/html\)/);
  assert.match(String(await closed()), /could not start|no wasm/);
  await assert.rejects(initialize(new Response("", { status: 404 })), /status 404/);
  await assert.rejects(initialize(new TextEncoder().encode("<!doctype html>")), /no wasm/);

  const bytes = await readFile(file);
  const compiled = mock.method(WebAssembly, "instantiate");
  const first = new WebAssembly.Module(new Uint8Array(bytes));
  await initialize(first);
  // What comes second is not even looked at.
  await initialize(bytes);
  // Node makes instances too: of its own parser, once a `Response` was asked for.
  const ours = compiled.mock.calls.map(({ arguments: [of] }) => of).filter((of: unknown) => of === first || !(of instanceof WebAssembly.Module));
  assert.deepEqual(ours, [first]);
  const stream = connect(SHOP, "http://shop.test/events");
  await until("the stream to dial", () => Line.all.length === 1);
  stream.close();
});
