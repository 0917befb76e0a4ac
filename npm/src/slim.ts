// `eventwire/slim`: without the wasm, which the page hands over once, from wherever it has it: `eventwire/eventwire.wasm`.
//
// Otherwise the same as `index.ts`.

import type { Connect } from "./api.js";
import { openRaw, type ConnectRaw } from "./raw.js";
import { open } from "./stream.js";
import { load, type Source } from "./wasm.js";

export * from "./face.js";

/**
 * The wasm: its bytes, compiled, a response that carries it, where to fetch it, or a function that makes an instance of it
 * (Vite's `?init`).
 */
export type Wasm = ArrayBuffer | ArrayBufferView | WebAssembly.Module | Response | URL | string | ((imports: WebAssembly.Imports) => Promise<WebAssembly.Instance>);

let source: Source = async () => {
  throw new Error("eventwire/slim has no wasm yet: call `initialize(…)` before `connect`, or import `eventwire`, which brings its own");
};

/**
 * Hands over the wasm, `eventwire/eventwire.wasm` of the same version. Once per page; of two, the first counts. `connect`
 * may follow at once; who awaits is told what failed.
 */
export async function initialize(wasm: Wasm | Promise<Wasm>): Promise<void> {
  source = async () => instance(await wasm);
  await load(source, false);
}

/** Opens a stream. Dialling starts after the current turn; what is closed before that dials nothing. */
export const connect: Connect = (contract, url, options) => open(source, contract, url, options);

/** Opens a stream of any server. Dialling starts after the current turn; what is closed before that dials nothing. */
export const connectRaw: ConnectRaw = (url, options) => openRaw(source, url, options);

async function instance(wasm: Wasm): Promise<WebAssembly.Instance> {
  if (typeof wasm === "function") return wasm({});
  if (wasm instanceof WebAssembly.Module) return WebAssembly.instantiate(wasm);
  return (await WebAssembly.instantiate(await bytes(wasm))).instance;
}

/** Not `instantiateStreaming`: it refuses what a server sends that does not know the MIME type of wasm. */
async function bytes(wasm: ArrayBuffer | ArrayBufferView | Response | URL | string): Promise<BufferSource> {
  const answer = typeof wasm === "string" || wasm instanceof URL ? await fetch(wasm) : wasm;
  const response = answer instanceof Response ? answer : new Response(answer as BufferSource);
  const bytes = await response.arrayBuffer();
  // Many a server answers any path with its index.html.
  if (response.ok && bytes.byteLength > 4 && new DataView(bytes).getUint32(0) === 0x0061736d) return bytes;
  throw new Error(`${response.url || "what `initialize` was given"} is no wasm (status ${response.status}, ${response.headers.get("content-type")}): is eventwire.wasm deployed there?`);
}
