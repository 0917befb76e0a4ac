// The command line as a process: what it writes, what it says, how it ends. Schemas come from files and a server here.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventwire } from "eventwire/vite";

const MAIN = new URL("../dist/cli/main.js", import.meta.url).pathname;

let dir: string;
before(() => {
  dir = mkdtempSync(join(tmpdir(), "eventwire-cli-"));
});
after(() => rmSync(dir, { recursive: true, force: true }));

const event = (name: string, payload: unknown): unknown => ({ type: "object", properties: { [name]: payload }, required: [name], additionalProperties: false });
const fields = (properties: object): unknown => ({ type: "object", properties, required: Object.keys(properties) });
const schema = (sku: object = { type: "string" }): string =>
  JSON.stringify({ title: "Shop", oneOf: [event("priceChanged", fields({ sku, cents: { type: "integer", format: "uint32" } }))] });

interface Ended {
  code: number;
  out: string;
  err: string;
}

function run(words: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: dir, env: { ...process.env, ...env }, timeout: 30_000 };
    execFile(process.execPath, [MAIN, ...words], options, (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }));
  });
}

function put(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return name;
}

/** A server for one test, and where it is. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ url: string; close: () => void }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.closeAllConnections() ?? server.close() };
}

async function until(what: string, ask: () => boolean): Promise<void> {
  for (let tries = 0; !ask(); tries++) {
    assert.ok(tries < 1_500, `waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("types writes the module once and leaves it alone while it says the same", async () => {
  put("a.json", schema());
  assert.deepEqual(await run(["types", "a.json", "-o", "a.ts"]), { code: 0, out: "a.ts is rewritten\n", err: "" });
  const text = readFileSync(join(dir, "a.ts"), "utf8");
  assert.match(text, /export const Shop: Contract<ShopEvents>/);
  assert.deepEqual(await run(["types", "a.json", "-o", "a.ts"]), { code: 0, out: "a.ts is up to date\n", err: "" });
  assert.equal((await run(["types", "a.json"])).out, text);
  assert.deepEqual(readdirSync(dir).filter((name) => name.includes(".tmp")), []);
});

test("check of a stale module ends with 1 and the lines that differ, and writes nothing", async () => {
  put("b.json", schema());
  await run(["types", "b.json", "-o", "b.ts"]);
  assert.equal((await run(["types", "b.json", "-o", "b.ts", "--check"])).code, 0);
  put("b.json", schema({ type: ["string", "null"] }));
  const before = readFileSync(join(dir, "b.ts"), "utf8");
  const { code, err } = await run(["types", "b.json", "-o", "b.ts", "--check"]);
  assert.equal(code, 1);
  assert.match(err, /b\.ts does not say what b\.json says/);
  assert.match(err, /^ {2}- {3}sku: string;$/m);
  assert.match(err, /^ {2}\+ {3}sku: string \| null;$/m);
  assert.match(err, /npx eventwire types b\.json -o b\.ts/);
  assert.equal(readFileSync(join(dir, "b.ts"), "utf8"), before);
  const missing = await run(["types", "b.json", "-o", "none.ts", "--check"]);
  assert.deepEqual([missing.code, /none\.ts is not there/.test(missing.err)], [1, true]);
});

test("a module with the line ends of Windows, as git may check it out, is not stale and is left alone", async () => {
  put("crlf.json", schema());
  await run(["types", "crlf.json", "-o", "crlf.ts"]);
  const windows = readFileSync(join(dir, "crlf.ts"), "utf8").replaceAll("\n", "\r\n");
  put("crlf.ts", windows);
  assert.equal((await run(["types", "crlf.json", "-o", "crlf.ts", "--check"])).code, 0);
  assert.equal((await run(["types", "crlf.json", "-o", "crlf.ts"])).out, "crlf.ts is up to date\n");
  assert.equal(readFileSync(join(dir, "crlf.ts"), "utf8"), windows);
  put("crlf.json", schema({ type: "boolean" }));
  const { code, err } = await run(["types", "crlf.json", "-o", "crlf.ts", "--check"]);
  assert.deepEqual([code, err.match(/^ {2}[-+] {3}sku: .*$/gm)], [1, ["  -   sku: string;", "  +   sku: boolean;"]]);
  assert.ok(!/^ {2}[-+].*(cents|eslint)/m.test(err.replace(/^.{200}.*$/gm, "")), `what is the same is not shown:\n${err}`);
  assert.ok(err.split("\n").every((line) => line.length < 250), "nor is a line shown that fills a screen");
});

test("a schema that a Windows shell wrote to a file is read, with its byte order mark or as UTF-16", async () => {
  put("plain.json", schema());
  put("bom.json", `\ufeff${schema()}`);
  writeFileSync(join(dir, "wide.json"), `\ufeff${schema()}`, "utf16le");
  for (const file of ["bom.json", "wide.json"]) assert.deepEqual(await run(["check", "plain.json", file]), { code: 0, out: "no changes\n", err: "" });
});

test("a module behind a link is written where it lies, and what is no file is left as it is", async () => {
  put("l.json", schema());
  put("far.ts", "old");
  symlinkSync("far.ts", join(dir, "near.ts"));
  assert.equal((await run(["types", "l.json", "-o", "near.ts"])).code, 0);
  assert.match(readFileSync(join(dir, "far.ts"), "utf8"), /export const Shop/);
  assert.ok(lstatSync(join(dir, "near.ts")).isSymbolicLink());
  // As /dev/null is, which a rename would take from every other program.
  const pipe = join(dir, "pipe");
  await new Promise((resolve) => execFile("mkfifo", [pipe], resolve));
  for (const words of [[], ["--check"]]) {
    const { code, err } = await run(["types", "l.json", "-o", "pipe", ...words]);
    assert.deepEqual([code, /pipe: it is no file: .* leave out -o/.test(err)], [2, true], err);
  }
  assert.ok(lstatSync(pipe).isFIFO());
});

test("who waits for a server that says nothing may leave at once", async () => {
  const asked: IncomingMessage[] = [];
  const { url, close } = await serve((request) => void asked.push(request));
  for (const [words, end] of [[[], null], [["--watch"], 0]] as const) {
    const child = spawn(process.execPath, [MAIN, "types", url, "-o", "wait.ts", ...words], { cwd: dir });
    const ended = new Promise<unknown>((resolve) => child.once("exit", resolve));
    asked.length = 0;
    await until("the question", () => asked.length > 0);
    child.kill("SIGINT");
    assert.equal(await ended, end, "by the signal, or as a watch ends, and not for want of an answer");
  }
  close();
});

test("what cannot be a contract is told with the place, the reason and the next step", async () => {
  const cases: [file: string, said: RegExp][] = [
    [put("wide.json", schema({ type: "integer", format: "uint64" })), /Shop::priceChanged\.sku: an integer of 64 bits.*2\^53.*string.*schema: #\/oneOf\/0/],
    [put("page.json", "<!doctype html><title>Login</title>"), /page\.json is an HTML page.*login page.*contract_route/],
    [put("text.json", "shop: yes"), /text\.json is no JSON .*begins "shop: yes"/],
    ["none.json", /cannot read none\.json: it is not there/],
    ["localhost:3000/contract", /if it is a URL, write http:\/\/localhost:3000\/contract/],
    ["127.0.0.1:3000/contract", /if it is a URL, write http:\/\/127\.0\.0\.1:3000\/contract/],
  ];
  for (const [file, said] of cases) {
    const { code, out, err } = await run(["types", file]);
    assert.deepEqual([code, out], [2, ""], file);
    assert.equal((await run(["types", file, "-o", "a.ts", "--check"])).code, 2, `${file}: whether a.ts is stale is not known`);
    assert.match(err, said);
    assert.doesNotMatch(err, / at .*\.js:/, "no stack");
  }
  const { code, err } = await run(["types", put("c.json", schema()), "-o", "no/such/folder.ts"]);
  assert.equal(code, 2);
  assert.match(err, /cannot write no\/such\/folder\.ts: the folder is not there/);
});

test("words that are not understood end with 2 and say where help is", async () => {
  const cases = [[], ["type"], ["types"], ["types", "a", "b"], ["types", "a.json", "--wacth"], ["types", "a.json", "--check"], ["check", "a.json"]];
  for (const words of [...cases, ["types", "a.json", "-o", "a.ts", "--check", "--watch"], ["types", "http://u:p@127.0.0.1/c"], ["types", "a.json", "-H", "authorization"]]) {
    const { code, err } = await run(words);
    assert.equal(code, 2, words.join(" "));
    assert.match(err, /^eventwire: .*(--help|add -o|leave|set EVENTWIRE_HEADER_AUTHORIZATION)/, words.join(" "));
  }
  for (const words of [["--help"], ["types", "--help"], ["check", "-h"]]) assert.match((await run(words)).out, /^npx eventwire/);
  assert.match((await run(["--version"])).out, /^\d+\.\d+\.\d+\n$/);
});

test("a server's refusals are told by what to do about them, and no secret is shown", async () => {
  let asked: IncomingMessage["headers"] = {};
  const { url, close } = await serve(({ url, headers }, response) => {
    asked = headers;
    if (url?.startsWith("/locked") && headers.authorization !== "Bearer hush") response.writeHead(401).end("no");
    else if (url === "/gone") response.writeHead(404).end();
    else response.end(schema());
  });
  try {
    const locked = await run(["types", `${url}/locked?key=hush`]);
    assert.match(locked.err, /answers 401 .*--header 'authorization: Bearer …'/);
    assert.doesNotMatch(locked.err, /hush/);
    assert.equal((await run(["types", `${url}/locked`, "-H", "authorization: Bearer hush"])).code, 0);
    assert.equal((await run(["types", `${url}/locked`, "-H", "authorization"], { EVENTWIRE_HEADER_AUTHORIZATION: "Bearer hush" })).code, 0);
    assert.equal(asked.authorization, "Bearer hush");
    assert.match((await run(["types", `${url}/gone`])).err, /answers 404 .*contract_route/);
  } finally {
    close();
  }
  const { code, err } = await run(["types", `${url}/contract`]);
  assert.equal(code, 2);
  assert.equal((await run(["types", `${url}/contract`, "-o", "a.ts", "--check"])).code, 2);
  assert.match(err, /cannot reach http:\/\/127\.0\.0\.1:\d+\/contract: nobody listens there\. Start the server/);
});

test("a watch asks by tag, waits for a server that is away, and writes again what changed", async () => {
  let [text, tag, whole, held, sick, ill] = [schema(), '"1"', 0, 0, false, 0];
  const answer = ({ headers }: IncomingMessage, response: ServerResponse): void => {
    response.setHeader("etag", tag);
    if (sick) ill += Number(Boolean(response.writeHead(503).end()));
    else if (headers["if-none-match"] === tag) held += Number(Boolean(response.writeHead(304).end()));
    else whole += Number(Boolean(response.end(text)));
  };
  // On a machine that stood still it would end a connection, as idle, that the next look is on its way over.
  const server = createServer({ keepAliveTimeout: 0 }, answer);
  const listen = (port: number): Promise<void> => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, [MAIN, "types", `http://127.0.0.1:${port}/`, "-o", "w.ts", "--watch"], { cwd: dir });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    await until("the first file", () => said.includes("w.ts is rewritten"));
    await until("answers by tag", () => held > 3);
    assert.ok(whole < held, "what is unchanged is not read again");
    sick = true;
    await until("failures", () => ill > 3);
    sick = false;
    assert.equal(said.split("answers 503").length, 2, `told once:\n${said}`);
    await until("word that it is back", () => said.includes("w.ts is up to date"));
    await until("answers by tag again", () => held > 8);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await until("the server's absence to be told", () => said.includes("nobody listens there"));
    [text, tag] = [schema({ type: "boolean" }), '"2"'];
    await listen(port);
    await until("the second file", () => readFileSync(join(dir, "w.ts"), "utf8").includes("sku: boolean"));
    // A look that was on its way when the server went says so first.
    const lines = (): string[] => said.split("\n").filter((line) => !line.includes("the connection was cut"));
    await until("the line", () => lines().length === 6);
  } finally {
    child.kill("SIGINT");
    server.closeAllConnections();
    server.close();
  }
  assert.equal(await ended, 0, "an interrupted watch has ended well");
});

test("a watched file that is replaced or broken for a moment is followed", async () => {
  put("f.json", schema());
  const child = spawn(process.execPath, [MAIN, "types", "f.json", "-o", "f.ts", "--watch"], { cwd: dir });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    await until("the first file", () => said.includes("f.ts is rewritten"));
    put("f.json", "{");
    await until("the fault", () => said.includes("f.json is no JSON"));
    put("f.json", schema({ type: "boolean" }));
    await until("the second file", () => readFileSync(join(dir, "f.ts"), "utf8").includes("sku: boolean"));
    rmSync(join(dir, "f.ts"));
    await until("the file that another hand took away", () => existsSync(join(dir, "f.ts")));
    put("f.ts", "another branch");
    put("f.json", schema());
    await until("the third file", () => readFileSync(join(dir, "f.ts"), "utf8").includes("sku: string"));
  } finally {
    child.kill("SIGTERM");
  }
  assert.equal(await ended, 0);
});

test("a watch leaves to another branch what that made of the module, until the contract changes or the module is gone", async () => {
  const { keeper } = (await import(new URL("../dist/cli/module.js", import.meta.url).href)) as { keeper(path: string, from: string): (text: string, look: boolean) => boolean };
  const path = join(dir, "k.ts");
  const kept = keeper(path, "k.json");
  const change = (): void => writeFileSync(path, "another branch");
  const [before, now] = [schema(), schema({ type: "boolean" })];
  assert.deepEqual([kept(before, false), kept(before, false)], [true, false]);
  // Written over at once it would stand in the way of git, which checks out one branch after the other.
  change();
  assert.deepEqual([kept(before, false), readFileSync(path, "utf8")], [false, "another branch"]);
  assert.equal(kept(now, false), true);
  change();
  assert.equal(kept(now, true), true, "after some trouble it is looked at");
  rmSync(path);
  assert.equal(kept(now, false), true);
  for (const _ of [1, 2]) assert.throws(() => kept("{", false), /k\.json is no JSON/);
  assert.equal(kept(now, false), false);
});

test("check tells what breaks open pages first, and ends with 1 only if something does", async () => {
  const [old, wider] = [put("old.json", schema()), put("wider.json", schema({ type: ["string", "null"] }))];
  const broken = await run(["check", old, wider]);
  assert.equal(broken.code, 1);
  assert.match(broken.out, /^breaks {2}Shop::priceChanged\.sku: may be null now: .*\n1 of 1 changes breaks pages that are open\n$/);
  const narrower = await run(["check", wider, old]);
  assert.deepEqual([narrower.code, /^safe {4}Shop::priceChanged\.sku: is never null now/.test(narrower.out)], [0, true]);
  const rolling = await run(["check", wider, old, "--rolling"]);
  assert.equal(rolling.code, 1, "new pages meet the old server");
  assert.match(rolling.out, /^breaks {2}Shop::priceChanged\.sku: the new pages refuse what the old server may send/m);
  assert.deepEqual(await run(["check", old, old]), { code: 0, out: "no changes\n", err: "" });
  const json = JSON.parse((await run(["check", old, wider, "--json"])).out);
  assert.deepEqual([json.breaks, json.changes[0].kind, json.changes[0].path], [true, "null-added", "/sku"]);
});

test("a check that cannot read a contract ends with 2, which no breaking change does", async () => {
  const fine = put("fine.json", schema());
  const { url, close } = await serve((_, response) => response.writeHead(503).end());
  close();
  const cases: [file: string, said: RegExp][] = [
    ["none.json", /cannot read none\.json: it is not there/],
    [put("x.json", "{}"), /x\.json is JSON, but no contract can be made of it:\n {2}schema: no title/],
    [put("y.json", "<html>"), /y\.json is an HTML page/],
    [put("z.json", "{"), /z\.json is no JSON/],
    [`${url}/contract`, /cannot reach http/],
  ];
  for (const [file, said] of cases) {
    for (const words of [[fine, file], [file, fine], [file, file]]) {
      const { code, out, err } = await run(["check", ...words, "--json"]);
      assert.deepEqual([code, out], [2, ""], words.join(" "));
      assert.match(err, said);
    }
  }
  for (const words of [["--help"], ["types", "--help"], ["check", "--help"]]) assert.match((await run(words)).out, /Exit codes: 0 .*, 1 .*, 2 not known/, words.join(" "));
});

test("who stops reading what check says does not turn its verdict", async () => {
  const [old, broken] = [put("read.json", schema()), put("left.json", schema({ type: "boolean" }))];
  const child = spawn(process.execPath, [MAIN, "check", old, broken], { cwd: dir, stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.destroy();
  assert.equal(await new Promise((resolve) => child.once("exit", resolve)), 1);
});

test("the plugin fails a build whose module is stale, or writes it, or leaves it, and writes it before the first page of development", async () => {
  put("v.json", schema());
  const logger = { info: () => {}, warn: () => {} };
  const build = async (how: "check" | "write" | "nothing"): Promise<void> => {
    const plugin = eventwire({ from: "v.json", to: "v.ts", build: how });
    plugin.configResolved({ root: dir, command: "build", logger });
    await plugin.buildStart();
    plugin.closeBundle();
  };
  const develop = async (from: string): Promise<string[]> => {
    const said: string[] = [];
    const plugin = eventwire({ from, to: "d.ts" });
    plugin.configResolved({ root: dir, command: "serve", logger: { ...logger, warn: (text) => said.push(text) } });
    plugin.configureServer({ httpServer: null });
    await plugin.buildStart();
    plugin.closeBundle();
    return said;
  };
  await build("nothing");
  await assert.rejects(build("check"), /v\.ts is not there: write it with npx eventwire types/);
  await build("write");
  await build("check");
  put("v.json", schema({ type: "boolean" }));
  await assert.rejects(build("check"), /\+ {3}sku: boolean;/);
  const { url, close } = await serve((_, response) => response.end(schema({ type: "boolean" })));
  assert.deepEqual(await develop(url), []);
  close();
  const alone = eventwire({ from: url, to: "d.ts" });
  alone.configResolved({ root: dir, command: "build", logger });
  await assert.rejects(alone.buildStart(), /nobody listens there.* build: "nothing"/, "a build without a server is told what it may do");
  assert.match(readFileSync(join(dir, "d.ts"), "utf8"), /sku: boolean/, "it is there before the first page");
  assert.match((await develop("none.json"))[0] ?? "", /cannot read .*none\.json/, "and development goes on without");
  for (const wrong of [{}, { from: url }, { to: "d.ts" }, { from: "", to: "d.ts" }, { from: url, to: "d.ts", build: "none" }]) {
    assert.throws(() => eventwire(wrong as never), /eventwire\(\{ from, to \}\)/, JSON.stringify(wrong));
  }
  const said: string[] = [];
  const say = (text: string): void => void said.push(text);
  const watching = eventwire({ from: "later.json", to: "d.ts" });
  watching.configResolved({ root: dir, command: "serve", logger: { info: say, warn: say } });
  watching.configureServer({ httpServer: null });
  await watching.buildStart();
  put("later.json", schema({ type: "boolean" }));
  await until("word that it is there", () => said.at(-1) === "eventwire: d.ts is up to date");
  watching.closeBundle();
});
