// The wasm out of the text that carries it; xtask/src/npm.rs writes both.

import { bytes } from "../wasm/bytes.js";

/** The entry's way to the wasm. */
export async function inline(imports: WebAssembly.Imports): Promise<WebAssembly.Instance> {
  return (await WebAssembly.instantiate(decoded(), imports)).instance;
}

/** A blank or `!` lifts the character after it by 90 or 180; `~` is what would be a backslash. */
function decoded(): Uint8Array<ArrayBuffer> {
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
