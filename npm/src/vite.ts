// A Vite plugin: the contract's module beside the page's sources, up to date in development, looked at in a build.
//
// Needs nothing of Vite but its hooks, which are the same in 7 and 8.

import { isAbsolute, resolve } from "node:path";
import { Failure } from "./cli/failure.js";
import { keep, keeper, moduleOf, stale } from "./cli/module.js";
import { source, watch, type Source } from "./cli/source.js";

/** What the plugin is told. */
export interface Options {
  /** The URL at which the server mounts `hub.contract_route()`, or a file with its text, relative to the project. */
  readonly from: string;
  /** The module, relative to the project: `src/shop.events.ts`. */
  readonly to: string;
  /** What a build does: fail if the file is stale (the default), `write` it, or `nothing`, where no server is at hand. */
  readonly build?: "check" | "write" | "nothing";
  /** Sent along to a URL. Secrets belong into the environment, and from there in here. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** As much of a Vite plugin as this one is. */
export interface ContractPlugin {
  readonly name: string;
  configResolved(config: { readonly root: string; readonly command: string; readonly logger: Logger }): void;
  buildStart(): Promise<void>;
  configureServer(server: { readonly httpServer: { once(event: "close", end: () => void): unknown } | null }): void;
  closeBundle(): void;
}

interface Logger {
  info(text: string, options?: { timestamp?: boolean }): void;
  warn(text: string, options?: { timestamp?: boolean }): void;
}

/** Keeps the module of a contract up to date. */
export function eventwire({ from, to, build = "check", headers = {} }: Options): ContractPlugin {
  // A configuration is seldom checked by TypeScript, and its parts may come from the environment.
  if (!from || !to) throw new Failure(`eventwire({ from, to }) was given no ${from ? "to: name the module to write" : "from: name the contract's URL or file"}`);
  if (!["check", "write", "nothing"].includes(build)) throw new Failure(`eventwire({ from, to }) was given an unknown build: say "check", "write" or "nothing"`);
  let [root, serves, logger]: [string, boolean, Logger] = [".", false, console];
  const end = new AbortController();
  // In development the first look comes before the first page, so that its import finds the file.
  let looked = (): void => {};
  const first = new Promise<void>((resolve) => (looked = resolve));
  const path = (): string => resolve(root, to);
  const origin = (): Source => source(/^https?:\/\//i.test(from) || isAbsolute(from) ? from : resolve(root, from), headers);

  return {
    name: "eventwire",
    configResolved(config) {
      [root, serves, logger] = [config.root, config.command === "serve", config.logger];
    },
    async buildStart() {
      if (serves) return first;
      if (build === "nothing") return;
      const read = origin();
      const got = await read.read().catch((error: unknown) => {
        if (!(error instanceof Failure && error.passing)) throw error;
        throw new Failure(`${error.message}, or leave the file as it is with build: "nothing"`);
      });
      const module = moduleOf(got?.text ?? "", read.name);
      if (build === "write") keep(path(), module);
      else {
        const difference = stale(path(), module, read.name, `npx eventwire types ${read.name} -o ${to}`);
        if (difference) throw new Failure(difference);
      }
    },
    configureServer(server) {
      let warned = false;
      const read = origin();
      const kept = keeper(path(), read.name);
      const use = (text: string): void => {
        const written = kept(text, warned);
        if (written || warned) logger.info(`eventwire: ${to} is ${written ? "rewritten" : "up to date"}`, { timestamp: true });
        warned = false;
        looked();
      };
      const failed = (failure: Failure): void => {
        warned = true;
        logger.warn(`eventwire: ${failure.message}`, { timestamp: true });
        looked();
      };
      server.httpServer?.once("close", () => end.abort());
      watch(read, use, failed, end.signal).catch((error: unknown) => logger.warn(`eventwire: ${String(error)}`)).finally(looked);
    },
    closeBundle() {
      end.abort();
    },
  };
}

export default eventwire;
