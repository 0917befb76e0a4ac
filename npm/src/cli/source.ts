// Where a schema comes from: a URL, or a file. Reads it once, or tells of each new text.
//
// Knows nothing of what is in it.

import { readFileSync, statSync } from "node:fs";
import { setTimeout as pass } from "node:timers/promises";
import { Failure, fileFailure } from "./failure.js";

/** Milliseconds between two looks of a watch: a change shows within a second, and an unchanged contract costs a 304. */
const LOOK = 250;
/** After so many looks all is read: a contract's tag is the same when only its comments differ. */
const WHOLE = 20;
/** Milliseconds that a server has to answer. */
const ANSWER = 10_000;
/** Bytes of a schema. One of 300 events has some hundred thousand. */
const LARGEST = 16 << 20;

/** What was read, unless it is what was read before. */
export type Read = { readonly text: string; readonly mark: string } | undefined;

export interface Source {
  /** As the user named it, without what it may not show. */
  readonly name: string;
  /** The text, or nothing if `mark` is still that of the last one. */
  read(mark?: string): Promise<Read>;
}

/** A URL or a file's path. */
export function source(from: string, headers: Readonly<Record<string, string>> = {}): Source {
  return /^https?:\/\//i.test(from) ? served(from, headers) : file(from);
}

/** Calls `use` with the newest text at each look, `failed` when something new goes wrong, until `signal`. */
export async function watch(from: Source, use: (text: string) => void | Promise<void>, failed: (failure: Failure) => void, signal: AbortSignal): Promise<void> {
  let [mark, last, wrong]: [string | undefined, string | undefined, string] = [undefined, undefined, ""];
  for (let looks = 0; !signal.aborted; looks++) {
    try {
      const read = await from.read(looks % WHOLE ? mark : undefined);
      last = read?.text ?? last;
      if (last !== undefined) await use(last);
      mark = read?.mark ?? mark;
      wrong = "";
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // A server that is built anew is away for a while; it is said once.
      if (error.message !== wrong) failed(error);
      wrong = error.message;
      mark = undefined;
    }
    await pass(LOOK, undefined, { signal }).catch(() => {});
  }
}

function file(path: string): Source {
  return {
    name: path,
    async read(mark) {
      try {
        const { mtimeMs, size, ino } = statSync(path);
        const now = `${mtimeMs} ${size} ${ino}`;
        return now === mark ? undefined : { text: decoded(readFileSync(path)), mark: now };
      } catch (error) {
        const failure = fileFailure("read", path, error);
        const host = /^(localhost|[\w-]+(\.[\w-]+)+)?:\d+(\/|$)|^localhost\//.test(path);
        throw host ? new Failure(`${failure.message}; if it is a URL, write http://${path.replace(/^:/, "localhost:")}`) : failure;
      }
    },
  };
}

/** A file's text, without the byte order mark that a Windows shell begins it with, or as the UTF-16 that it writes. */
function decoded(bytes: Uint8Array): string {
  return new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8").decode(bytes);
}

function served(from: string, headers: Readonly<Record<string, string>>): Source {
  let url: URL;
  try {
    url = new URL(from);
  } catch {
    throw new Failure(`${JSON.stringify(from)} is no URL: correct it`);
  }
  if (url.username || url.password) {
    throw new Failure("a URL with a user or password in it ends up in logs and histories: leave them out and pass --header 'authorization: …'");
  }
  // A query may hold a token.
  const name = `${url.origin}${url.pathname}${url.search && "?…"}`;
  return {
    name,
    async read(mark) {
      let response: Response;
      try {
        response = await fetch(url, {
          headers: { accept: "application/schema+json, application/json", ...headers, ...(mark && { "if-none-match": mark }) },
          signal: AbortSignal.timeout(ANSWER),
        });
      } catch (error) {
        throw new Failure(`cannot reach ${name}: ${reason(error)}. Start the server, or correct the URL`, true);
      }
      if (response.status === 304 && mark) {
        await response.body?.cancel();
        return undefined;
      }
      if (!response.ok) {
        await response.body?.cancel();
        throw new Failure(`${name} answers ${response.status}${response.statusText && ` ${response.statusText}`}: ${next(response.status)}`, response.status >= 500);
      }
      return { text: await body(response, name), mark: response.headers.get("etag") ?? "" };
    },
  };
}

async function body(response: Response, name: string): Promise<string> {
  const decoder = new TextDecoder();
  let [text, length] = ["", 0];
  try {
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > LARGEST) throw new Failure(`${name} answers with more than ${LARGEST >> 20} MB: that is no contract; name the URL of \`hub.contract_route()\``);
      text += decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${name} broke off: ${reason(error)}. Try again`, true);
  }
  return text + decoder.decode();
}

function next(status: number): string {
  if (status === 401 || status === 403) {
    return "pass what it asks for with --header 'authorization: Bearer …', or `--header authorization` and the value in the environment as EVENTWIRE_HEADER_AUTHORIZATION";
  }
  if (status === 404) return "name the URL at which the app mounts `hub.contract_route()`";
  if (status >= 500) return "look into the server's log";
  return "the URL of `hub.contract_route()` answers a GET with 200";
}

function reason(error: unknown): string {
  const { cause, name, message } = error as { cause?: { code?: string; message?: string }; name?: string; message?: string };
  if (name === "TimeoutError") return `no answer within ${ANSWER / 1000} seconds`;
  const words: Record<string, string> = { ECONNREFUSED: "nobody listens there", ENOTFOUND: "there is no such host", ECONNRESET: "the connection was cut", UND_ERR_SOCKET: "the connection was cut", ERR_SSL_WRONG_VERSION_NUMBER: "it speaks http and not https" };
  const code = cause?.code ?? "";
  return words[code] ?? (code || cause?.message || message || String(error));
}
