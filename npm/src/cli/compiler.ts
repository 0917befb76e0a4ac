// The contract compiler: one wasm module beside this package, text in and JSON out.
//
// Compiled on first use. It reads no file and asks no server.

import { readFileSync } from "node:fs";

/** Why a schema cannot become a contract. */
export interface Refusal {
  readonly pointer: string;
  readonly place: string;
  readonly what: string;
  readonly why: string;
  readonly next: string;
  /** All of it in one line. */
  readonly text: string;
}

/** One difference of two contracts, as pages of the old one meet it. */
export interface Change {
  readonly kind: string;
  readonly breaks: boolean;
  readonly event: string;
  readonly place: string;
  readonly path: string;
  readonly what: string;
  readonly why: string;
  readonly next: string;
  readonly also: readonly string[];
  /** All of it in one line. */
  readonly text: string;
}

/** What is wrong with a schema: it is no JSON, or no contract. */
export type Wrong = { readonly error: string } | { readonly refusals: readonly Refusal[] };

/** A schema's module. */
export interface Compiled {
  readonly name: string;
  readonly hash: string;
  readonly module: string;
}

/** What contract/wasm/src/lib.rs exports, behind wasm-bindgen's own way with strings. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  __wbindgen_malloc(size: number, align: number): number;
  __wbindgen_free(at: number, size: number, align: number): void;
  types(at: number, length: number): [at: number, length: number];
  check(at: number, length: number, at2: number, length2: number): [at: number, length: number];
}

let loaded: Exports | undefined;

/** Compiles a schema's text. */
export function types(schema: string): Compiled | Wrong {
  const wasm = load();
  return take(wasm, wasm.types(...put(wasm, schema))) as Compiled | Wrong;
}

/** What changed from one schema's text to another's. */
export function check(before: string, now: string): { readonly changes: readonly Change[] } | { readonly old: Wrong } | { readonly new: Wrong } {
  const wasm = load();
  return take(wasm, wasm.check(...put(wasm, before), ...put(wasm, now))) as ReturnType<typeof check>;
}

function load(): Exports {
  loaded ??= new WebAssembly.Instance(new WebAssembly.Module(readFileSync(new URL("../../compiler/compiler.wasm", import.meta.url))))
    .exports as unknown as Exports;
  return loaded;
}

/** Lays a text into the wasm's memory, which frees it. */
function put(wasm: Exports, text: string): [number, number] {
  const bytes = new TextEncoder().encode(text);
  const at = wasm.__wbindgen_malloc(bytes.length, 1) >>> 0;
  new Uint8Array(wasm.memory.buffer).set(bytes, at);
  return [at, bytes.length];
}

function take(wasm: Exports, [at, length]: [number, number]): unknown {
  const text = new TextDecoder().decode(new Uint8Array(wasm.memory.buffer, at >>> 0, length));
  wasm.__wbindgen_free(at, length, 1);
  return JSON.parse(text);
}
