// What tabs that share say to each other, and what of a stream one of them is concerned with.
//
// Pure: neither channel nor lock nor stream. Whoever shares an origin could say such words too: a word without its form is
// not heard, and none carries a token.

/** One event or frame, as it came: name, id, data. */
export type Block = readonly [name: string, id: string, data: string];

/** An attempt of a tab: the tab, and which of its attempts. */
export type Who = `${string} ${number}`;

/** What a tab follows: patterns, or `null` for all that is granted. */
export type View = readonly string[] | null;

export type Word =
  /** A tab leads from now on. Whoever would ride says so. */
  | { readonly is: "lead"; readonly term: string }
  /** A tab would ride behind a position. Not seated: it waits for its time to come back, and is counted in. */
  | { readonly is: "want"; readonly who: Who; readonly view: View; readonly at: string; readonly seated: boolean }
  | { readonly is: "gone"; readonly who: Who }
  /** These ride from the next block on, which is a hello. */
  | { readonly is: "hold"; readonly term: string; readonly whom: readonly Who[]; readonly n: number }
  /** This one rides from here on: the stream's hello, what came behind its position, and where that ends. */
  | { readonly is: "welcome"; readonly term: string; readonly whom: readonly Who[]; readonly n: number; readonly hello: string; readonly blocks: readonly Block[]; readonly at: string }
  /** These cannot be served here: they ask the server themselves. */
  | { readonly is: "ask"; readonly term: string; readonly whom: readonly Who[] }
  | { readonly is: "block"; readonly term: string; readonly n: number; readonly block: Block }
  /** The stream is over without a word. */
  | { readonly is: "over"; readonly term: string; readonly refused: boolean }
  | { readonly is: "ping" }
  | { readonly is: "here"; readonly term: string };

const text = (value: unknown): boolean => typeof value === "string";
const truth = (value: unknown): boolean => typeof value === "boolean";
const number = (value: unknown): boolean => typeof value === "number";
const list = (value: unknown): boolean => Array.isArray(value) && value.every(text);
const view = (value: unknown): boolean => value === null || list(value);
const block = (value: unknown): boolean => list(value) && (value as unknown[]).length === 3;
const blocks = (value: unknown): boolean => Array.isArray(value) && value.every(block);

const FORMS: { readonly [K in Word["is"]]: Readonly<Record<string, (value: unknown) => boolean>> } = {
  lead: { term: text },
  want: { who: text, view, at: text, seated: truth },
  gone: { who: text },
  hold: { term: text, whom: list, n: number },
  welcome: { term: text, whom: list, n: number, hello: text, blocks, at: text },
  ask: { term: text, whom: list },
  block: { term: text, n: number, block },
  over: { term: text, refused: truth },
  ping: {},
  here: { term: text },
};

/** A word, if this is one. */
export function heard(data: unknown): Word | undefined {
  if (typeof data !== "object" || !data) return undefined;
  const said = data as Record<string, unknown>;
  const { is } = said;
  if (typeof is !== "string" || !Object.hasOwn(FORMS, is)) return undefined;
  return Object.entries(FORMS[is as Word["is"]]).every(([member, right]) => right(said[member])) ? (said as unknown as Word) : undefined;
}

/** The position an id begins with; empty if it is none. */
export function position(id: string): string {
  return /^[0-9a-z]{12}-\d+/.exec(id)?.[0] ?? "";
}

/** Whose event an id is. */
export function topic(id: string): string {
  return id.slice(id.indexOf("/") + 1);
}

/** How `a` lies to `b` in one order: below 0, 0, over 0; `NaN` if they are of two. */
export function order(a: string, b: string): number {
  const [ours, theirs] = [a.slice(13), b.slice(13)];
  if (!ours || !theirs || a.slice(0, 12) !== b.slice(0, 12)) return NaN;
  // Digits without leading zeros.
  return ours.length - theirs.length || (ours < theirs ? -1 : Number(ours > theirs));
}

/** Whether all that `narrow` stands for is in `wide`. A topic is a pattern too. */
export function covers(wide: string, narrow: string): boolean {
  const [ours, theirs] = [wide.split("."), narrow.split(".")];
  for (let n = 0; ; n++) {
    const [one, other] = [ours[n], theirs[n]];
    if (one === "**") return other !== undefined;
    if (one === undefined || other === undefined) return one === other;
    if (other === "**" || (one !== "*" && one !== other)) return false;
  }
}

export function covered(by: readonly string[], pattern: string): boolean {
  return by.some((wide) => covers(wide, pattern));
}

/** The members of a frame of ours; nothing of one that is none. */
export function members(data: string): Record<string, unknown> {
  try {
    const frame: unknown = JSON.parse(data);
    return typeof frame === "object" && frame ? (frame as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The texts in a list. */
export function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((text) => typeof text === "string") : [];
}
