// Runs validators: reads { module, cases: [[event, payload text]] } on stdin, answers a line of verdicts.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

let input = "";
for await (const chunk of process.stdin.setEncoding("utf8")) input += chunk;
const { module, cases } = JSON.parse(input);

const folder = mkdtempSync(join(tmpdir(), "eventwire-contract-"));
const file = join(folder, "contract.mjs");
writeFileSync(file, module);
const before = Object.getOwnPropertyNames(globalThis).join();
const exports = await import(pathToFileURL(file)).finally(() => rmSync(folder, { recursive: true, force: true }));
const [contract] = Object.values(exports);
const touched = Object.getOwnPropertyNames(globalThis).join() !== before;

const verdicts = cases.map(([event, text]) => {
  const validate = contract.validate[event];
  if (!Object.hasOwn(contract.validate, event)) return { thrown: `no validator of ${event}` };
  try {
    return validate(JSON.parse(text));
  } catch (error) {
    return { thrown: String(error) };
  }
});
const { name, hash, names } = contract;
console.log(JSON.stringify({ exports: Object.keys(exports), name, hash, names, touched, verdicts }));
