// `eventwire types`: the TypeScript module of a contract, written, watched or compared.

import { DIFFERS, Failure, WELL } from "./failure.js";
import { keep, keeper, moduleOf, stale } from "./module.js";
import { source, watch } from "./source.js";
import { headersOf, parsed, type Words } from "./words.js";

export const help = `npx eventwire types <url|file> [-o FILE] [--watch | --check] [--header 'name: value']

Writes the TypeScript module of a contract: types, validators, names. The schema is what the server serves at
\`hub.contract_route()\`, or a file with the same text. The file is written only if it says something else.

  -o, --out FILE   where to; without it the module goes to standard output
      --watch      go on, and write again when the contract changes or FILE is gone; a server that is away is waited for
      --check      write nothing; end with 1 and the difference if FILE is stale or not there
  -H, --header     sent along, as 'authorization: Bearer …'; may be given several times. A name alone takes its value
                   from the environment: \`--header authorization\` from EVENTWIRE_HEADER_AUTHORIZATION

Exit codes: 0 written or up to date, 1 stale, 2 not known: the contract or FILE cannot be read, reached, made or written.

  npx eventwire types http://127.0.0.1:3000/contract -o src/shop.events.ts --watch
  npx eventwire types shop.schema.json -o src/shop.events.ts --check`;

export async function run(words: Words): Promise<number> {
  const { values, positionals } = parsed("types", words, {
    out: { type: "string", short: "o" },
    watch: { type: "boolean" },
    check: { type: "boolean" },
    header: { type: "string", short: "H", multiple: true },
  });
  const [name, more] = positionals;
  if (name === undefined || more !== undefined) {
    throw new Failure(`types takes one URL or file, and was given ${positionals.length}; see npx eventwire types --help`);
  }
  const out = values.out as string | undefined;
  if (values.watch && values.check) throw new Failure("--watch writes and --check does not: leave one out");
  if ((values.watch || values.check) && !out) throw new Failure(`${values.watch ? "--watch" : "--check"} needs the file: add -o FILE`);
  const from = source(name, headersOf((values.header as string[] | undefined) ?? []));
  const again = `npx eventwire types ${from.name} -o ${out}`;

  if (values.watch) {
    // At first, and after each trouble: else it would seem to last.
    let asked = true;
    const kept = keeper(out!, from.name);
    const use = (text: string): void => {
      const written = kept(text, asked);
      if (written || asked) console.log(`${time()} ${out} ${written ? "is rewritten" : "is up to date"}`);
      asked = false;
    };
    const failed = (failure: Failure): void => {
      asked = true;
      if (!failure.passing) console.error(`${time()} ${failure.message}`);
      else console.error(`${time()} ${failure.message}. Waiting for it`);
    };
    // At once: no file is ever half written.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(WELL));
    await watch(from, use, failed, new AbortController().signal);
    return WELL;
  }
  const read = await from.read();
  const module = moduleOf(read?.text ?? "", from.name);
  if (!out) {
    process.stdout.write(module);
  } else if (values.check) {
    const difference = stale(out, module, from.name, again);
    if (difference) {
      console.error(`eventwire: ${difference}`);
      return DIFFERS;
    }
    console.log(`${out} is up to date`);
  } else {
    console.log(`${out} ${keep(out, module) ? "is rewritten" : "is up to date"}`);
  }
  return WELL;
}

const time = (): string => new Date().toTimeString().slice(0, 8);

