// This tab among those that share: its attempt, the channel they talk over, and the lock whose holder leads.
//
// Whoever holds the lock leads. A leader that is closed or crashes loses it by the browser's own hand; from one that says
// nothing any more it is taken. Hands no event on itself and dials nothing: seats and the leader do.

import { Lead } from "./lead.js";
import { Seat } from "./seat.js";
import type { Dial } from "./transport.js";
import { heard, type View, type Who, type Word } from "./words.js";

/** How often a tab looks whether its leader lives; one that has not answered a question for two looks has not. */
const LOOK = 1000;
const PATIENCE = 2;
/** A tab that rides nowhere asks again after so many looks. */
const LATER = 5;
/** How long a leader whose own attempt is over keeps the lock: the others have to hear that it is over before they lead. */
const FAREWELL = 100;
/** How long a tab that has lost its stream is counted in. */
const LONG = 60_000;

/** Who this tab is among those that share. */
export type Role = "leader" | "follower" | "alone";

export class Tab {
  /** It was live once: others can serve it from where it is. */
  rode = false;
  readonly dial: Dial;
  readonly #id = token();
  readonly #name: string;
  readonly #base: string;
  #seat: Seat | undefined;
  #seats = 0;
  #lead: Lead | undefined;
  #channel: BroadcastChannel | undefined;
  /** The request for the lock, and how to let the lock go once it is held. */
  #asking: AbortController | undefined;
  #release: (() => void) | undefined;
  /** Who leads, as far as is known. */
  #term = "";
  /** Looks without a word of the leader, and without an answer of it. */
  #heard = false;
  #unanswered = 0;
  #looks = 0;
  #looking: ReturnType<typeof setInterval> | undefined;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  /** What it followed, and how far, while it waits to come back. */
  #back: { readonly who: Who; readonly view: View; readonly at: string; readonly since: number } | undefined;
  readonly #over = new AbortController();

  constructor(name: string, base: string, dial: Dial) {
    this.#name = name;
    this.#base = base;
    this.dial = dial;
    const { signal } = this.#over;
    // What holds a channel or a lock is kept out of the back/forward cache, or keeps others waiting there.
    if ("addEventListener" in globalThis) globalThis.addEventListener("pagehide", () => this.#leave(), { signal });
    globalThis.document?.addEventListener("freeze", () => this.#rest(), { signal });
    globalThis.document?.addEventListener("resume", () => this.#join(), { signal });
  }

  /** What stands where a page has `EventSource`. */
  get Source(): new (url: string) => Seat {
    const tab = this;
    return class extends Seat {
      constructor(url: string) {
        super(tab, url);
      }
    };
  }

  get role(): Role {
    return this.#lead?.serves ? "leader" : this.#seat?.rides() ? "follower" : "alone";
  }

  get who(): Who {
    return `${this.#id} ${this.#seats}`;
  }

  /** An URL that asks for these behind a position. */
  target(view: View, at: string): string {
    const query = `${view ? `topics=${view.join()}&` : ""}lastEventId=${at}`;
    return this.#base + (this.#base.includes("?") ? "&" : "?") + query;
  }

  close(): void {
    this.#over.abort();
    this.#leave();
  }

  /** A new attempt takes its seat. */
  seat(seat: Seat): Who {
    this.#seat?.close();
    clearTimeout(this.#leaving);
    this.#back = undefined;
    this.#seat = seat;
    this.#seats += 1;
    return this.who;
  }

  /** All that the seat asked for is answered: from now on anybody's stream will do. */
  settle(seat: Seat): void {
    if (seat !== this.#seat) return;
    this.rode = true;
    this.#open();
    if (this.#lead && !this.#lead.serves && seat.alone) return this.#announce(this.#lead);
    this.#ask();
    this.#want();
  }

  /** The seat's stream is over; it will be back. */
  lost({ who, view, at }: Seat): void {
    if (at) this.#back = { who, view, at, since: Date.now() };
  }

  /** The seat is empty. */
  left(seat: Seat): void {
    if (seat !== this.#seat) return;
    this.#seat = undefined;
    this.say({ is: "gone", who: seat.who });
    clearTimeout(this.#leaving);
    // A new attempt may follow at once.
    this.#leaving = setTimeout(() => this.#retire(), FAREWELL);
  }

  /** Says it to all, this tab too. */
  say(word: Word): void {
    this.#channel?.postMessage(word);
    this.#hear(word);
  }

  #hear(word: Word): void {
    const [seat, lead] = [this.#seat, this.#lead];
    switch (word.is) {
      case "want":
      case "gone":
      case "ping":
        return lead?.hear(word);
      case "lead":
        this.#term = word.term;
        this.#alive();
        if (lead && lead.term !== word.term) return this.#depose();
        if (seat?.settled && !seat.rides(word.term)) {
          seat.wait();
          this.#want();
        } else if (!seat && this.#back && Date.now() - this.#back.since < LONG) {
          const { who, view, at } = this.#back;
          this.say({ is: "want", who, view, at, seated: false });
        }
        return;
      case "here":
        if (word.term === this.#term) this.#alive();
        return;
      case "block":
      case "over":
        // A leader that was frozen may go on for a moment as if nothing had happened.
        if (word.term !== this.#term) return;
        this.#alive();
        return seat?.hear(word);
      default:
        if ((this.#term && word.term !== this.#term) || !seat?.settled || !word.whom.includes(seat.who)) return;
        this.#term = word.term;
        this.#alive();
        seat.hear(word);
    }
  }

  #want(): void {
    const seat = this.#seat;
    if (seat && !seat.rides()) this.say({ is: "want", who: seat.who, view: seat.view, at: seat.at, seated: true });
  }

  #open(): void {
    this.#looking ??= setInterval(() => this.#look(), LOOK);
    if (this.#channel) return;
    const channel = (this.#channel = new BroadcastChannel(this.#name));
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      const word = channel === this.#channel ? heard(data) : undefined;
      if (word) this.#hear(word);
    };
  }

  /** Looks whether the leader lives. */
  #look(): void {
    const seat = this.#seat;
    this.#looks += 1;
    if (!seat?.settled || this.#lead) return;
    if (this.#looks % LATER === 0) this.#want();
    if (this.#heard) {
      this.#heard = false;
      return;
    }
    if (this.#unanswered >= PATIENCE) return this.#steal();
    this.#unanswered += 1;
    this.say({ is: "ping" });
  }

  #alive(): void {
    this.#heard = true;
    this.#unanswered = 0;
  }

  /** Waits for the lock, behind whoever came before. */
  #ask(): void {
    if (this.#asking) return;
    const asking = (this.#asking = new AbortController());
    this.#request(asking, { signal: asking.signal });
  }

  /** Takes the lock from a leader that says nothing any more. */
  #steal(): void {
    this.#asking?.abort();
    this.#alive();
    this.#request((this.#asking = new AbortController()), { steal: true });
  }

  #request(asking: AbortController, options: LockOptions): void {
    const hold = (): Promise<void> | undefined => {
      if (asking !== this.#asking) return undefined;
      if (!this.#seat?.settled) {
        this.#asking = undefined;
        return undefined;
      }
      return new Promise((resolve) => {
        this.#release = resolve;
        this.#announce((this.#lead = new Lead(this, token())));
      });
    };
    // It fails when it is waited for no longer, and when the lock is taken away.
    navigator.locks.request(this.#name, options, hold).catch(() => asking === this.#asking && this.#depose());
  }

  /** Leads from now on, with the stream it has or one for all. */
  #announce(lead: Lead): void {
    this.#term = lead.term;
    if (this.#seat?.settled && this.#seat.alone) lead.adopt(this.#seat);
    this.say({ is: "lead", term: lead.term });
  }

  /** Leads no longer, and waits for no lock. */
  #resign(): void {
    const [lead, asking, release] = [this.#lead, this.#asking, this.#release];
    this.#lead = this.#asking = this.#release = undefined;
    lead?.stop();
    asking?.abort();
    release?.();
  }

  /** Another leads now. */
  #depose(): void {
    this.#resign();
    this.#seat?.wait();
    this.#join();
  }

  #join(): void {
    if (this.#seat?.settled) this.settle(this.#seat);
  }

  /** Frozen it could not lead. */
  #rest(): void {
    if (!this.#lead) return;
    this.#resign();
    this.#seat?.wait();
  }

  /** Without an attempt there is nothing to lead for. */
  #retire(): void {
    this.#resign();
    clearInterval(this.#looking);
    this.#looking = undefined;
    if (!this.#back) this.#hangUp();
  }

  #leave(): void {
    clearTimeout(this.#leaving);
    this.#back = undefined;
    this.#retire();
  }

  #hangUp(): void {
    this.#channel?.close();
    this.#channel = undefined;
    this.#term = "";
  }
}

/** A name that no other tab has. */
function token(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join("");
}
