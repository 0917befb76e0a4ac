// The form of a pattern, checked where a caller makes the mistake. docs/wire.md section 1.

import { EventwireError } from "./errors.js";

const PATTERN = /^(?:(?:[\w~-]+|\*)\.){0,15}(?:[\w~-]+|\*\*?)$/;

export function isPattern(text: string): boolean {
  return text.length <= 70 && PATTERN.test(text);
}

/** Whether two patterns have a topic in common; a topic is a pattern, too. */
export function meet(one: string, other: string): boolean {
  const [a, b] = [one.split("."), other.split(".")];
  for (let n = 0; n < Math.max(a.length, b.length); n++) {
    const [x, y] = [a[n], b[n]];
    if (x === undefined || y === undefined) return false; // `**` wants a segment
    if (x === "**" || y === "**") return true;
    if (x !== y && x !== "*" && y !== "*") return false;
  }
  return true;
}

/** The patterns as the wasm takes them. */
export function joined(topics: readonly string[]): string {
  for (const topic of topics) {
    if (!isPattern(topic)) {
      throw new EventwireError(
        "invalid-topic",
        `${JSON.stringify(topic)} is no topic: 1 to 16 segments of letters, digits, "_", "~", "-", joined by dots, 70 in all; ` +
          `"*" stands for one segment, a final "**" for one or more`,
      );
    }
  }
  return topics.join();
}
