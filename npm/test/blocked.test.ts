// A page whose policy forbids WebAssembly. A file of its own: the wasm is compiled once per process.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { connect, EventwireError } from "eventwire";
import { Line, play, SHOP, until } from "./fake.js";

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
