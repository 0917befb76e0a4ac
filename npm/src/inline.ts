// The wasm out of the text that carries it; xtask/src/npm/inline.rs writes it.

import { bytes } from "../wasm/bytes.js";
import { unsorted } from "./unsorted.js";

/** The entry's way to the wasm. */
export async function inline(): Promise<WebAssembly.Instance> {
  return (await WebAssembly.instantiate(unsorted(bytes))).instance;
}
