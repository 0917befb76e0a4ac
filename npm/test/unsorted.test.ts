// The text that carries the wasm, read: what xtask/src/npm/inline.rs sorts comes back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { unsorted } from "../dist/unsorted.js";

// The one of inline.rs's own test, which has the wasm that it is made of.
const TEXT =
  "# * < 6$###$.% )$ G$ G )$ H$ E&&%#$(&$#$)*$ H$d!W*.*2%) 6 . 6 8 ; B%#% 0 8#$/$$}ccc}%#$%}#}##$$}-.###}$}3+&4*$3 u%}%######!O!.}Ce G.ddd!kddd!k%%%C1.g2.dP!'2.Fd 3GF v3DC!).}%#$$ G}.,$#d+.& * + ,";

test("functions get back what goes with their opcodes", () => {
  const { go } = new WebAssembly.Instance(new WebAssembly.Module(unsorted(TEXT))).exports as { go(n: number): number };
  assert.deepEqual([0, 1, 2, 3].map(go), [-0.5, 7, 2600, 3200]);
});
