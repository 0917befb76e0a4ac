// What every entry of the package exports besides `connect`, which each entry binds to its own way to the wasm.

export type { Connect, EventStream } from "./api.js";
export type { Unsubscribe } from "./handlers.js";
export type { ConnectRaw, RawEvent, RawOptions, RawState, RawStream } from "./raw.js";
export { kept, type Keeper } from "./kept.js";
export { marks } from "./marks.js";
export { EventwireError, type ErrorCode } from "./errors.js";
export type { Contract, EventNames, Invalid, StandardSchema } from "./contract.js";
export type { CloseCode, Fault, FaultReason, Gap, GapReason, Inspection, Item, Meta, Outdated, State, Transition } from "./items.js";
export type { Options } from "./options.js";
