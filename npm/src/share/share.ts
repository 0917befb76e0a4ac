// One connection per browser: what a stream with the option `share` is given in place of `EventSource`.
//
// Fetched only by who asks for it, and of the rest of the package imports types alone: a page that shares nothing is sent
// nothing of it. Where the platform lacks a part, there is nothing to give, and each tab has its own
// stream.

import type { Settings } from "../options.js";
import type { Seat } from "./seat.js";
import { dialler, type Ask } from "./transport.js";
import { Tab, type Role } from "./tab.js";

export interface Shared {
  readonly Source: new (url: string) => Seat;
  readonly role: Role;
  /** Tells every tab of this key. */
  logout(): void;
  close(): void;
}

/** This stream among those of its key; `loggedOut` when one of them says that the user has left. Nothing where a part lacks. */
export async function share(key: string, settings: Settings, ask: Ask, loggedOut: () => void): Promise<Shared | undefined> {
  const { url, request } = settings;
  const { method = "GET", body = "", withCredentials = false } = request;
  // Two bodies that are no text cannot be told apart.
  if (typeof body !== "string" || !globalThis.navigator?.locks || typeof BroadcastChannel === "undefined" || !globalThis.crypto?.subtle) return undefined;
  // Names of locks and channels can be read by all of the origin: they tell neither the user nor the address.
  const [group, user] = await Promise.all([[key, url, method, body, withCredentials], [key]].map(name));
  // Without storage there are no locks.
  if (!group || !user || !(await navigator.locks.query().catch(() => undefined))) return undefined;
  const tab = new Tab(group, url, dialler(settings, ask));
  const goodbyes = new Goodbyes(user, loggedOut);
  return {
    Source: tab.Source,
    get role() {
      return tab.role;
    },
    logout: () => goodbyes.say(),
    close() {
      tab.close();
      goodbyes.close();
    },
  };
}

/** Where the tabs of one user hear that the user has left. */
class Goodbyes {
  readonly #name: string;
  readonly #heard: () => void;
  #channel: BroadcastChannel | undefined;
  readonly #over = new AbortController();

  constructor(name: string, heard: () => void) {
    this.#name = name;
    this.#heard = heard;
    this.#open();
    const { signal } = this.#over;
    if (!("addEventListener" in globalThis)) return;
    // An open channel may keep a page out of the back/forward cache.
    globalThis.addEventListener("pagehide", () => this.#hangUp(), { signal });
    globalThis.addEventListener("pageshow", () => this.#open(), { signal });
  }

  say(): void {
    this.#channel?.postMessage("logout");
  }

  close(): void {
    this.#over.abort();
    this.#hangUp();
  }

  #open(): void {
    if (this.#channel) return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => data === "logout" && this.#heard();
  }

  #hangUp(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }
}

async function name(of: readonly unknown[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(["eventwire share 1", ...of])));
  return `eventwire ${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
