// The fixtures of contracts that a page reads, whatever carries its stream: their module comes from the compiler in the
// package, and the verdicts are those of Rust.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { transform } from "esbuild";
import { connect, type Contract } from "eventwire";
import { types, type Refusal } from "../dist/cli/compiler.js";
import { EPOCH, Line, play, type Transport, until } from "./fake.js";

const ROOT = new URL("../../tests/fixtures/contract/", import.meta.url);

export function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, ROOT), "utf8")) as T;
}

/** What the compiler made of a schema: its module as a page runs it, or why there is none. */
export async function compiled(schema: unknown): Promise<{ contract: Contract<Record<string, unknown>>; module: string } | { refusals: readonly Refusal[] }> {
  const answer = types(JSON.stringify(schema));
  assert.ok(!("error" in answer));
  if ("refusals" in answer) return answer;
  const { code } = await transform(answer.module, { loader: "ts" });
  const folder = mkdtempSync(join(tmpdir(), "eventwire-verdicts-"));
  const file = join(folder, "contract.mjs");
  writeFileSync(file, code);
  const before = Object.getOwnPropertyNames(globalThis).join();
  try {
    const exported = Object.values((await import(pathToFileURL(file).href)) as Record<string, Contract<Record<string, unknown>>>);
    assert.equal(Object.getOwnPropertyNames(globalThis).join(), before, "loading a module changes nothing");
    const contract = exported.find((it) => "validate" in it);
    assert.ok(contract);
    assert.deepEqual([contract.name, contract.hash], [answer.name, answer.hash]);
    return { contract, module: answer.module };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Payloads {
  schema: unknown;
  hash: string;
  cases: ({ about: string; event: string; verdict: null | "no JSON" | object } & ({ text: string } | { repeat: [string, number, string, string] }))[];
}

/** Holds what `each` runs a test over to the verdicts on payloads. */
export function payloads(each: (name: string, body: (on: Transport<Line>) => unknown) => void): void {
  each("every bad payload has the verdict of its fixture", async (on) => {
    const { schema, hash, cases } = read<Payloads>("payloads.json");
    const made = await compiled(schema);
    assert.ok("contract" in made);
    const { contract } = made;
    assert.equal(contract.hash, hash);
    play();
    const stream = connect(contract, "http://shop.test/events", on.asked);
    const seen: unknown[] = [];
    for (const name of contract.names) stream.on(name, (data) => seen.push({ data }));
    stream.onFault(({ reason, path, expected, found }) => seen.push(reason === "invalid" ? { path, expected, found } : reason));
    const source = await until("a first attempt", () => Line.all[0]);
    await source.hello({ names: contract.names, contract: hash });
    for (const [i, it] of cases.entries()) {
      const text = "text" in it ? it.text : it.repeat[0].repeat(it.repeat[1]) + it.repeat[2] + it.repeat[3].repeat(it.repeat[1]);
      await source.says(it.event, text, `${EPOCH}-${11 + i}/a`);
      const said = await until(`${it.about} to be handed over`, () => seen.length > i && [seen[i]]);
      const verdict = it.verdict === null ? { data: JSON.parse(text) as unknown } : it.verdict === "no JSON" ? "json" : it.verdict;
      assert.deepEqual(said, [verdict], `${it.about}: ${text.slice(0, 200)}`);
    }
    assert.equal(seen.length, cases.length);
    stream.close();
  });
}
