// The client machine: one wasm module, compiled on first use, shared by every stream of the page.
//
// Does not know where the wasm comes from: each entry of the package brings its own way.

import { EventwireError } from "./errors.js";

/** How an entry makes an instance of it, or of the half that frames bytes if it has that apart. It imports nothing. */
export type Source = (imports: WebAssembly.Imports, framing?: boolean) => Promise<WebAssembly.Instance>;

/** Where something lies in the wasm's memory. */
type Place = number;
type Text = [at: Place, length: number];

/** What the wasm exports: client-wasm/src/npm.rs and framer.rs, under the names of xtask/src/npm/door.rs. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  malloc(size: number, align: number): Place;
  free(at: Place, size: number, align: number): void;
  machine(at: Place, length: number, grace: number, stall: number, seed: number): Place;
  dropMachine(machine: Place, shared: 0): void;
  tell(machine: Place, now: number, what: number, attempt: number, a: number, b: number, c: number, d: number, at: Place, length: number): void;
  next(machine: Place): number;
  text(machine: Place): Text;
  deadline(machine: Place): number;
  counter(machine: Place, n: number): number;
  position(machine: Place): Text;
  framer?(raw: boolean, at: Place, length: number): Place;
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
/** What frames bytes: the same, or a half that was loaded apart. */
let frames: Exports;
/** The machine, and what frames bytes. */
const loading: (Promise<Exports> | undefined)[] = [];

/** Compiles the machine, asynchronously: browsers forbid more than 4 KB at once on a page's own thread. */
export async function load(source: Source, framing: boolean): Promise<void> {
  wasm = await once(0, () => source({}));
  if (framing) frames = wasm.framer ? wasm : await once(1, () => source({}, true));
}

function once(half: number, make: () => Promise<WebAssembly.Instance>): Promise<Exports> {
  return (loading[half] ??= make().then(
    ({ exports }) => exports as unknown as Exports,
    (cause: unknown) => {
      // Whatever failed may be gone at the next `connect`.
      loading[half] = undefined;
      throw blocked(cause);
    },
  ));
}

/** The machine of one stream, once the wasm is loaded. It has memory until it is freed. */
export class Machine {
  #at: Place;

  constructor(text: string, grace: number, stall: number) {
    this.#at = wasm.machine(...put(wasm, text), grace, stall, Math.random() * 2 ** 53);
  }

  tell(now: number, what: number, attempt: number, a: number, b: number, c: number, d: number, text: string): void {
    wasm.tell(this.#at, now, what, attempt, a, b, c, d, ...put(wasm, text));
  }

  next(): number {
    return wasm.next(this.#at);
  }

  text(): string {
    return take(wasm, wasm.text(this.#at));
  }

  deadline(): number {
    return wasm.deadline(this.#at);
  }

  counter(n: number): number {
    return wasm.counter(this.#at, n);
  }

  position(): string {
    return take(wasm, wasm.position(this.#at));
  }

  framer(raw: boolean, id: string): Framer {
    return new Framer(raw, id);
  }

  free(): void {
    wasm.dropMachine(this.#at, 0);
  }
}

/** Frames the bytes of one attempt. */
class Framer {
  #at: Place;

  constructor(raw: boolean, id: string) {
    this.#at = frames.framer!(raw, ...put(frames, id));
  }

  push(bytes: Uint8Array): boolean {
    return frames.push(this.#at, ...lay(frames, bytes)) !== 0;
  }

  next(): string {
    return take(frames, frames.block(this.#at));
  }

  id(): string {
    return take(frames, frames.id(this.#at));
  }

  retry(): number {
    return frames.retry(this.#at);
  }

  free(): void {
    frames.dropFramer(this.#at, 0);
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
