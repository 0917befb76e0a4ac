// Performance marks of a stream, for a browser's timeline. In a bundle only where they are imported.

import type { EventStream } from "./api.js";
import type { Contract, EventNames } from "./contract.js";
import { disposable, type Unsubscribe } from "./handlers.js";

/**
 * Marks when a stream dials, is open, is open again, and hands over the first event of a connection: `eventwire:connecting`,
 * `eventwire:open`, `eventwire:resume`, `eventwire:first-event`, each with the stream's name as `detail`. Of each kind the
 * newest is kept, so that a page that lives long fills nothing.
 */
export function marks<E extends object>(contract: Contract<E>, stream: EventStream<E>): Unsubscribe {
  const mark = (kind: string): void => {
    const name = `eventwire:${kind}`;
    performance.clearMarks(name);
    performance.mark(name, { detail: contract.name });
  };
  let [opened, first] = [false, false];
  const offs = contract.names.map((name: EventNames<E>) =>
    stream.on(name, () => {
      if (first) mark("first-event");
      first = false;
    }),
  );
  offs.push(
    stream.onState(({ kind }) => {
      if (kind === "connecting") mark(kind);
      if (kind !== "open") return;
      mark(opened ? "resume" : kind);
      opened = first = true;
    }),
  );
  return disposable(() => offs.forEach((off) => off()));
}
