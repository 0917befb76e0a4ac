// Hooks for React 18 and 19: one stream for all components that want the same, for as long as one of them is there.
//
// Nothing is opened while a page is rendered, on a server or in a browser: effects do.

import { connect, type Contract, type EventNames, type EventStream, type Fault, type Gap, type Meta, type Options, type Outdated, type State } from "eventwire";
import { useEffect, useRef, useState } from "react";
import { meet } from "./topics.js";

/** What a component wants of a stream. Handlers and `headers` may be new functions at each render. */
export interface EventsOptions<E extends object> extends Omit<Options, "signal"> {
  /** Handlers by the events' names. They are called for events of this component's `topics` alone. */
  readonly on?: { readonly [K in EventNames<E>]?: (data: E[K], meta: Meta) => void };
  /** Events of this component's topics may be missing: fetch their state anew. */
  readonly onGap?: (gap: Gap) => void;
  readonly onFault?: (fault: Fault) => void;
  /** The server has another contract than this page was built with. Told once to the stream's components. */
  readonly onOutdated?: (outdated: Outdated) => void;
  /** Throws what closes the stream for good while rendering, for the nearest error boundary. */
  readonly throws?: boolean;
}

/** The newest event of a name, as `useLatest` hands it over. */
export type Latest<D> = { readonly data: D } & Meta;

/** Topics of which a stream remembers the newest events, for components that come later. At the bound the quietest is forgotten. */
const REMEMBERED = 1000;

const IDLE: State = { kind: "idle", reason: "new" };

/** A stream and the components that share it. */
interface Shared {
  readonly stream: EventStream<object>;
  users: number;
  /** By name and topic, the newest last. */
  readonly newest: Map<string, Latest<unknown> & { readonly name: string }>;
  /** Of the component that rendered last: what the stream asks for while it lives. */
  options: Pick<EventsOptions<object>, "headers" | "fetch" | "throws">;
  /** A component has heard what was just told. */
  heard: boolean;
  /** What stands in the console already. */
  readonly said: Set<string>;
}

const pool = new Map<string, Shared>();

// Contracts, and bodies that are no text, are told apart by who they are.
const named = new WeakMap<object, number>();
let names = 0;
function nameOf(thing: unknown): unknown {
  if (typeof thing !== "object" || thing === null || thing instanceof URL) return thing;
  if (!named.has(thing)) named.set(thing, (names += 1));
  return named.get(thing);
}

/** What makes two components want the same stream. `from` does not: where it starts is for the first one to say. */
function keyOf(contract: object, url: string | URL, options: Options): string {
  const { topics, headers, body, fetch, keep, from: _from, ...plain } = options;
  const sent = typeof headers === "function" ? true : headers && [...new Headers(headers)];
  return JSON.stringify([nameOf(contract), String(url), Boolean(topics), sent, nameOf(body instanceof URLSearchParams ? String(body) : body), Boolean(fetch), keep?.name, plain]);
}

/** After the effects of this turn: a stream that another component takes over in it is not closed. */
const later = (task: () => void): void => void setTimeout(task, 0);

function acquire<E extends object>(key: string, contract: Contract<E>, url: string | URL, options: Options): Shared {
  const { topics } = options;
  const there = pool.get(key);
  if (there && there.stream.state.kind !== "closed") {
    there.users += 1;
    if (topics) there.stream.topics.add(...topics);
    return there;
  }
  const { headers, fetch } = options;
  const stream = connect(contract, url, {
    ...options,
    ...(typeof headers === "function" && {
      headers: (why) => {
        const { headers } = shared.options;
        return typeof headers === "function" ? headers(why) : headers;
      },
    }),
    ...(fetch && { fetch: (...asked) => (shared.options.fetch ?? globalThis.fetch)(...asked) }),
  }) as unknown as EventStream<object>;
  const shared: Shared = { stream, users: 1, newest: new Map(), options, heard: false, said: new Set() };
  pool.set(key, shared);
  for (const name of contract.names) {
    stream.on(name as never, (data: unknown, meta: Meta) => {
      const { newest } = shared;
      const of = `${name} ${meta.topic}`;
      newest.delete(of);
      newest.set(of, { name, data, ...meta });
      if (newest.size > REMEMBERED) newest.delete(newest.keys().next().value as string);
    });
  }
  // Silence is for the whole stream, and what one component listens to may concern another.
  stream.onGap(({ reason, topics }) => unheard(shared, `events may be missing (${reason}) and no component's onGap refetches ${topics.join() || "anything"}`));
  stream.onFault(({ message }) => unheard(shared, message));
  stream.onState((state) => {
    if (state.kind === "closed" && state.error && !shared.options.throws) console.error(`eventwire: ${state.error.message}`);
  });
  return shared;
}

/** Tells the console what none of the components' handlers has taken, which are called behind this. */
function unheard(shared: Shared, text: string): void {
  shared.heard = false;
  queueMicrotask(() => {
    if (shared.heard || shared.said.has(text) || shared.said.size >= 100) return;
    shared.said.add(text);
    console.error(`eventwire: ${text}`);
  });
}

function release(key: string, shared: Shared, topics: readonly string[] | undefined): void {
  later(() => {
    if (topics) shared.stream.topics.delete(...topics);
    shared.users -= 1;
    if (shared.users > 0) return;
    shared.stream.close();
    if (pool.get(key) === shared) pool.delete(key);
  });
}

/** What every hook does: a stream that is there while the component is, and the component's handlers on it. */
function useShared<E extends object>(contract: Contract<E>, url: string | URL, options: EventsOptions<E>, more: string, use: (shared: Shared, mine: (topic: string) => boolean) => (() => void)[]): void {
  const { topics, on: _on, onGap: _onGap, onFault: _onFault, onOutdated, throws: _throws, ...plain } = options;
  const key = keyOf(contract, url, topics ? { ...plain, topics } : plain);
  const wanted = topics?.join();
  const current = useRef(options);
  useEffect(() => {
    current.current = options;
    const shared = pool.get(key);
    if (shared) shared.options = options;
  });
  useEffect(() => {
    const topics = wanted?.split(",").filter(Boolean);
    const shared = acquire(key, contract, url, topics ? { ...plain, topics } : plain);
    shared.options = current.current;
    const { stream } = shared;
    const mine = (topic: string): boolean => !topics || topics.some((pattern) => meet(pattern, topic));
    const offs = use(shared, mine);
    offs.push(
      stream.onGap((gap) => {
        const { onGap } = current.current;
        const topics = gap.topics.filter(mine);
        if (!onGap || (topics.length === 0 && gap.topics.length > 0)) return;
        shared.heard = true;
        onGap({ ...gap, topics });
      }),
      stream.onFault((fault) => {
        const { onFault } = current.current;
        if (!onFault || (fault.topic !== undefined && !mine(fault.topic))) return;
        shared.heard = true;
        onFault(fault);
      }),
    );
    for (const name of contract.names) {
      offs.push(
        stream.on(name as never, (data: never, meta: Meta) => {
          if (mine(meta.topic)) current.current.on?.[name]?.(data, meta);
        }),
      );
    }
    if (onOutdated) offs.push(stream.onOutdated((outdated) => current.current.onOutdated?.(outdated)));
    return () => {
      for (const off of offs) off();
      release(key, shared, topics);
    };
    // Whatever else the stream depends on is in its key, and the rest is asked of `current`.
  }, [key, wanted, more, Boolean(onOutdated)]);
}

/**
 * Calls handlers for a stream's events while the component is mounted. Components that name the same contract, URL and
 * options share one stream, whatever topics each of them asks for. Returns where the stream is, and why.
 */
export function useEvents<E extends object>(contract: Contract<E>, url: string | URL, options: EventsOptions<E> = {}): State {
  const [state, setState] = useState(IDLE);
  useShared(contract, url, options, "", ({ stream }) => {
    setState(stream.state);
    return [stream.onState(setState)];
  });
  if (options.throws && state.kind === "closed" && state.error) throw state.error;
  return state;
}

/**
 * The newest event of this name on this component's topics; nothing before the first. Made for topics of which only the
 * newest counts: with `onGap` the component hears when it may be out of date.
 */
export function useLatest<E extends object, K extends EventNames<E>>(contract: Contract<E>, url: string | URL, name: K, options: EventsOptions<E> = {}): Latest<E[K]> | undefined {
  const [latest, setLatest] = useState<Latest<E[K]>>();
  const [error, setError] = useState<Error>();
  useShared(contract, url, options, name, ({ stream, newest }, mine) => {
    let known: Latest<unknown> | undefined;
    for (const event of newest.values()) if (event.name === name && mine(event.topic)) known = event;
    setLatest(known as Latest<E[K]> | undefined);
    const closed = (state: State): void => setError(state.kind === "closed" ? state.error : undefined);
    closed(stream.state);
    return [stream.on(name as never, (data: never, meta: Meta) => mine(meta.topic) && setLatest({ data, ...meta })), stream.onState(closed)];
  });
  if (options.throws && error) throw error;
  return latest;
}
