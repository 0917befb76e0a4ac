// The fixtures of contracts, as the compiler in this package and the modules that it writes read them. Rust reads the same
// files.

import assert from "node:assert/strict";
import { test } from "node:test";
import { types, type Refusal } from "../dist/cli/compiler.js";
import { both } from "./fake.js";
import { compiled, payloads, read } from "./verdicts.js";

test("every schema that is no contract has the refusals of its fixture, word for word", () => {
  const cases = read<{ about: string; schema: unknown; refusals: readonly Refusal[] }[]>("refusals.json");
  assert.ok(cases.length >= 30);
  for (const { about, schema, refusals } of cases) assert.deepEqual(types(JSON.stringify(schema)), { refusals }, about);
});

payloads(both);

interface Hostile {
  schema: unknown;
  cases: { event: string; payload: unknown; fine: boolean }[];
  pattern: unknown;
  texts: { text: string; pattern: null | readonly string[] }[];
}

/** A template with the text in every place that has room for one, `<name>` as a reference has it. */
function filled<T>(template: T, text: string): T {
  const name = text.replaceAll("~", "~0").replaceAll("/", "~1").replaceAll("%", "%25");
  const fill = (part: string): string => part.replaceAll("<name>", () => name).replaceAll("<text>", () => text);
  const whole = (part: unknown): unknown => {
    if (typeof part === "string") return fill(part);
    if (Array.isArray(part)) return part.map(whole);
    // A member may be called __proto__.
    if (typeof part === "object" && part !== null) return Object.fromEntries(Object.entries(part).map(([name, inner]) => [fill(name), whole(inner)]));
    return part;
  };
  return whole(template) as T;
}

test("hostile text stays text wherever a schema has room for it", async () => {
  const { schema, cases, pattern, texts } = read<Hostile>("hostile.json");
  assert.ok(texts.length >= 19);
  for (const { text, pattern: refused } of texts) {
    const made = await compiled(filled(schema, text));
    assert.ok("contract" in made, JSON.stringify(made));
    assert.doesNotMatch(made.module, /<\/|<!--/, text);
    for (const { event, payload, fine } of filled(cases, text)) {
      const verdict = made.contract.validate[event]!(JSON.parse(JSON.stringify(payload)));
      assert.equal(verdict === null, fine, `${JSON.stringify(text)}: ${event} ${JSON.stringify(payload)}: ${JSON.stringify(verdict)}`);
    }
    const other = await compiled(filled(pattern, text));
    assert.deepEqual("refusals" in other ? other.refusals.map((it) => it.text) : null, refused, text);
    if ("contract" in other) other.contract.validate["a"]!("");
    assert.ok(!("broken" in globalThis), text);
  }
});
