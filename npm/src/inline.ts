// The wasm out of the text that carries it; xtask/src/npm/inline.rs writes it. In two halves: only what reads by `fetch`
// loads the second.

import { bytes } from "../wasm/bytes.js";
import { unsorted } from "./unsorted.js";

/** The entry's way to the wasm. */
export async function inline(framing?: boolean): Promise<WebAssembly.Instance> {
  const text = framing ? (await import("../wasm/framing.js")).bytes : bytes;
  return (await WebAssembly.instantiate(unsorted(text))).instance;
}
