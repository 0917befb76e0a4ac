// `eventwire check`: what a new contract breaks for pages that are open.

import { check, type Change } from "./compiler.js";
import { DIFFERS, Failure, refused, WELL } from "./failure.js";
import { source } from "./source.js";
import { headersOf, parsed, type Words } from "./words.js";

export const help = `npx eventwire check <old> <new> [--rolling] [--json] [--header 'name: value']

Tells each change between two contracts, as pages meet it that were built with the old one and are still open when the server
has the new one. Each is a file or a URL of the schema that \`hub.contract_route()\` serves.

      --rolling    also the other way about: pages of the new contract on a server of the old one, as while a deploy rolls
      --json       one JSON object on standard output
  -H, --header     sent along with URLs, as in npx eventwire types

Exit codes: 0 nothing breaks, 1 a change breaks them, 2 not known: a contract cannot be read or reached, or is none.

  npx eventwire check released.schema.json http://127.0.0.1:3000/contract`;

export async function run(words: Words): Promise<number> {
  const { values, positionals } = parsed("check", words, {
    json: { type: "boolean" },
    rolling: { type: "boolean" },
    header: { type: "string", short: "H", multiple: true },
  });
  const [before, now, more] = positionals;
  if (before === undefined || now === undefined || more !== undefined) {
    throw new Failure(`check takes two files or URLs, the old one and the new one, and was given ${positionals.length}; see npx eventwire check --help`);
  }
  const headers = headersOf((values.header as string[] | undefined) ?? []);
  const sources = [source(before, headers), source(now, headers)] as const;
  const texts = [(await sources[0].read())?.text ?? "", (await sources[1].read())?.text ?? ""] as const;
  const compared = (n: 0 | 1, m: 0 | 1): readonly Change[] => {
    const answer = check(texts[n], texts[m]);
    if ("changes" in answer) return answer.changes;
    throw "old" in answer ? refused(sources[n].name, texts[n], answer.old) : refused(sources[m].name, texts[m], answer.new);
  };
  const changes = compared(0, 1);
  const rolling = values.rolling ? compared(1, 0).filter((change) => change.breaks) : [];
  const breaking = changes.filter((change) => change.breaks).length;
  const code = breaking + rolling.length > 0 ? DIFFERS : WELL;
  if (values.json) {
    console.log(JSON.stringify({ breaks: code === DIFFERS, changes, ...(values.rolling && { rolling }) }));
    return code;
  }
  // What breaks first.
  for (const change of [...changes].sort((a, b) => Number(b.breaks) - Number(a.breaks))) console.log(change.text);
  console.log(changes.length === 0 ? "no changes" : `${breaking} of ${changes.length} changes break${breaking === 1 ? "s" : ""} pages that are open`);
  if (values.rolling) {
    console.log(`\nWhile the deploy rolls, pages built with ${sources[1].name} meet a server that still has ${sources[0].name}:`);
    for (const change of rolling) console.log(`breaks  ${change.place}: ${backwards(change)}`);
    console.log(rolling.length === 0 ? "nothing breaks" : `${rolling.length} ${rolling.length === 1 ? "difference breaks" : "differences break"} them until the deploy is over: serve the new pages after it`);
  }
  return code;
}

/** A change from the new contract to the old one, said of the new one. */
function backwards({ kind, what }: Change): string {
  switch (kind) {
    case "field-removed":
      return "the new pages require it, and the old server does not send it";
    case "field-optional":
      return "the new pages require it, and the old server may leave it out";
    case "event-renamed":
      return "the new pages wait for it, and the old server calls it otherwise";
    default:
      return `the new pages refuse what the old server may send (backwards: ${what})`;
  }
}
