#!/usr/bin/env node
// `npx eventwire`: one command, its exit code, and words instead of stacks.

import { readFileSync } from "node:fs";
import * as check from "./check.js";
import { Failure, TROUBLE, WELL } from "./failure.js";
import * as types from "./types.js";

const HELP = `npx eventwire <command>

  types <url|file>    write the TypeScript module of a contract, watch it, or see whether it is stale
  check <old> <new>   what a changed contract breaks for pages that are open

npx eventwire <command> --help tells the rest. Exit codes: 0 well, 1 stale or breaking, 2 not known: a contract or
a file could not be read, reached or written, or the words were not understood.`;

const COMMANDS = { types, check } as const;

async function main(words: readonly string[]): Promise<number> {
  const [name = "", ...rest] = words;
  if (name === "--version" || name === "-v") {
    console.log(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version);
    return WELL;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    console.log(HELP);
    return WELL;
  }
  if (name !== "types" && name !== "check") {
    throw new Failure(`${name ? `there is no command ${JSON.stringify(name)}` : "a command is missing"}: the commands are ${Object.keys(COMMANDS).join(" and ")}; see npx eventwire --help`);
  }
  const command = COMMANDS[name];
  if (rest.includes("--help") || rest.includes("-h")) {
    console.log(command.help);
    return WELL;
  }
  return command.run(rest);
}

// Whoever reads the output may leave early, as `head` does: the answer is still the exit code.
process.stdout.on("error", () => process.exit());
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // What is ours to mend shows its stack; thrown on, it would end with 1, as if a contract were breaking.
  console.error(error instanceof Failure ? `eventwire: ${error.message}` : error);
  process.exitCode = TROUBLE;
}
