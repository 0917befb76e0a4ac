// The queue behind a `for await` loop. At its bound nothing is dropped: reading stops, and goes on from the position.

/** Items a slow loop has not taken yet. */
export class PullQueue<T> implements AsyncIterableIterator<T, undefined> {
  #items: { readonly item: T; readonly before: string | undefined }[] = [];
  #waiting: { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void }[] = [];
  #ended = false;
  #error: unknown;
  readonly #left: (queue: PullQueue<T>) => void;
  readonly #taken: () => void;

  /** `taken` is called when the queue has become empty, `left` when the loop is over. */
  constructor(taken: () => void, left: (queue: PullQueue<T>) => void) {
    this.#taken = taken;
    this.#left = left;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Up to where the stream had been handed over before the oldest item in here. */
  get before(): string | undefined {
    return this.#items[0]?.before;
  }

  push(item: T, before: string | undefined): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve({ done: false, value: item });
    else this.#items.push({ item, before });
  }

  /** Nothing follows what is in here. With an error the loop throws it once it has taken the rest. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) {
      if (error === undefined) waiting.resolve({ done: true, value: undefined });
      else waiting.reject(error);
      error = undefined; // told once
    }
    this.#error = error;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const first = this.#items.shift();
    if (first) {
      if (this.#items.length === 0) this.#taken();
      return Promise.resolve({ done: false, value: first.item });
    }
    if (!this.#ended) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    const error = this.#error;
    this.#error = undefined;
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#items = [];
    this.#error = undefined;
    this.end();
    this.#left(this);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
