// What a generated module hands to `connect`: names, types, validators and hash of one Rust enum.
// Types only; the code is in the generated module.

/** The contract between a page and its server: what `cargo xtask types` and a backend's debug build write. */
export interface Contract<E extends object> {
  /** The enum's name. */
  readonly name: string;
  /** Hash of names and payload schemas. A server with another one has another contract. */
  readonly hash: string;
  /** Names of the events, as they stand in the `event:` field. */
  readonly names: readonly EventNames<E>[];
  /** One validator per name: what is wrong, or `null`. */
  readonly validate: { readonly [K in EventNames<E>]: (value: unknown) => Invalid | null };
  /** What handlers are handed for a valid value, if it is not the value itself. Asked right after `validate`. */
  readonly convert?: <K extends EventNames<E>>(name: K, value: unknown) => E[K];
  /** Carries the types; never set. */
  readonly events?: E;
}

/** Where a payload differs from its contract. */
export interface Invalid {
  /** JSON pointer into the payload; empty for the payload itself. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

/** A payload's validator with the face of `StandardSchemaV1` and `StandardJSONSchemaV1`, as https://standardschema.dev has them. */
export interface StandardSchema<T> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) =>
      | { readonly value: T; readonly issues?: undefined }
      | { readonly issues: readonly { readonly message: string; readonly path: readonly PropertyKey[] }[] };
    /** Of draft 2020-12; of another target they throw. */
    readonly jsonSchema: {
      readonly input: (options: { readonly target: string }) => Record<string, unknown>;
      readonly output: (options: { readonly target: string }) => Record<string, unknown>;
    };
    /** Carries the types; never set. */
    readonly types?: { readonly input: T; readonly output: T } | undefined;
  };
}

/** The names of a contract's events. */
export type EventNames<E extends object> = keyof E & string;
