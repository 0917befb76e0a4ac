// One attempt of a sharing tab, in the shape of an `EventSource`: the machine cannot tell who carries it.
//
// Asks the server itself while there is something that only its own request can be answered (a prelude, a loss); once it
// is live it rides on the leader's stream, of which it lets through what is its own. Decides nothing about connecting.

import type { Transport } from "./transport.js";
import type { Tab } from "./tab.js";
import { covered, members, order, position, texts, topic, type Block, type View, type Who, type Word } from "./words.js";

/** Events of others after which the machine is told how far they have come. */
const PASSED = 100;

export class Seat {
  readonly OPEN = 1;
  readonly CLOSED = 2;
  readyState = 0;
  readonly who: Who;
  /** The tab has been handed all of its own up to here. */
  at: string;
  /** What the server said of its own request last, with all names since. */
  hello = "";
  readonly #tab: Tab;
  /** What was asked, and what of it is granted. */
  readonly #asked: View;
  #view: View;
  readonly #heard = new Map<string, (event: Event) => void>();
  #own: Transport | undefined;
  /** Whose stream this rides on, and the number of its last block. */
  #term: string | undefined;
  #n = 0;
  /** Newest events come, whose ids say nothing of where the stream is. */
  #prelude = false;
  /** Newest events are due that only this attempt's machine knows of. */
  #owed = false;
  /** All that was asked for has been answered: anybody's stream will do from here on. */
  #settled = false;
  #passed = 0;

  constructor(tab: Tab, url: string) {
    const { searchParams } = new URL(url);
    const list = (name: string): string[] => searchParams.get(name)?.split(",") ?? [];
    const fresh = list("new");
    const asked = [...list("topics"), ...fresh];
    this.#tab = tab;
    this.#asked = this.#view = asked.length ? asked : null;
    this.at = position(searchParams.get("lastEventId") ?? "");
    this.who = tab.seat(this);
    // A tab that has just come asks at once: nothing is quicker, and nobody else can answer it as exactly.
    if (this.at && !fresh.length && tab.rode) {
      this.#settled = true;
      // Whoever dials listens only once it holds this.
      queueMicrotask(() => this.readyState === 2 || tab.settle(this));
    } else this.#ask(url);
  }

  get view(): View {
    return this.#view;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Whether it has a stream of its own. */
  get alone(): boolean {
    return this.#own !== undefined;
  }

  /** Whether it rides on somebody's stream: on this one's, if one is named. */
  rides(term = this.#term): boolean {
    return this.#term !== undefined && this.#term === term;
  }

  addEventListener(name: string, hear: (event: Event) => void): void {
    this.#heard.set(name, hear);
  }

  removeEventListener(name: string): void {
    this.#heard.delete(name);
  }

  close(): void {
    this.readyState = 2;
    this.#let();
    this.#term = undefined;
    this.#tab.left(this);
  }

  /** Hands its own stream over: it rides on it from here on. */
  give(term: string, n: number): Transport | undefined {
    const own = this.#own;
    this.#own = undefined;
    this.#ride(term, n);
    return own;
  }

  /** Whoever it rode with is gone. */
  wait(): void {
    this.#term = undefined;
  }

  hear(word: Word): void {
    switch (word.is) {
      case "hold":
        this.#let();
        return this.#ride(word.term, word.n);
      case "welcome": {
        this.#let();
        this.#ride(word.term, word.n);
        const { at } = this;
        this.#through(["eventwire.hello", "", word.hello]);
        this.#through(["eventwire.cursor", at, `{"kind":"prelude"}`]);
        for (const block of word.blocks) this.#through(block);
        return this.#through(["eventwire.cursor", word.at, `{"kind":"live"}`]);
      }
      case "ask":
        if (!this.#own) this.#again();
        return;
      case "block":
        if (word.term !== this.#term) return;
        this.#n += 1;
        // Something on the way has swallowed one.
        return word.n === this.#n ? this.#through(word.block) : this.#again();
      case "over":
        if (!this.#own && (this.#term ?? word.term) === word.term) this.#fail(word.refused);
    }
  }

  #ride(term: string, n: number): void {
    this.#term = term;
    this.#n = n;
  }

  /** Lets its own stream go. */
  #let(): void {
    this.#own?.close();
    this.#own = undefined;
  }

  #open(): void {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.#heard.get("open")?.(new Event("open"));
  }

  /** Asks the server itself, from where it is. */
  #again(): void {
    // What was still due of a prelude only the machine knows: it asks anew.
    if (this.#owed) return this.#fail(false);
    this.#term = undefined;
    this.#settled = false;
    try {
      this.#ask(this.#tab.target(this.#view, this.at));
    } catch {
      this.#fail(true);
    }
  }

  #ask(url: string): void {
    this.#own = this.#tab.dial(url, {
      opened: () => this.#open(),
      block: (block, event) => this.#answer(block, event),
      failed: (refused) => {
        this.#own = undefined;
        this.#fail(refused);
      },
    });
  }

  /** A block of its own stream. */
  #answer(block: Block, event: MessageEvent): void {
    const [name, id, data] = block;
    this.#follow(name, id, data);
    if (name === "eventwire.hello") {
      const { start, topics } = members(data);
      this.at ||= position(`${start}`);
      this.hello = data;
      const granted = texts(topics);
      this.#view = this.#asked && this.#asked.filter((pattern) => covered(granted, pattern));
    } else if (name === "eventwire.bye") this.#tab.lost(this);
    else if (name === "eventwire.names") this.hello = named(this.hello, data);
    this.#say(name, event);
    const nothing = this.#view?.length === 0;
    if (name === "eventwire.cursor" && members(data).kind === "live" && this.readyState === 1 && this.#own && !nothing) {
      this.#settled = true;
      this.#tab.settle(this);
    }
  }

  /** A block of the leader's stream: on to the machine, if it is this tab's. */
  #through(block: Block): void {
    const [name, id, data] = block;
    if (name === "eventwire.hello") this.#open();
    if (this.readyState !== 1) return;
    switch (name) {
      case "eventwire.hello": {
        this.#prelude = true;
        const hello = this.#mine(data);
        // A server says it to those who are granted nothing, and to them alone.
        return hello ? this.#tell(name, id, hello) : this.#again();
      }
      case "eventwire.gap": {
        const { reason, topics } = members(data);
        // Another order is another for all; any other loss is a matter of where one was and of what one follows, and
        // answered exactly to those alone who ask themselves.
        if (reason === "epoch") {
          this.#owed = true;
          break;
        }
        const lost = texts(topics);
        const { at } = this;
        if (order(position(id), at) <= 0) return;
        if (!lost.length || !this.#view || this.#view.some((own) => lost.some((one) => covered([one], own) || covered([own], one)))) return this.#again();
        return this.#skip(position(id));
      }
      case "eventwire.bye":
        this.#skip(this.at);
        this.#tab.lost(this);
        break;
      case "eventwire.cursor":
      case "eventwire.names":
        break;
      default: {
        const own = !this.#view || covered(this.#view, topic(id));
        if (this.#prelude) return own ? this.#tell(name, id, data) : undefined;
        if (order(position(id), this.at) <= 0) return;
        if (!own) {
          this.at = position(id);
          this.#passed += 1;
          return this.#passed % PASSED ? undefined : this.#skip(this.at);
        }
      }
    }
    this.#follow(name, id, data);
    this.#tell(name, id, data);
  }

  /** Where the stream is after this block. */
  #follow(name: string, id: string, data: string): void {
    const at = position(id);
    switch (name) {
      case "eventwire.hello":
        this.#prelude = true;
        return;
      case "eventwire.names":
      case "eventwire.bye":
        return;
      case "eventwire.gap":
        this.#prelude = true;
        this.at = at || this.at;
        return;
      case "eventwire.cursor":
        if (/"(prelude|live)"/.test(data)) this.#prelude = this.#owed = false;
        break;
      default:
        if (this.#prelude) return;
    }
    if (at && !(order(at, this.at) < 0)) this.at = at;
  }

  /** The leader's hello, as a server would have said it to this tab; nothing, if this tab would be refused. */
  #mine(data: string): string | undefined {
    if (!this.#view) return data;
    const hello = members(data);
    const granted = texts(hello.topics);
    const topics = this.#view.filter((pattern) => covered(granted, pattern));
    if (!topics.length) return undefined;
    this.#view = topics;
    return JSON.stringify({ ...hello, topics, denied: this.#asked?.filter((pattern) => !topics.includes(pattern)) });
  }

  /** All of its own up to there was handed over. */
  #skip(at: string): void {
    if (!at) return;
    this.at = at;
    this.#tell("eventwire.cursor", at, `{"kind":"skip"}`);
  }

  #fail(refused: boolean): void {
    const open = this.readyState === 1;
    if (open && !this.#prelude) this.#skip(this.at);
    if (this.readyState === 2) return;
    this.#term = undefined;
    this.#tab.lost(this);
    this.readyState = refused ? 2 : 0;
    this.#heard.get("error")?.(new Event("error"));
  }

  #tell(name: string, id: string, data: string): void {
    this.#say(name, new MessageEvent(name, { data, lastEventId: id }));
  }

  #say(name: string, event: Event): void {
    if (this.readyState === 1) this.#heard.get(name)?.(event);
  }
}

/** A hello that lists the names of a later frame as well. */
export function named(hello: string, data: string): string {
  const said = members(hello);
  const names = new Set([...texts(said.names), ...texts(members(data).names)]);
  return JSON.stringify({ ...said, names: [...names] });
}
