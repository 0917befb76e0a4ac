// The words of a command line: options, and headers that hold secrets.

import { parseArgs } from "node:util";
import { Failure } from "./failure.js";

export type Words = readonly string[];

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>["options"]>;
type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** Options and the rest. A word that is not understood is the user's to mend. */
export function parsed(command: string, words: Words, options: Options): { values: Values; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
    return { values: values as Values, positionals };
  } catch (error) {
    throw new Failure(`${(error as Error).message.split(". ")[0]}; see npx eventwire ${command} --help`);
  }
}

/** `name: value`, or a name whose value is in the environment. */
export function headersOf(words: Words, env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const word of words) {
    const [, name = "", colon, value = ""] = /^([^:]*)(:?)\s*([^]*)$/.exec(word) ?? [];
    const key = name.trim().toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(key)) throw new Failure("--header was given something that is no header: write 'name: value'");
    const variable = `EVENTWIRE_HEADER_${key.toUpperCase().replaceAll("-", "_")}`;
    const said = colon ? value.trim() : env[variable];
    if (said === undefined) throw new Failure(`--header ${key} has no value: write '${key}: …', or set ${variable}`);
    // Not shown: it may be a secret.
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(said)) throw new Failure(`the value of --header ${key} holds characters that no header may have`);
    headers[key] = said;
  }
  return headers;
}
