// The client machine: one wasm module, compiled on first use, shared by every stream of the page.
//
// Does not know where the wasm comes from: each entry of the package brings its own way.

import { EventwireError } from "./errors.js";
import type { Framer } from "./fetching.js";

/** How an entry makes an instance of it, or of the half that frames bytes if it has that apart. It imports nothing. */
export type Source = (imports: WebAssembly.Imports, framing?: boolean) => Promise<WebAssembly.Instance>;

/** Where something lies in the wasm's memory. */
export type Place = number;
export type Text = [at: Place, length: number];

/** What the wasm exports: client-wasm/src/npm.rs and framer.rs, under the names of xtask/src/npm/door.rs. */
export interface Exports {
  readonly memory: WebAssembly.Memory;
  malloc(size: number, align: number): Place;
  free(at: Place, size: number, align: number): void;
  machine(at: Place, length: number, grace: number, stall: number, seed: number): number;
  forget(machine: number): void;
  tell(machine: number, now: number, what: number, attempt: number, a: number, b: number, c: number, d: number, at: Place, length: number): void;
  next(machine: number): number;
  text(): Text;
  deadline(machine: number): number;
  counter(machine: number, n: number): number;
  position(machine: number): Text;
  framer?(raw: number, at: Place, length: number): Place;
  dropFramer(framer: Place, shared: 0): void;
  push(framer: Place, at: Place, length: number): number;
  block(framer: Place): Text;
  id(framer: Place): Text;
  retry(framer: Place): number;
}

// One each: to make one costs more than what it does for an event.
const ENCODER = /* @__PURE__ */ new TextEncoder();
const DECODER = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });

let wasm: Exports;
/** What a stream over `fetch` needs besides, and what frames its bytes: the same wasm, or a half that was loaded apart. */
export let fetching: typeof import("./fetching.js");
let frames: Exports;
/** The machine, and what a stream over `fetch` needs besides. */
const loading: (Promise<void> | undefined)[] = [];

/** Compiles the machine, asynchronously: browsers forbid more than 4 KB at once on a page's own thread. */
export async function load(source: Source, framing: boolean): Promise<void> {
  await once(0, async () => {
    wasm = await exports(source({}));
  });
  if (!framing) return;
  await once(1, async () => {
    frames = wasm.framer ? wasm : await exports(source({}, true));
    fetching = await import("./fetching.js");
  });
}

async function exports(instance: Promise<WebAssembly.Instance>): Promise<Exports> {
  return (await instance).exports as unknown as Exports;
}

function once(half: number, make: () => Promise<void>): Promise<void> {
  return (loading[half] ??= make().catch((cause: unknown) => {
    // Whatever failed may be gone at the next `connect`.
    loading[half] = undefined;
    throw blocked(cause);
  }));
}

/** The machine of one stream, once the wasm is loaded. It has memory until it is freed. */
export class Machine {
  #number: number;

  constructor(text: string, grace: number, stall: number) {
    this.#number = wasm.machine(...put(wasm, text), grace, stall, Math.random() * 2 ** 53);
  }

  tell(now: number, what: number, attempt: number, a: number, b: number, c: number, d: number, text: string): void {
    wasm.tell(this.#number, now, what, attempt, a, b, c, d, ...put(wasm, text));
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

  framer(raw: number, id: string): Framer {
    return new fetching.Framer(frames, { lay, put, take }, raw, id);
  }

  free(): void {
    wasm.forget(this.#number);
  }
}

/** Lays bytes into the wasm's memory. Who is given them frees them. */
function lay(wasm: Exports, bytes: Uint8Array): Text {
  const at = wasm.malloc(bytes.length, 1) >>> 0;
  new Uint8Array(wasm.memory.buffer).set(bytes, at);
  return [at, bytes.length];
}

function put(wasm: Exports, text: string): Text {
  return lay(wasm, ENCODER.encode(text));
}

/** Takes a text out of the wasm's memory. */
function take(wasm: Exports, [at, length]: Text): string {
  const text = DECODER.decode(new Uint8Array(wasm.memory.buffer, at >>> 0, length));
  wasm.free(at, length, 1);
  return text;
}

function blocked(cause: unknown): EventwireError {
  if (typeof WebAssembly === "object" && !(cause instanceof WebAssembly.CompileError)) {
    return new EventwireError("failed", `the client could not start: ${String(cause)}`, { cause });
  }
  // Bytes that are ours are valid: if they do not compile, somebody forbids it.
  return new EventwireError(
    "wasm-blocked",
    `this page may not run WebAssembly: add 'wasm-unsafe-eval' to script-src in its Content-Security-Policy (${String(cause)})`,
    { cause },
  );
}
