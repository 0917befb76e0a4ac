// The page's handlers, and how its code is run.

// Constants alone before anything else: a bundler puts them where they are used.
/** Under which its handlers are kept that are not an event's: no name is a number. */
export const GAP = 0;
export const FAULT = 1;
export const STATE = 2;
export const OUTDATED = 3;

/** Ends a subscription. For `using`, too. */
export interface Unsubscribe {
  (): void;
  [Symbol.dispose](): void;
}

/** What a handler is kept in: an object of its own, so that a function given twice is called twice. */
interface Entry {
  readonly call: (...args: never[]) => void;
}

/** Who is called for what: an event's name, or one of the numbers above. */
export class Handlers {
  readonly #all = new Map<string | number, Set<Entry>>();

  add(of: string | number, call: Entry["call"]): Unsubscribe {
    const entry = { call };
    const entries = this.#all.get(of) ?? new Set();
    this.#all.set(of, entries.add(entry));
    return disposable(() => void entries.delete(entry));
  }

  /** Whether there was anybody to call. */
  call(of: string | number, ...args: unknown[]): boolean {
    const entries = this.#all.get(of) ?? new Set();
    // A copy: what a handler adds is for the next event. What it removes, or a close, counts at once.
    const copy = [...entries];
    for (const entry of copy) if (entries.has(entry)) run(() => entry.call(...(args as never[])));
    return copy.length > 0;
  }

  clear(): void {
    // The sets themselves: a loop over one may be running further up the stack.
    for (const entries of this.#all.values()) entries.clear();
  }
}

/** What is called to end something, and ends it with its block under `using` where there is such a thing. */
export function disposable(off: () => void): Unsubscribe {
  return Object.assign(off, Symbol.dispose && { [Symbol.dispose]: off }) as Unsubscribe;
}

/** Runs the page's code: what it throws is reported like any uncaught error, and stops nothing of ours. */
export function run(code: () => void): void {
  try {
    code();
  } catch (error) {
    if (typeof reportError === "function") reportError(error);
    else console.error(error);
  }
}
