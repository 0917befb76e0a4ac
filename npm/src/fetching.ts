// What only a stream over `fetch` needs: its request, and the framing of its bytes.
//
// Loaded with the half of the wasm that frames, and of the rest of the package imports types alone: a page over `EventSource` is
// sent nothing of it.

import type { Framing } from "../wasm/fetch.js";
import type { Exports, Source, lay, take } from "./wasm.js";

export { ask, dial } from "../wasm/fetch.js";

/** What frames: the machine's own wasm, or a half that is loaded apart. */
let wasm: Exports;
let loading: Promise<WebAssembly.Instance> | undefined;
let memory: { lay: typeof lay; take: typeof take };

/** Compiles it, unless the machine's wasm frames too. */
export async function ready(source: Source, machine: Exports, how: typeof memory): Promise<void> {
  memory = how;
  try {
    wasm ??= machine.framer ? machine : ((await (loading ??= source(true))).exports as unknown as Exports);
  } catch (cause) {
    loading = undefined; // whatever failed may be gone at the next `connect`
    throw cause;
  }
}

/** What frames the bytes of an attempt. */
export const frames: Framing["frames"] = {
  framer(raw, id) {
    const { lay, take } = memory;
    const at = wasm.framer!(raw, ...lay(wasm, id));
    return {
      push: (bytes) => wasm.push(at, ...lay(wasm, bytes)) !== 0,
      next: () => take(wasm, wasm.block(at)),
      id: () => take(wasm, wasm.id(at)),
      retry: () => wasm.retry(at),
      free: () => wasm.dropFramer(at, 0),
    };
  },
};
