// Our generated validators where others take a Standard Schema: tRPC's input, a form's resolver.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { standardSchemaResolver } from "@hookform/resolvers/standard-schema";
import { initTRPC, TRPCError } from "@trpc/server";
import { build } from "esbuild";
import { Demo, DemoSchemas, type DemoEvents } from "./demo.events.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const exact: [
  Equal<StandardSchemaV1.InferOutput<(typeof DemoSchemas)["note"]>, DemoEvents["note"]>,
  Equal<StandardSchemaV1.InferInput<(typeof DemoSchemas)["note"]>, DemoEvents["note"]>,
] = [true, true];
const note: StandardSchemaV1<DemoEvents["note"]> & StandardJSONSchemaV1<DemoEvents["note"]> = DemoSchemas.note;
const NOTE = { n: 1, at: 2, text: "on" };

test("every event has a face that answers as its validator does, with the path in segments", () => {
  assert.deepEqual([exact.length, Object.keys(DemoSchemas)], [2, [...Demo.names]]);
  assert.deepEqual(note["~standard"].validate(NOTE), { value: NOTE });
  const { issues } = DemoSchemas.disks["~standard"].validate({ at: 1, disks: [{ mount: "/", used: 1, total: 2 }, { mount: "/", used: "x", total: 2 }] });
  assert.deepEqual(issues, [{ message: 'expected a number, found "x"', path: ["disks", 1, "used"] }]);
  assert.deepEqual(DemoSchemas.note["~standard"].validate(1).issues?.[0]?.path, []);
});

test("its JSON Schema stands alone, and another draft is refused", () => {
  const schema = DemoSchemas.disks["~standard"].jsonSchema.output({ target: "draft-2020-12" }) as { $schema: string; $ref: string; $defs: Record<string, object> };
  assert.deepEqual([schema.$schema, schema.$ref, "Disk" in schema.$defs], ["https://json-schema.org/draft/2020-12/schema", "#/$defs/Disks", true]);
  assert.throws(() => note["~standard"].jsonSchema.input({ target: "draft-07" }), /draft-2020-12/);
});

test("tRPC takes it as a procedure's input", async () => {
  const t = initTRPC.create();
  const router = t.router({ pin: t.procedure.input(DemoSchemas.note).query(({ input }) => input.text satisfies string) });
  const caller = t.createCallerFactory(router)({});
  assert.equal(await caller.pin(NOTE), "on");
  await assert.rejects(caller.pin({ ...NOTE, n: "one" } as never), (error: TRPCError) => error.code === "BAD_REQUEST" && /expected .+, found "one"/.test(error.message));
});

test("a form of react-hook-form resolves by it, field by field", async () => {
  const resolve = standardSchemaResolver(DemoSchemas.note as StandardSchemaV1<DemoEvents["note"], DemoEvents["note"]>);
  const options = { fields: {}, shouldUseNativeValidation: false } as never;
  assert.deepEqual(await resolve(NOTE, undefined, options), { values: NOTE, errors: {} });
  const { errors } = await resolve({ ...NOTE, text: 7 as unknown as string }, undefined, options);
  assert.deepEqual(Object.keys(errors), ["text"]);
  assert.match(String(errors.text?.message), /expected .+, found 7/);
});

test("a page that uses the contract alone ships nothing of it", async () => {
  const resolveDir = new URL("../../demo-web/web/src/", import.meta.url).pathname; // from npm/build
  const bundled = async (contents: string): Promise<string> => {
    const { outputFiles } = await build({ stdin: { contents, resolveDir }, bundle: true, write: false, format: "esm", minify: true });
    return outputFiles[0]?.text ?? "";
  };
  assert.doesNotMatch(await bundled('export { Demo } from "./demo.events.ts"'), /~standard|json-schema/);
  assert.match(await bundled('export { DemoSchemas } from "./demo.events.ts"'), /~standard/);
  assert.equal((await bundled('import "./demo.events.ts"')).trim(), "");
});
