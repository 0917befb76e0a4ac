// Contracts by hand: the same stream with validators of zod, valibot and arktype.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import { type as ark } from "arktype";
import { connect, EventwireError, type Contract, type EventStream } from "eventwire";
import { contractOf, type AnySchema } from "eventwire/schema";
import * as v from "valibot";
import * as z from "zod";
import { EPOCH, Line, play, until } from "./fake.js";

const streams: EventStream<never>[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});

const LIBRARIES: Record<string, { tick: AnySchema<{ n: number; at: Date }>; note: AnySchema<string> }> = {
  zod: { tick: z.object({ n: z.number(), at: z.string().transform((text) => new Date(text)) }), note: z.string().min(2) },
  valibot: { tick: v.object({ n: v.number(), at: v.pipe(v.string(), v.transform((text) => new Date(text))) }), note: v.pipe(v.string(), v.minLength(2)) },
  arktype: { tick: ark({ n: "number", at: "string.date.parse" }), note: ark("string >= 2") },
};

async function opened<E extends object>(contract: Contract<E>): Promise<{ stream: EventStream<E>; source: Line; faults: string[] }> {
  play();
  const stream = connect(contract, "http://shop.test/events");
  streams.push(stream as unknown as EventStream<never>);
  const faults: string[] = [];
  stream.onFault(({ reason, event, path, expected, found }) => faults.push([reason, event, path, expected, found].join(" | ")));
  const source = await until("an attempt", () => Line.all[0]);
  await source.hello();
  return { stream, source, faults };
}

for (const [library, schemas] of Object.entries(LIBRARIES)) {
  test(`schemas of ${library} hand over what they put out, and what they refuse is a fault with its place`, async () => {
    const { stream, source, faults } = await opened(contractOf(schemas));
    const said: unknown[] = [];
    stream.on("tick", ({ n, at }) => said.push(n, at.getTime()));
    stream.on("note", (text) => said.push(text));
    const pulled = stream[Symbol.asyncIterator]().next();
    await source.says("tick", { n: 1, at: "1970-01-01T00:00:01Z" }, `${EPOCH}-11/a`);
    await source.says("tick", { n: "one", at: "1970-01-01T00:00:01Z" }, `${EPOCH}-12.1/a`);
    await source.says("tick", { at: "1970-01-01T00:00:01Z" }, `${EPOCH}-13.1/a`);
    await source.says("note", '"hi"', `${EPOCH}-14.1/a`);
    await source.says("note", "null", `${EPOCH}-15.1/a`);
    assert.deepEqual(said, [1, 1000, "hi"]);
    assert.deepEqual((await pulled).value?.data, { n: 1, at: new Date(1000) });
    assert.equal(faults.length, 3, faults.join("; "));
    assert.match(faults[0] ?? "", /^invalid \| tick \| \/n \| (a )?number \| "one"$/);
    assert.match(faults[1] ?? "", /^invalid \| tick \| \/n \| ((a )?number|the key "n") \| nothing$/, "not as if the text \"n\" were wanted");
    assert.match(faults[2] ?? "", /^invalid \| note \|  \| (a )?string \| null$/);
    assert.equal(stream.state.kind, "open");
  });
}

test("a schema that is asynchronous is refused where it is written, or by its event", async () => {
  const slow = { "~standard": { version: 1, vendor: "test", validate: () => Promise.reject(new Error("late")) } } as const;
  assert.throws(() => contractOf({ slow }), (error: EventwireError) => error.code === "invalid-option" && error.message.includes("asynchronous"));
  const sometimes = z.object({ n: z.number().refine(() => Promise.resolve(true)) });
  const { stream, source, faults } = await opened(contractOf({ tick: sometimes }));
  stream.on("tick", () => faults.push("it was not checked"));
  await source.says("tick", { n: 1 }, `${EPOCH}-11/a`);
  assert.deepEqual(faults, ["invalid | tick |  | a schema that answers at once | one that is asynchronous: check later what takes time"]);
});

test("a schema that throws costs its event and no other, and a path of any keys is a pointer", async () => {
  const issues = [{ message: "no", path: ["a/b", { key: "c~d" }, 0] }];
  const schema = (validate: (value: unknown) => never): AnySchema<unknown> => ({ "~standard": { version: 1, vendor: "test", validate } });
  const throws = schema(() => {
    throw new TypeError("oh");
  });
  const contract = contractOf({ throws, tick: schema((() => ({ issues })) as never), constructor: z.null() });
  const { stream, source, faults } = await opened(contract);
  const nothing: null[] = [];
  stream.on("constructor", (data) => nothing.push(data));
  await source.says("throws", 1, `${EPOCH}-11/a`);
  await source.says("eventwire.names", { names: ["throws", "constructor"] });
  await source.says("throws", 1, `${EPOCH}-12/a`);
  await source.says("tick", { "a/b": { "c~d": [true] } }, `${EPOCH}-13/a`);
  await source.says("constructor", null, `${EPOCH}-14/a`);
  assert.deepEqual(faults, ["invalid | throws |  | a schema that throws nothing | TypeError: oh", "invalid | tick | /a~1b/c~0d/0 | no | true"]);
  assert.deepEqual(nothing, [null]);
});

test("what is no schema and what is no name is refused at once", () => {
  const refused = (schemas: object, words: string): void =>
    assert.throws(() => contractOf(schemas as never), (error: EventwireError) => error.code === "invalid-option" && error.message.includes(words));
  refused({ tick: { parse: () => 1 } }, "no Standard Schema");
  for (const name of ["", "open", "eventwire.hello", "a,b", "a b", "x".repeat(129)]) refused({ [name]: z.null() }, "event's name");
});

test("a contract by hand is outdated only if it knows the hash, and converts what it is asked", async () => {
  const schemas = { tick: z.object({ n: z.number() }).transform(({ n }) => n) };
  const contract = contractOf(schemas, { name: "Shop", hash: "00112233445566aa" });
  assert.deepEqual([contract.name, contract.hash, contract.names, contract.validate.tick({ n: 1 })], ["Shop", "00112233445566aa", ["tick"], null]);
  assert.deepEqual([contract.convert?.("tick", { n: 7 }), contractOf(schemas).hash], [7, ""]);
});

test("what docs/contract.md shows is compiled here", () => {
  const [guide, shown] = ["../test/guide.ts", "../../docs/contract.md"].map((path) => readFileSync(new URL(path, import.meta.url), "utf8"));
  assert.ok(guide && shown?.includes(guide), "docs/contract.md shows npm/test/guide.ts");
});
