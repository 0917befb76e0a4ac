// The contract's module as a file: written only if it says something else, and never by halves.

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { types } from "./compiler.js";
import { fileFailure, refused } from "./failure.js";

/** Lines of a difference that are shown before the rest is only counted. */
const SHOWN = 40;
/** Lines that are compared one with each other; beyond, what stands between the first and the last difference is shown. */
const COMPARED = 2_000;

/** The module of a schema's text, which came from there. */
export function moduleOf(text: string, from: string): string {
  const made = types(text);
  if ("module" in made) return made.module;
  throw refused(from, text, made);
}

/** Whether the file had to be written. */
export function keep(path: string, module: string): boolean {
  if (existing(path) === module) return false;
  // Beside it, so that the rename stays within one file system: a reader sees the old text or the new one.
  const beside = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, module);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw fileFailure("write", path, error);
  }
  return true;
}

/** What makes the file stale; empty if it is not. `again` is how to write it. */
export function stale(path: string, module: string, from: string, again: string): string {
  const text = existing(path);
  if (text === module) return "";
  if (text === undefined) return `${path} is not there: write it with ${again}`;
  return `${path} does not say what ${from} says (- the file, + what it should be):\n${difference(text, module)}\nWrite it with ${again}`;
}

function existing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileFailure("read", path, error);
  }
}

/** The lines that differ. */
export function difference(before: string, now: string): string {
  const [a, b] = [before.split("\n"), now.split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const lines = compared(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const more = lines.length - SHOWN;
  return [...lines.slice(0, SHOWN), ...(more > 0 ? [`… and ${more} more lines`] : [])].map((line) => `  ${line}`).join("\n");
}

/** By the longest lines they have in common, in order. */
function compared(a: readonly string[], b: readonly string[]): string[] {
  const out: string[] = [];
  if (a.length > COMPARED || b.length > COMPARED) return [...a.map((line) => `- ${line}`), ...b.map((line) => `+ ${line}`)];
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? common[(i + 1) * width + j + 1]! + 1 : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) [i, j] = [i + 1, j + 1];
    else if (i < a.length && (j === b.length || common[(i + 1) * width + j]! >= common[i * width + j + 1]!)) out.push(`- ${a[i++]}`);
    else out.push(`+ ${b[j++]}`);
  }
  return out;
}

