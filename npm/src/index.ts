// The package's face. Importing it does nothing: no wasm is compiled, no `window` touched, before `connect`.

export { connect, type EventStream, type Unsubscribe } from "./stream.js";
export { connectRaw, type RawEvent, type RawOptions, type RawState, type RawStream } from "./raw.js";
export { EventwireError, type ErrorCode } from "./errors.js";
export type { Contract, EventNames, Invalid } from "./contract.js";
export type { CloseCode, Fault, FaultReason, Gap, GapReason, Inspection, Item, Meta, State } from "./items.js";
export type { Options } from "./options.js";
