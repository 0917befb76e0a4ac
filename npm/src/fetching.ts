// What only a stream over `fetch` needs: its request, and the framing of its bytes.
//
// Loaded with the half of the wasm that frames, and of the rest of the package imports types alone: a page over `EventSource` is
// sent nothing of it.

import type { Exports, Place, Text } from "./wasm.js";

export { dial } from "../wasm/fetch.js";

/** How texts and bytes get into the wasm's memory and out of it. */
interface Memory {
  lay(wasm: Exports, bytes: Uint8Array): Text;
  put(wasm: Exports, text: string): Text;
  take(wasm: Exports, text: Text): string;
}

/** Frames the bytes of one attempt. */
export class Framer {
  readonly #wasm: Exports;
  readonly #memory: Memory;
  readonly #at: Place;

  constructor(wasm: Exports, memory: Memory, raw: number, id: string) {
    this.#wasm = wasm;
    this.#memory = memory;
    this.#at = wasm.framer!(raw, ...memory.put(wasm, id));
  }

  push(bytes: Uint8Array): boolean {
    return this.#wasm.push(this.#at, ...this.#memory.lay(this.#wasm, bytes)) !== 0;
  }

  next(): string {
    return this.#memory.take(this.#wasm, this.#wasm.block(this.#at));
  }

  id(): string {
    return this.#memory.take(this.#wasm, this.#wasm.id(this.#at));
  }

  retry(): number {
    return this.#wasm.retry(this.#at);
  }

  free(): void {
    this.#wasm.dropFramer(this.#at, 0);
  }
}
