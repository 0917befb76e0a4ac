// A position kept over reloads of a page, in its sessionStorage. In a bundle only where it is imported.

/** Where a stream's position is kept; `kept` makes one. */
export interface Keeper {
  readonly name: string;
  /** What was kept of this stream, if anything. */
  read(stream: string): string | undefined;
  /** Keeps the position of `from` from now on. What it returns is to be called whenever that may have moved, and when it is over. */
  follow(stream: string, from: { readonly position: string | undefined }): (over?: boolean) => void;
}

/** How often a position is written while events come. */
const EVERY = 1000;

/**
 * Keeps the position for this tab, reloads included, under a name of its own: `connect(Shop, "/events", { keep: kept("shop") })`.
 * It counts only for the same contract, URL and topics, and a server that no longer has it tells a gap as ever. For pages
 * whose own state outlives a reload too: a stream that goes on behind a position hands nothing over again.
 */
export function kept(name: string): Keeper {
  const key = `eventwire:${name}`;
  let said = false;
  const attempt = <T>(use: (storage: Storage) => T): T | undefined => {
    try {
      // Where a page is rendered there is none, and there is nothing to keep.
      return typeof sessionStorage === "undefined" ? undefined : use(sessionStorage);
    } catch (error) {
      if (!said) console.error(`eventwire: the position of ${name} is not kept over a reload: ${String(error)}`);
      said = true;
      return undefined;
    }
  };
  return {
    name,
    read: (stream) => {
      const [of, position] = (attempt((storage) => storage.getItem(key)) ?? "").split("\n");
      return of === stream && position ? position : undefined;
    },
    follow: (stream, from) => {
      let written: string | undefined;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const write = (): void => {
        clearTimeout(timer);
        timer = undefined;
        const { position } = from;
        if (position === undefined || position === written) return;
        written = position;
        attempt((storage) => storage.setItem(key, `${stream}\n${position}`));
      };
      // The last moment of a page, behind which no timer fires any more.
      const page = globalThis.document && globalThis;
      page?.addEventListener("pagehide", write);
      return (over) => {
        if (!over) return void (timer ??= setTimeout(write, EVERY));
        write();
        page?.removeEventListener("pagehide", write);
      };
    },
  };
}
