// A page whose policy forbids WebAssembly. A file of its own: the wasm is compiled once per process.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { connect, EventwireError } from "eventwire";
import { EventSource } from "eventwire/eventsource";
import { FakeRequest, Line, play, SHOP, until } from "./fake.js";

test("a drop-in EventSource goes on as the standard says, and tells what to add", async () => {
  play();
  const forbidden = mock.method(WebAssembly, "instantiate", () => Promise.reject(new WebAssembly.CompileError("blocked by CSP")));
  const warnings = mock.method(console, "warn", () => {});
  const source = new EventSource("http://shop.test/sse");
  const said: string[] = [];
  source.onmessage = ({ data }) => said.push(data);
  const request = (await until("a request", () => Line.all[0])) as FakeRequest;
  await request.opens();
  await request.bytes("data: a\n\n");
  assert.deepEqual([said, source.readyState, warnings.mock.callCount()], [["a"], 1, 1]);
  assert.match(String(warnings.mock.calls[0]?.arguments[0]), /'wasm-unsafe-eval'/);
  source.close();
  forbidden.mock.restore();
});

test("a policy without wasm-unsafe-eval closes the stream with an error that names the directive", async () => {
  play();
  const forbidden = mock.method(WebAssembly, "instantiate", () => Promise.reject(new WebAssembly.CompileError("blocked by CSP")));
  const stream = connect(SHOP, "http://shop.test/events");
  const loop = stream[Symbol.asyncIterator]().next();
  await assert.rejects(loop, (error: EventwireError) => error.code === "wasm-blocked" && error.message.includes("'wasm-unsafe-eval'"));
  assert.deepEqual([stream.state.kind, stream.state.reason], ["closed", "wasm-blocked"]);

  forbidden.mock.restore();
  const again = connect(SHOP, "http://shop.test/events");
  await until("the next stream dials", () => Line.all.length === 1);
  again.close();
});
