// What the compiler must accept and what it must refuse. Checked by tsc, never run.

import { connect, connectRaw, kept, marks, type Contract, type EventStream, type Fault, type Gap, type Outdated } from "eventwire";
import { useEvents, useLatest } from "eventwire/react";
import { contractOf } from "eventwire/schema";
import { script } from "eventwire/testing";
import { type as ark } from "arktype";
import * as v from "valibot";
import * as z from "zod";
import { EventSource as Ours } from "eventwire/eventsource";

interface Price {
  sku: string;
  cents: number;
}
type ShopEvents = { priceChanged: Price; closed: null };
declare const Shop: Contract<ShopEvents>;

export const stream: EventStream<ShopEvents> = connect(Shop, "/events", { topics: ["prices.*"], from: "earliest" });

stream.once("priceChanged", ({ cents }, { topic }) => `${cents.toFixed()} ${topic}`);
stream.once("priceChanged").then(({ data, topic, position }) => [data.sku, topic, position] satisfies string[]);
// @ts-expect-error no such event
stream.once("priceChange");
stream.inspect().transitions.map(({ at, kind, reason }) => `${at.toFixed()} ${kind} ${reason}`);
connect(Shop, "/events", { keep: kept("shop") });
// @ts-expect-error a name alone keeps nothing
connect(Shop, "/events", { keep: "shop" });
marks(Shop, stream)();

export function scoped(): void {
  using _inner = stream.on("closed", () => {});
}

const off: () => void = stream.on("priceChanged", ({ sku, cents }, { topic, position }) => {
  const exact: [string, number, string, string] = [sku, cents, topic, position];
  return void exact;
});
off();
stream.on("closed", (nothing: null) => nothing);
stream.onGap(({ topics, reason }: Gap) => `${topics.join()} ${reason}`);
stream.onFault((fault: Fault) => `${fault.event} ${fault.path} ${fault.reason}`);
stream.onState((state) => `${state.kind} ${state.reason} ${state.nextAttemptAt?.toFixed()}`);
stream.onState((state) => {
  if (state.kind === "waiting") state.nextAttemptAt satisfies number;
  if (state.kind === "closed") state.error?.status satisfies number | undefined;
});

stream.onState((state) => {
  if (state.kind === "closed") [state.error?.body satisfies string | undefined, state.error?.problem satisfies string | undefined];
});

stream.onOutdated(({ page, server, added, removed }) => [page, server, ...added, ...removed] satisfies string[]);
stream.onOutdated((outdated: Outdated) => outdated.added.length > 0);
useEvents(Shop, "/events", { onOutdated: ({ added }) => void added.join() });
script(Shop).deploy({ hash: "0123456789abcdef", names: ["priceChanged"] });
// @ts-expect-error a contract has names
script(Shop).deploy({ hash: "0123456789abcdef" });

connect(Shop, "/events", { headers: { authorization: "Bearer x" } });
connect(Shop, "/events", { headers: new Headers(), method: "POST", body: new URLSearchParams({ q: "1" }) });
connect(Shop, "/events", { headers: () => ({ authorization: "Bearer x" }), method: "REPORT", body: new Uint8Array(3) });
connect(Shop, "/events", {
  headers: async ({ refused }) => {
    refused satisfies 401 | 403 | undefined;
    return refused ? new Headers() : undefined;
  },
});
// @ts-expect-error a stream is asked for, not stored
connect(Shop, "/events", { method: "PUT" });
// @ts-expect-error read once, and an attempt is seldom the last
connect(Shop, "/events", { method: "POST", body: new ReadableStream<Uint8Array>() });
// @ts-expect-error a header is text
connect(Shop, "/events", { headers: { "x-n": 7 } });

// @ts-expect-error no such event
stream.on("priceChange", () => {});
// @ts-expect-error no such field
stream.on("priceChanged", ({ price }) => price);
// @ts-expect-error no such mode
connect(Shop, "/events", { background: "never" });
// @ts-expect-error a pattern is a string
stream.topics.add(7);

export async function exhausted(): Promise<string> {
  for await (const { type, data, topic, position } of stream) {
    switch (type) {
      case "priceChanged":
        return `${data.sku} ${data.cents} ${topic} ${position}`;
      case "closed":
        return data satisfies null ?? "";
      case "eventwire.gap":
        return data.topics.join();
      case "eventwire.fault":
        return data.message;
      default:
        return data satisfies never;
    }
  }
  return "";
}

const raw = connectRaw("/sse", { names: ["price"], lastEventId: "7", headers: { a: "b" } });
raw.on("price", (data, { id }) => `${data.trim()} ${id.trim()}`);
raw.onComment((text) => text.trim());
raw.onState((state) => state.kind === "open" && (state.reason satisfies "answer"));
// @ts-expect-error there are no topics on any server
connectRaw("/sse", { topics: ["a"] });
// @ts-expect-error nor gaps
raw.onGap(() => {});

export async function pulled(): Promise<void> {
  for await (const { type, data, id } of raw) [type, data, id] satisfies string[];
}

raw.onEvent(({ type, data, id }) => [type, data, id] satisfies string[]);
raw.restart();
connectRaw("/sse", { stall: 500, fetch: (url, init) => fetch(url, init) });

// What took a browser's own takes ours.
export const native: EventSource = new Ours(new URL("http://any.test/"), { withCredentials: true });
native.onmessage = ({ data, lastEventId }) => `${data} ${lastEventId}`;
const ours = new Ours("/sse", { mode: "spec", headers: { a: "b" } });
ours.addEventListener("price", ({ data, origin }) => `${data} ${origin.trim()}`);
ours.addEventListener("open", ({ type }) => type);
ours.onerror = function () {
  this.close();
};
Ours.CLOSED satisfies 2;
// @ts-expect-error no such mode
new Ours("/sse", { mode: "quirks" });

export async function scripted(): Promise<void> {
  using server = script(Shop);
  await server.send("priceChanged", { sku: "a", cents: 1 }, "prices.a");
  await server.send("closed", null);
  // @ts-expect-error no such field
  await server.send("priceChanged", { price: 1 });
  server.requests[0]?.topics satisfies readonly string[] | undefined;
}

export function Component(): string {
  const state = useEvents(Shop, "/events", { topics: ["prices.*"], on: { priceChanged: ({ sku, cents }, { topic }) => void `${sku}${cents.toFixed()}${topic}` }, onGap: ({ topics }) => topics.join() });
  const latest = useLatest(Shop, "/events", "priceChanged", { throws: true });
  // @ts-expect-error no such event
  useEvents(Shop, "/events", { on: { priceChange: () => {} } });
  // @ts-expect-error no such event
  useLatest(Shop, "/events", "priceChange");
  // @ts-expect-error a component's stream ends with it
  useEvents(Shop, "/events", { signal: new AbortController().signal });
  return `${state.kind} ${latest?.data.cents.toFixed()} ${latest?.topic}`;
}

const byHand = connect(
  contractOf({
    tick: z.object({ n: z.number(), at: z.string().transform((text) => new Date(text)) }),
    note: v.pipe(v.string(), v.transform((text) => text.length)),
    closed: ark({ by: "string" }),
  }),
  "/events",
);
byHand.on("tick", (tick) => tick satisfies { n: number; at: Date });
byHand.on("note", (length) => length.toFixed());
byHand.on("closed", ({ by }) => by satisfies string);
// @ts-expect-error a transform puts out something else
byHand.on("note", (text: string) => text);
// @ts-expect-error no such event
byHand.on("ticked", () => {});
// @ts-expect-error what parses is no Standard Schema
contractOf({ tick: { parse: (value: unknown) => value } });
