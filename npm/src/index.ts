// `eventwire`: the wasm is text inside the package. No request of its own, no path for a bundler to lose, no MIME type.
//
// Importing does nothing: no wasm is compiled, no `window` touched, before `connect`.

import type { Connect } from "./api.js";
import { openRaw, type ConnectRaw } from "./raw.js";
import { open } from "./stream.js";
import { inline } from "./inline.js";

export * from "./face.js";

/** Opens a stream. Dialling starts after the current turn; what is closed before that dials nothing. */
export const connect: Connect = (contract, url, options) => open(inline, contract, url, options);

/** Opens a stream of any server. Dialling starts after the current turn; what is closed before that dials nothing. */
export const connectRaw: ConnectRaw = (url, options) => openRaw(inline, url, options);
