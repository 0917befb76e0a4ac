// Each way of handing the wasm to `eventwire/slim`. Each in a process of its own, for one is compiled once.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { promisify } from "node:util";

const file = new URL(import.meta.resolve("eventwire/eventwire.wasm"));

const WAYS: Record<string, string> = {
  "its bytes": "await readFile(file)",
  "a buffer": "(await readFile(file)).buffer.slice(0)",
  "a module": "await WebAssembly.compile(await readFile(file))",
  "a response, of whatever type": "await fetch(url)",
  "a promise of one": "fetch(url)",
  "an address": "url",
  "a URL": "new URL(url)",
  "a function that makes an instance": "async (imports) => (await WebAssembly.instantiate(await readFile(file), imports)).instance",
};

test("the wasm is taken in whatever form a page or a bundler has it", async () => {
  const bytes = await readFile(file);
  const server = createServer((_, answer) => answer.end(bytes));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/eventwire.wasm`;
  try {
    for (const [way, code] of Object.entries(WAYS)) {
      const script = `
        import { initialize, connect } from "eventwire/slim"
        import { readFile } from "node:fs/promises"
        const [file, url] = [new URL(${JSON.stringify(file.href)}), ${JSON.stringify(url)}]
        await initialize(${code})
        connect({ name: "", hash: "", names: [], validate: {} }, "http://127.0.0.1:1/").close()
        console.log("fine")`;
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { timeout: 60_000 });
      assert.equal(stdout, "fine\n", way);
    }
  } finally {
    server.close();
  }
});
