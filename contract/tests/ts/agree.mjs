// Holds a generated module against the oracle, `JSON.parse` and ajv, and says what each payload was to both.
//
// Reads { module, schemas: { event: schema } } as the first line of a file, then one [event, text] a line; answers
// { verdicts: "…", apart: […] }: a letter for each payload (v valid, i invalid, u no JSON), and up to 20 on which the two
// differ, or whose value the validator left another than it was.

import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import Ajv2020 from "ajv/dist/2020.js";

// `ownProperties`: without it what every object inherits counts as a member. `strictNumbers`: JSON has no Infinity.
const ajv = new Ajv2020({ strict: false, strictNumbers: true, validateFormats: false, ownProperties: true });
// ajv has no property of this name, on purpose; `jsonschema` judges it.
const blind = ({ $defs, ...schema }) => {
  const named = schema.$ref ? $defs[schema.$ref.slice("#/$defs/".length)] : schema;
  return JSON.stringify(named).includes('"__proto__"');
};

let contract;
let oracles;
let verdicts = "";
const apart = [];
for await (const line of createInterface({ input: createReadStream(process.argv[2]), crlfDelay: Infinity })) {
  if (!contract) {
    const { module, schemas } = JSON.parse(line);
    const folder = mkdtempSync(join(tmpdir(), "eventwire-agree-"));
    const file = join(folder, "contract.mjs");
    writeFileSync(file, module);
    [contract] = Object.values(await import(pathToFileURL(file)).finally(() => rmSync(folder, { recursive: true, force: true })));
    oracles = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, blind(schema) ? null : ajv.compile(schema)]));
    continue;
  }
  const [event, text] = JSON.parse(line);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    verdicts += "u";
    continue;
  }
  const ours = contract.validate[event](value);
  verdicts += ours === null ? "v" : "i";
  const oracle = oracles[event];
  const theirs = oracle ? oracle(value) : ours === null;
  const changed = JSON.stringify(value) !== JSON.stringify(JSON.parse(text));
  if ((theirs !== (ours === null) || changed) && apart.length < 20) {
    apart.push({ event, text, ours, theirs: theirs || oracle?.errors, changed });
  }
}
console.log(JSON.stringify({ verdicts, apart }));
