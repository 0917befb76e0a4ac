// `eventwire` in workerd (Cloudflare Workers): compiling at run time is forbidden there, so the wasm is a module to import.
//
// Otherwise the same as `index.ts`.

import machine from "../wasm/eventwire.wasm";
import type { Connect } from "./api.js";
import { openRaw, type ConnectRaw } from "./raw.js";
import { open } from "./stream.js";
import type { Source } from "./wasm.js";

export * from "./face.js";

const imported: Source = () => WebAssembly.instantiate(machine);

/** Opens a stream. Dialling starts after the current turn; what is closed before that dials nothing. */
export const connect: Connect = (contract, url, options) => open(imported, contract, url, options);

/** Opens a stream of any server. Dialling starts after the current turn; what is closed before that dials nothing. */
export const connectRaw: ConnectRaw = (url, options) => openRaw(imported, url, options);
