// `eventwire/schema`: contracts out of validators that are not ours. Any Standard Schema does: zod, valibot, arktype.
//
// For servers whose enum no compiler of ours has seen. A generated module is smaller, faster, and knows the server's hash.

import type { Contract, Invalid } from "./contract.js";
import { EventwireError } from "./errors.js";

/** What https://standardschema.dev calls `StandardSchemaV1`, as far as it is used here. */
export interface AnySchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type Result<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What the events of these schemas carry: their outputs. */
export type Outputs<S extends Readonly<Record<string, AnySchema>>> = {
  -readonly [K in keyof S]: NonNullable<S[K]["~standard"]["types"]>["output"];
};

/** What is known of the contract besides its schemas. */
export interface About {
  /** What the page calls it. Default: `"contract"`. */
  readonly name?: string;
  /** The server's hash, as its `hello` says it in `contract`. Without it the page is never told that it is outdated. */
  readonly hash?: string;
}

/** No name of an event: `open`, `error`, `message`, a name of ours, or what does not fit on the wire. */
const RESERVED = /^(open|error|message|eventwire\..*)?$|[\s,\p{Cc}\ufeff]/u;

/**
 * A contract by hand: a validator for each event's name. What a schema puts out is what handlers are handed: transforms and
 * defaults count. A schema has to answer at once, for events have an order.
 */
export function contractOf<S extends Readonly<Record<string, AnySchema>>>(schemas: S, { name = "contract", hash = "" }: About = {}): Contract<Outputs<S>> {
  // Without a prototype: an event may be called `constructor`.
  const validate: Record<string, (value: unknown) => Invalid | null> = Object.create(null);
  let last: { readonly name: string; readonly value: unknown; readonly output: unknown } | undefined;
  for (const [event, schema] of Object.entries(schemas)) {
    if (RESERVED.test(event) || event.length > 128) throw new EventwireError("invalid-option", `${JSON.stringify(event)} cannot be an event's name: it is empty, too long or reserved, or has white space or a comma`);
    if (typeof schema?.["~standard"]?.validate !== "function") throw new EventwireError("invalid-option", `the schema of ${event} is no Standard Schema: it has no "~standard".validate; bring its library to a version that has (zod 3.24, valibot 1, arktype 2)`);
    const read = (value: unknown): Result<unknown> | Invalid => {
      try {
        const result = schema["~standard"].validate(value);
        if (!("then" in result)) return result;
        result.then(undefined, () => {}); // nobody waits for it
        return { path: "", expected: "a schema that answers at once", found: "one that is asynchronous: check later what takes time" };
      } catch (error) {
        return { path: "", expected: "a schema that throws nothing", found: String(error) };
      }
    };
    // One that is asynchronous whatever it is asked is told where it is written, and not with the first event.
    const asked = read(undefined);
    if ("path" in asked && asked.expected.endsWith("at once")) throw new EventwireError("invalid-option", `the schema of ${event} is asynchronous, and events have an order: give one that answers at once, and check later what takes time`);
    validate[event] = (value) => {
      const result = read(value);
      if ("path" in result) return result;
      if (result.issues) return invalid(value, result.issues[0]);
      last = { name: event, value, output: result.value };
      return null;
    };
  }
  return {
    name,
    hash,
    names: Object.keys(validate) as never,
    validate: validate as never,
    convert: (event, value) => {
      if (last?.name !== event || last.value !== value) validate[event]?.(value);
      const output = last?.output;
      last = undefined; // it may be large
      return output as never;
    },
  };
}

/** The first issue, in the words of a fault. */
function invalid(value: unknown, issue: Issue | undefined): Invalid {
  let [path, found] = ["", value];
  for (const step of issue?.path ?? []) {
    const key = String(typeof step === "object" ? step.key : step);
    path += `/${key.replace(/~/g, "~0").replace(/\//g, "~1")}`;
    found = Object.getOwnPropertyDescriptor(Object(found), key)?.value as unknown;
  }
  return { path, expected: expected(issue?.message ?? "a valid value"), found: shown(found) };
}

/** What was expected, out of a sentence that also says what was found. Each library has its own words. */
function expected(message: string): string {
  const [, wanted] = /\bexpected (.+?)(?:,| but) received /i.exec(message) ?? /\bmust be (.+?) \(was /.exec(message) ?? [];
  // valibot's word for what is missing: it names the key, as if that text were wanted.
  return wanted && /^invalid key/i.test(message) ? `the key ${wanted}` : (wanted ?? message);
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `an array of ${value.length} items`;
  if (typeof value === "object" && value) return "an object";
  return typeof value === "string" ? JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value) : String(value);
}
