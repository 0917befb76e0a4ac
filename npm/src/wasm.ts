// The client machine: one wasm module, compiled on first use, shared by every stream of the page.
//
// Does not know where the wasm comes from: each entry of the package brings its own way.

import * as glue from "../wasm/client_bg.js";
import { EventwireError } from "./errors.js";

export type { Machine } from "../wasm/client_bg.js";
type Glue = typeof glue & { __wbg_set_wasm(exports: WebAssembly.Exports): void };

/** How an entry makes an instance of it. */
export type Source = (imports: WebAssembly.Imports) => Promise<WebAssembly.Instance>;

let loading: Promise<typeof glue> | undefined;

/** Compiles the machine, asynchronously: browsers forbid more than 4 KB at once on a page's own thread. */
export function load(source: Source): Promise<typeof glue> {
  // Whatever failed may be gone at the next `connect`.
  return (loading ??= start(source).catch((cause: unknown) => {
    loading = undefined;
    throw blocked(cause);
  }));
}

async function start(source: Source): Promise<typeof glue> {
  const { exports } = await source({ "./client_bg.js": glue as unknown as WebAssembly.ModuleImports });
  (glue as unknown as Glue).__wbg_set_wasm(exports);
  (exports as { __wbindgen_start(): void }).__wbindgen_start();
  return glue;
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
