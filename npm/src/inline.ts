// The wasm out of the text that carries it; xtask/src/npm.rs writes both. In two halves: only what reads by `fetch` loads the
// second.

import { bytes } from "../wasm/bytes.js";

/** The entry's way to the wasm. */
export async function inline(imports: WebAssembly.Imports, framing?: boolean): Promise<WebAssembly.Instance> {
  const text = framing ? (await import("../wasm/framing.js")).bytes : bytes;
  return (await WebAssembly.instantiate(decoded(text), imports)).instance;
}

/** A blank or `!` lifts the character after it by 90 or 180; `~` is what would be a backslash. */
function decoded(bytes: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length);
  let [length, lift] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes.charCodeAt(at);
    if (code < 35) lift = (code - 31) * 90;
    else {
      out[length++] = lift + (code === 126 ? 57 : code - 35);
      lift = 0;
    }
  }
  return out.subarray(0, length);
}
