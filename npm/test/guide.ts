import { connect } from "eventwire";
import { contractOf } from "eventwire/schema";
import * as z from "zod";
import { Demo, DemoSchemas } from "./demo.events.js";

const stream = connect(Demo, "/events");
stream.onOutdated(({ page, server, added, removed }) => {
  console.info(`built for ${page}, served ${server}: new ${added}, gone ${removed}`);
});
stream.onFault(({ event, path, expected, found }) => console.warn(`${event} ${path}: expected ${expected}, found ${found}`));

// Ours where others take one: StandardSchemaV1 and StandardJSONSchemaV1 of each event.
export const checked = DemoSchemas.note["~standard"].validate({ n: 1, at: 2, text: "on" });

// Others in place of ours: handlers are handed what the schema puts out.
const ByHand = contractOf({ note: z.object({ n: z.number(), text: z.string().transform((text) => text.trim()) }) });
connect(ByHand, "/events").on("note", ({ n, text }) => console.info(n, text));
