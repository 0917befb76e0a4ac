// One real stream under a sharing tab: `EventSource`, or `fetch`. Hands over what comes, unread but for the names it has to
// listen for; never dials a second time.

import type { Request, Told as Fetched } from "../../wasm/fetch.js";
import type { Settings } from "../options.js";
import { members, texts, type Block } from "./words.js";

/** Who hears of it. */
export interface Told {
  opened(): void;
  block(block: Block, event: MessageEvent<string>): void;
  /** It is over. Refused: the server answered with something else than a stream. */
  failed(refused: boolean): void;
}

/** A running stream. Whoever it tells may change. */
export interface Transport {
  told: Told;
  close(): void;
}

/** The client's own request by `fetch`, which knows a stream when it sees one. */
export type Ask = (request: Request, url: string, id: string, told: Omit<Fetched, "streams" | "refused">) => AbortController;

export type Dial = (url: string, told: Told) => Transport;

const FRAMES = ["hello", "gap", "cursor", "names", "bye"].map((name) => `eventwire.${name}`);

/** How a stream of these settings dials. */
export function dialler({ fetch, request }: Settings, ask: Ask): Dial {
  return (url, told) => (fetch ? overFetch(url, told, request, ask) : overEventSource(url, told, request));
}

function overEventSource(url: string, told: Told, { withCredentials = false, world }: Settings["request"]): Transport {
  const source = new (world ?? globalThis).EventSource(url, { withCredentials });
  const transport: Transport = { told, close: () => source.close() };
  const heard = new Set(["open", "error"]);
  const listen = (name: string): void => {
    if (heard.has(name)) return;
    heard.add(name);
    source.addEventListener(name, (event: MessageEvent<string>) => {
      if (source.readyState === source.CLOSED) return;
      // Before the first event of such a name, which may be in the same chunk.
      if (name === "eventwire.hello" || name === "eventwire.names") texts(members(event.data).names).forEach(listen);
      transport.told.block([name, event.lastEventId, event.data], event);
    });
  };
  FRAMES.forEach(listen);
  source.addEventListener("open", () => transport.told.opened());
  source.addEventListener("error", () => {
    const { readyState } = source;
    if (readyState === source.OPEN) return; // an event that somebody named `error`
    source.close();
    transport.told.failed(readyState === source.CLOSED);
  });
  return transport;
}

function overFetch(url: string, told: Told, request: Settings["request"], ask: Ask): Transport {
  const running = ask(request, url, "", {
    opened: () => transport.told.opened(),
    event: ({ type, data, lastEventId }) => transport.told.block([type, lastEventId, data], new MessageEvent(type, { data, lastEventId })),
    lost: () => transport.told.failed(false),
    answered: () => transport.told.failed(true),
  });
  const transport: Transport = { told, close: () => running.abort() };
  return transport;
}
