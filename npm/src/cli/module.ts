// The contract's module as a file: written only if it says something else, and never by halves.

import { existsSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { types } from "./compiler.js";
import { Failure, fileFailure, refused } from "./failure.js";

/** Lines of a difference that are shown before the rest is only counted. */
const SHOWN = 40;
/** Lines that are compared one with each other; beyond, what stands between the first and the last difference is shown. */
const COMPARED = 2_000;
/** Characters of a line that are shown: a line of JSON Schema has some ten thousand. */
const WIDE = 200;

/** The module of a schema's text, which came from there. */
export function moduleOf(text: string, from: string): string {
  const made = types(text);
  if ("module" in made) return made.module;
  throw refused(from, text, made);
}

/**
 * Writes the module of the text it is given, and says whether it had to. Asked again for the same text it leaves to another hand, or
 * another branch, what that made of the file, unless the file is gone or `look` says to look into it.
 */
export function keeper(path: string, from: string): (text: string, look: boolean) => boolean {
  let last: { of: string; module?: string; refusal?: unknown; kept?: boolean } | undefined;
  return (text, look) => {
    if (text !== last?.of) {
      last = { of: text };
      try {
        last.module = moduleOf(text, from);
      } catch (refusal) {
        last.refusal = refusal;
      }
    }
    if (last.module === undefined) throw last.refusal;
    if (last.kept && !look && existsSync(path)) return false;
    const written = keep(path, last.module);
    last.kept = true;
    return written;
  };
}

/** Whether the file had to be written. */
export function keep(path: string, module: string): boolean {
  const text = existing(path);
  if (text !== undefined && same(text, module)) return false;
  let beside: string | undefined;
  try {
    // What a link leads to, and not the link.
    const file = text === undefined ? path : realpathSync(path);
    // Beside it, so that the rename stays within one file system: a reader sees the old text or the new one.
    beside = `${file}.${process.pid}.tmp`;
    writeFileSync(beside, module);
    renameSync(beside, file);
  } catch (error) {
    if (beside) rmSync(beside, { force: true });
    throw fileFailure("write", path, error);
  }
  return true;
}

/** What makes the file stale; empty if it is not. `again` is how to write it. */
export function stale(path: string, module: string, from: string, again: string): string {
  const text = existing(path);
  if (text === undefined) return `${path} is not there: write it with ${again}`;
  if (same(text, module)) return "";
  return `${path} does not say what ${from} says (- the file, + what it should be):\n${difference(text, module)}\nWrite it with ${again}`;
}

function existing(path: string): string | undefined {
  try {
    // A device would be taken from everybody by the rename, and a pipe is waited for.
    const stat = statSync(path);
    if (stat.isFile() || stat.isDirectory()) return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileFailure("read", path, error);
  }
  throw new Failure(`cannot write ${path}: it is no file: name one, or leave out -o for standard output`);
}

/** Whether both say the same. Git may have checked the file out with the line ends of Windows. */
function same(text: string, module: string): boolean {
  return lines(text) === module;
}

function lines(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

/** The lines that differ. */
export function difference(before: string, now: string): string {
  const [a, b] = [lines(before).split("\n"), now.split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const found = compared(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const shown = found.slice(0, SHOWN).map((line) => (line.length > WIDE ? `${line.slice(0, WIDE)}…` : line));
  const more = found.length - SHOWN;
  return [...shown, ...(more > 0 ? [`… and ${more} more lines`] : [])].map((line) => `  ${line}`).join("\n");
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

