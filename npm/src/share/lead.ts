// The leader: the one real stream of all tabs that share, and what came on it lately.
//
// Asks for what all of them follow, from the lowest position among them, and relays what comes unread. Hands nothing to a
// page, and takes nobody on whom it could not serve whole: such a tab asks the server itself.

import { named, type Seat } from "./seat.js";
import type { Transport } from "./transport.js";
import type { Tab } from "./tab.js";
import { covered, members, order, position, texts, topic, type Block, type View, type Who, type Word } from "./words.js";

/** What is kept for a tab that comes a moment later: this many events, or characters of them. Older ones it asks for. */
const [EVENTS, CHARACTERS] = [1000, 512 * 1024];
/** Tabs of one browser that share. More ask for themselves. */
const TABS = 200;
/** What one request has room for: docs/wire.md 3.1. */
const [PATTERNS, PATTERN_BYTES] = [100, 6 * 1024];
/** Who would ride says so within this time; then it is one request for all. */
const GATHER = 50;
/** Between an attempt that failed and the next: every tab has its own waits, and together they may not be hasty. */
const HASTE = 1000;
/** From dialling to hello: as long as a machine would wait for both. */
const HELLO = 15_000;

type Want = Extract<Word, { is: "want" }>;

export class Lead {
  readonly term: string;
  readonly #tab: Tab;
  readonly #riders = new Map<Who, View>();
  /** Those who are not answered yet, and those who will be back: they are counted in. */
  readonly #waiting = new Map<Who, Want>();
  readonly #absent = new Map<Who, Want>();
  #main: Transport | undefined;
  #asked: View = [];
  #granted: string[] = [];
  #hello = "";
  #live = false;
  /** Up to where the stream has been relayed; and behind where the ring holds all of it, empty if it does not. */
  #at = "";
  #floor = "";
  #ring: Block[] = [];
  #characters = 0;
  #n = 0;
  #failed = -Infinity;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;

  constructor(tab: Tab, term: string) {
    this.#tab = tab;
    this.term = term;
  }

  /** Takes a live stream over from the tab's own attempt. */
  adopt(seat: Seat): void {
    const { view, who, at, hello } = seat;
    const main = seat.give(this.term, this.#n);
    if (!main) return;
    this.#hang();
    this.#listen(main);
    this.#asked = view;
    this.#greeted(hello);
    this.#live = true;
    this.#begin(at);
    this.#riders.set(who, view);
    this.#serve();
  }

  get serves(): boolean {
    return this.#main !== undefined;
  }

  hear(word: Word): void {
    switch (word.is) {
      case "want":
        if (this.#riders.size + this.#waiting.size + this.#absent.size >= TABS && !this.#riders.has(word.who)) {
          return this.#tab.say({ is: "ask", term: this.term, whom: [word.who] });
        }
        if (!word.seated) return void this.#absent.set(word.who, word);
        this.#riders.delete(word.who);
        this.#waiting.set(word.who, word);
        if (this.#live) return this.#serve();
        if (!this.#main) this.#gather();
        return;
      case "gone":
        this.#riders.delete(word.who);
        this.#waiting.delete(word.who);
        this.#absent.delete(word.who);
        return;
      case "ping":
        return this.#tab.say({ is: "here", term: this.term });
    }
  }

  stop(): void {
    clearTimeout(this.#gathering);
    this.#hang();
    this.#waiting.clear();
    this.#riders.clear();
  }

  /** Answers those who wait: from what is kept, or by asking for more, or they ask themselves. */
  #serve(): void {
    const ask: Who[] = [];
    let more = false;
    for (const [who, { view, at }] of [...this.#waiting]) {
      if (!(order(at, this.#floor) >= 0)) ask.push(who);
      else if (!this.#has(view)) {
        if (union([...this.#riders.values(), view])) more = true;
        else ask.push(who);
      } else {
        this.#waiting.delete(who);
        this.#riders.set(who, view);
        const blocks = this.#ring.filter(([, id]) => order(position(id), at) > 0 && (!view || covered(view, topic(id))));
        this.#tab.say({ is: "welcome", term: this.term, whom: [who], n: this.#n, hello: this.#hello, blocks, at: this.#at });
      }
    }
    for (const who of ask) this.#waiting.delete(who);
    if (ask.length) this.#tab.say({ is: "ask", term: this.term, whom: ask });
    if (more) this.#gather();
  }

  /** Whether the stream brings all that this view follows. */
  #has(view: View): boolean {
    return view ? view.every((pattern) => covered(this.#granted, pattern)) : this.#asked === null;
  }

  #gather(): void {
    const wait = Math.max(GATHER, this.#failed + HASTE - Date.now());
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#dial();
    }, Math.min(wait, HASTE));
  }

  /** One request for all, from the lowest position. */
  #dial(): void {
    // In mid-stream only where nothing is owed to those who ride; whoever waits is served when it is live again.
    if (this.#waiting.size === 0 || (this.#main && !this.#live)) return;
    const own = this.#live ? this.#at : (this.#waiting.get(this.#tab.who)?.at ?? [...this.#waiting.values()][0]?.at ?? "");
    const among = (wants: Map<Who, Want>): Want[] => [...wants.values()].filter(({ at }) => !Number.isNaN(order(at, own)));
    let [waiting, absent] = [among(this.#waiting), among(this.#absent)];
    const riders = [...this.#riders.values()];
    const views = (wants: Want[]): View[] => wants.map(({ view }) => view);
    let asked = union([...riders, ...views(waiting), ...views(absent)]);
    if (!asked) {
      absent = [];
      asked = union([...riders, ...views(waiting)]);
    }
    if (!asked) {
      // Together they ask for more than a request has room for: as many as fit, in the order in which they came.
      const fit: Want[] = [];
      for (const want of waiting) if (union([...riders, ...views(fit), want.view])) fit.push(want);
      waiting = fit;
      asked = union([...riders, ...views(waiting)]);
    }
    const held = waiting.map(({ who }) => who);
    const ask = [...this.#waiting.keys()].filter((who) => !held.includes(who));
    this.#waiting.clear();
    this.#absent.clear();
    if (ask.length) this.#tab.say({ is: "ask", term: this.term, whom: ask });
    if (!asked || waiting.length === 0) return;
    const lowest = [...waiting, ...absent].reduce((low, { at }) => (order(at, low) < 0 ? at : low), own);
    this.#hang();
    for (const { who, view } of waiting) this.#riders.set(who, view);
    this.#begin(lowest);
    this.#asked = asked.view;
    this.#tab.say({ is: "hold", term: this.term, whom: held, n: this.#n });
    // Nobody is let down in silence, and nobody takes what an attempt says that is over.
    this.#watch = setTimeout(() => this.#over(false), HELLO);
    try {
      this.#listen(this.#tab.dial(this.#tab.target(asked.view, lowest), { opened() {}, block() {}, failed() {} }));
    } catch {
      this.#over(true);
    }
  }

  #listen(main: Transport): void {
    this.#main = main;
    main.told = {
      opened() {},
      block: (block) => this.#main === main && this.#relay(main, block),
      failed: (refused) => this.#main === main && this.#over(refused),
    };
  }

  #relay(main: Transport, block: Block): void {
    const [name, id, data] = block;
    if (name === "eventwire.hello") {
      clearTimeout(this.#watch);
      this.#greeted(data);
    } else if (name === "eventwire.names") this.#hello = named(this.#hello, data);
    else if (name === "eventwire.gap") {
      // What newest events follow is not kept: whoever comes now waits until they are over.
      this.#live = false;
      this.#begin("");
    }
    this.#n += 1;
    this.#tab.say({ is: "block", term: this.term, n: this.#n, block });
    if (this.#main !== main) return; // the page behind this tab may have done anything meanwhile
    const at = position(id);
    switch (name) {
      case "eventwire.hello":
      case "eventwire.names":
      case "eventwire.gap":
        return;
      case "eventwire.bye":
        this.#riders.clear();
        return this.#hang();
      case "eventwire.cursor":
        this.#at = at || this.#at;
        if (members(data).kind !== "live") return;
        this.#live = true;
        if (!this.#floor) this.#begin(this.#at);
        return this.#serve();
      default:
        if (this.#floor) this.#keep(block, at);
    }
  }

  #keep(block: Block, at: string): void {
    this.#at = at;
    this.#ring.push(block);
    this.#characters += block[2].length;
    while (this.#ring.length > EVENTS || this.#characters > CHARACTERS) {
      const [, id, data] = this.#ring.shift() as Block;
      this.#characters -= data.length;
      this.#floor = position(id);
    }
  }

  #greeted(hello: string): void {
    this.#hello = hello;
    this.#granted = texts(members(hello).topics);
  }

  /** Keeps what comes from here on. */
  #begin(at: string): void {
    [this.#floor, this.#ring, this.#characters] = [at, [], 0];
    this.#at = at || this.#at;
  }

  #over(refused: boolean): void {
    this.#failed = Date.now();
    this.#hang();
    this.#riders.clear();
    this.#tab.say({ is: "over", term: this.term, refused });
  }

  #hang(): void {
    clearTimeout(this.#watch);
    this.#main?.close();
    this.#main = undefined;
    this.#live = false;
  }
}

/** What all of these follow; nothing if a request has no room for it. */
function union(views: readonly View[]): { readonly view: View } | undefined {
  const all = new Set<string>();
  for (const view of views) {
    if (!view) return { view };
    for (const pattern of view) all.add(pattern);
  }
  const view = [...all];
  return view.length <= PATTERNS && view.join().length < PATTERN_BYTES ? { view } : undefined;
}
