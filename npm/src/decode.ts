// A payload into what a handler is given: JSON that the page's contract agrees with, or what is wrong with it.
//
// The text is read by JSON.parse, whatever carried it, so that every transport gives the same value.

import type { Contract, EventNames, Invalid } from "./contract.js";

/** What came of a payload: `data` is to be believed if nothing is `wrong`. */
export interface Decoded {
  /** `undefined` if it was no JSON. */
  readonly data: unknown;
  readonly wrong: (Invalid & { readonly reason: "json" | "invalid" }) | null;
}

/** `name` is one of the contract's. */
export function decode<E extends object>(contract: Contract<E>, name: EventNames<E>, text: string): Decoded {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return { data, wrong: { reason: "json", path: "", expected: "JSON", found: String(error) } };
  }
  const invalid = contract.validate[name](data);
  return { data, wrong: invalid && { reason: "invalid", ...invalid } };
}
