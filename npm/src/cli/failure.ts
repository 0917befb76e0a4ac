// What the command line says instead of a stack: the culprit, the reason, the next step.

import type { Wrong } from "./compiler.js";

/** The exit codes, as `diff` and `grep` have them: a pipeline tells a contract that breaks from one that it could not read. */
export const [WELL, DIFFERS, TROUBLE] = [0, 1, 2] as const;

/** Something the user can mend, which kept the command from its answer. */
export class Failure extends Error {
  override readonly name = "Failure";

  constructor(
    message: string,
    /** Whether the next try may go otherwise with nothing changed here: a server that is away. */
    readonly passing = false,
  ) {
    super(message);
  }
}

/** A schema that is none, said of where it came from. */
export function refused(from: string, text: string, wrong: Wrong): Failure {
  if ("refusals" in wrong) {
    const lines = wrong.refusals.map((refusal) => `  ${refusal.text}`).join("\n");
    return new Failure(`${from} is JSON, but no contract can be made of it:\n${lines}`);
  }
  if (/^\s*</.test(text)) {
    const hint = "a login page or an index.html for every path may have answered; name the URL at which the server mounts `hub.contract_route()`";
    return new Failure(`${from} is an HTML page, not the JSON Schema of a contract: ${hint}`);
  }
  const start = JSON.stringify(text.trim().slice(0, 60));
  return new Failure(`${from} is no JSON (${wrong.error}); it begins ${start}. Name a file or URL of the schema that \`hub.contract_route()\` serves`);
}

/** What went wrong with a file. */
export function fileFailure(doing: string, path: string, error: unknown): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const words: Record<string, string> = {
    ENOENT: doing === "write" ? "the folder is not there: make it or correct the path" : "it is not there: correct the path",
    EACCES: "this user may not: change its permissions or name another path",
    EPERM: "this user may not: change its permissions or name another path",
    EROFS: "the file system is read-only: name another path",
    EISDIR: "it is a folder: name a file in it",
    ENOTDIR: "a part of the path is no folder: correct the path",
    ENOSPC: "the disk is full: make room",
  };
  return new Failure(`cannot ${doing} ${path}: ${words[code] ?? code}`);
}
