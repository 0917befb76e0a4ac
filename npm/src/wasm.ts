// The client machine: one wasm module, compiled on first use, shared by every stream of the page.
//
// Does not know where the wasm comes from: each entry of the package brings its own way.

import { EventwireError } from "./errors.js";

/** How an entry makes an instance of it. It imports nothing. */
export type Source = () => Promise<WebAssembly.Instance>;

/** Where something lies in the wasm's memory. */
type Place = number;
type Text = [at: Place, length: number];

/** What the wasm exports: client-wasm/src/npm.rs, under the names of xtask/src/npm/door.rs. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  malloc(size: number, align: number): Place;
  free(at: Place, size: number, align: number): void;
  machine(at: Place, length: number, grace: number, stall: number, seed: number): number;
  forget(machine: number): void;
  tell(machine: number, at: Place, length: number, now: number, what: number, ...numbers: number[]): void;
  next(machine: number): number;
  text(): Text;
  deadline(machine: number): number;
  counter(machine: number, n: number): number;
  position(machine: number): Text;
}

// One for all: to make one costs more than what it does for an event.
const DECODER = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });

let wasm: Exports;
/** What a stream over `fetch` needs besides: loaded apart, for a page over `EventSource` does without. */
export let fetching: typeof import("../wasm/fetch.js") | undefined;
let loading: Promise<WebAssembly.Instance> | undefined;

/** Compiles the machine, asynchronously: browsers forbid more than 4 KB at once on a page's own thread. */
export async function load(source: Source, fetch: boolean): Promise<void> {
  try {
    wasm ??= (await (loading ??= source())).exports as unknown as Exports;
    if (fetch) fetching = await import("../wasm/fetch.js");
  } catch (cause) {
    loading = undefined; // whatever failed may be gone at the next `connect`
    // Bytes that are ours are valid: if they do not compile, somebody forbids it.
    const blocked = typeof WebAssembly !== "object" || cause instanceof WebAssembly.CompileError;
    const words = blocked
      ? `this page may not run WebAssembly: add 'wasm-unsafe-eval' to script-src in its Content-Security-Policy (${cause})`
      : `the client could not start: ${cause}`;
    throw new EventwireError(blocked ? "wasm-blocked" : "failed", words, { cause });
  }
}

/** The machine of one stream, once the wasm is loaded. It has memory until it is freed. */
export class Machine {
  #number: number;

  constructor(text: string, grace: number, stall: number) {
    this.#number = wasm.machine(...lay(wasm, text), grace, stall, Math.random() * 2 ** 53);
  }

  tell(text: string, ...numbers: [now: number, what: number, ...number[]]): void {
    wasm.tell(this.#number, ...lay(wasm, text), ...numbers);
  }

  next(): number {
    return wasm.next(this.#number);
  }

  text(): string {
    return take(wasm, wasm.text());
  }

  deadline(): number {
    return wasm.deadline(this.#number);
  }

  counter(n: number): number {
    return wasm.counter(this.#number, n);
  }

  position(): string {
    return take(wasm, wasm.position(this.#number));
  }

  free(): void {
    wasm.forget(this.#number);
  }
}

/** Lays bytes or a text into the wasm's memory. Who is given them frees them. */
function lay(wasm: Exports, from: Uint8Array | string): Text {
  const size = from.length;
  const at = wasm.malloc(size, 1) >>> 0;
  const to = new Uint8Array(wasm.memory.buffer, at, size);
  if (typeof from !== "string") to.set(from);
  else
    // What comes with each event is short and ASCII. An encoder makes it an array of its own, which costs a browser more than
    // all that the machine does with the event.
    for (let i = 0; i < size; i++)
      if ((to[i] = from.charCodeAt(i)) > 127) {
        wasm.free(at, size, 1);
        return lay(wasm, new TextEncoder().encode(from));
      }
  return [at, size];
}

/** Takes a text out of the wasm's memory. */
function take(wasm: Exports, [at, length]: Text): string {
  const text = DECODER.decode(new Uint8Array(wasm.memory.buffer, at >>> 0, length));
  wasm.free(at, length, 1);
  return text;
}
