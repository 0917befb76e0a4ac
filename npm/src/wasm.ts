// The client machine: one wasm module inside the package, compiled on first use, shared by every stream of the page.

import * as glue from "../wasm/client_bg.js";
import { bytes } from "../wasm/bytes.js";
import { EventwireError } from "./errors.js";

export type { Machine } from "../wasm/client_bg.js";
type Glue = typeof glue & { __wbg_set_wasm(exports: WebAssembly.Exports): void };

let loading: Promise<typeof glue> | undefined;

/** Compiles the machine, asynchronously: browsers forbid more than 4 KB at once on a page's own thread. */
export function load(): Promise<typeof glue> {
  // Whatever failed may be gone at the next `connect`.
  return (loading ??= compile().catch((cause: unknown) => {
    loading = undefined;
    throw blocked(cause);
  }));
}

async function compile(): Promise<typeof glue> {
  const { instance } = await WebAssembly.instantiate(decoded(bytes), {
    "./client_bg.js": glue as unknown as WebAssembly.ModuleImports,
  });
  (glue as unknown as Glue).__wbg_set_wasm(instance.exports);
  (instance.exports as { __wbindgen_start(): void }).__wbindgen_start();
  return glue;
}

/** A blank or `!` lifts the character after it by 90 or 180; `~` is what would be a backslash. */
function decoded(text: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(text.length);
  let [length, lift] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 35) lift = (code - 31) * 90;
    else {
      out[length++] = lift + (code === 126 ? 57 : code - 35);
      lift = 0;
    }
  }
  return out.subarray(0, length);
}

/** The bytes are ours and valid: if they do not compile, somebody forbids it. */
function blocked(cause: unknown): EventwireError {
  if (typeof WebAssembly === "object" && !(cause instanceof WebAssembly.CompileError)) {
    return new EventwireError("failed", `the client could not start: ${String(cause)}`, { cause });
  }
  return new EventwireError(
    "wasm-blocked",
    `this page may not run WebAssembly: add 'wasm-unsafe-eval' to script-src in its Content-Security-Policy (${String(cause)})`,
    { cause },
  );
}
