// Every "after" of docs/migrate/ compiles against the package as it is built.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";

const DOCS = "../docs/migrate";
const BUILD = "build/migrate";

/** What the pages' own code is taken to have. */
const AROUND = `
declare function show(data: string): void;
declare function price(data: unknown, id: string): void;
declare function badge(state: string): void;
declare function append(data: unknown, id: string): void;
declare function fail(status: number | undefined, message: string): void;
declare function token(): Promise<string>;
declare function render(cents: number): void;
declare function refetch(topics: readonly string[]): void;
declare function report(text: string): void;
declare const prompt: string;
`;

const SHOP = `
import type { Contract } from "eventwire";
export declare const Shop: Contract<{ priceChanged: { sku: string; cents: number } }>;
`;

test("what the pages on moving here say to write compiles", () => {
  rmSync(BUILD, { recursive: true, force: true });
  mkdirSync(BUILD, { recursive: true });
  writeFileSync(`${BUILD}/around.d.ts`, AROUND);
  writeFileSync(`${BUILD}/shop.events.ts`, SHOP);
  const files: string[] = [];
  for (const page of readdirSync(DOCS).filter((name) => name !== "README.md")) {
    const [, after = ""] = readFileSync(`${DOCS}/${page}`, "utf8").split(/^After.*$/m);
    const blocks = [...after.matchAll(/^```(tsx?)\n(.*?)^```/gms)];
    assert.ok(blocks.length > 0, `${page} has an "after"`);
    for (const [n, [, kind, code]] of blocks.entries()) {
      const file = `${BUILD}/${page.replace(".md", "")}-${n}.${kind}`;
      writeFileSync(file, (code as string).replaceAll("./shop.events", "./shop.events.js"));
      files.push(file);
    }
  }
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom,dom.iterable", "--jsx", "react-jsx", "--types", "react"];
  try {
    execFileSync("node_modules/.bin/tsc", ["--ignoreConfig", ...options, ...files, `${BUILD}/around.d.ts`], { encoding: "utf8" });
  } catch (error) {
    assert.fail((error as { stdout?: string }).stdout ?? String(error));
  }
});
