// The standard's own reading of an event stream: text in, events out. For where no machine runs; the client itself frames in wasm.

/** What a stream said. */
export interface Heard {
  /** The end of a block. Without data it is no event, but its id counts. */
  event(type: string, data: string | undefined, id: string): void;
  comment?(text: string): void;
  /** A reconnection time, in milliseconds. */
  retry?(wait: number): void;
}

/** The longest wait a timer knows; a longer one fires at once. */
const LONGEST = 2 ** 31 - 1;

/** Reads one connection's text, in whatever pieces it comes. Half an event at its end is forgotten with it. */
export class Lines {
  readonly #heard: Heard;
  /** The beginning of a line whose end has not come. */
  #rest = "";
  /** The last piece ended with CR: an LF that begins the next one belongs to it. */
  #cr = false;
  #type = "";
  #data: string | undefined;
  #id: string;
  #over = false;

  /** `id`: the last event ID of the connection before. */
  constructor(heard: Heard, id: string) {
    this.#heard = heard;
    this.#id = id;
  }

  /** Nothing more is said, even of a piece that is being read. */
  stop(): void {
    this.#over = true;
  }

  /** Decoded text, without the byte order mark. */
  push(text: string): void {
    if (!text) return;
    let from = this.#cr && text.startsWith("\n") ? 1 : 0;
    this.#cr = text.endsWith("\r");
    // Only the new piece is searched: a long line in many pieces is read once.
    const ends = /\r\n?|\n/g;
    ends.lastIndex = from;
    for (let end; !this.#over && (end = ends.exec(text)); from = ends.lastIndex) {
      const line = this.#rest + text.slice(from, end.index);
      this.#rest = "";
      this.#line(line);
    }
    this.#rest += text.slice(from);
  }

  #line(line: string): void {
    if (!line) return this.#dispatch();
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (colon === 0) this.#heard.comment?.(value);
    else if (name === "data") this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^[0-9]+$/.test(value)) this.#heard.retry?.(Math.min(Number(value), LONGEST));
  }

  #dispatch(): void {
    const [type, data] = [this.#type || "message", this.#data];
    [this.#type, this.#data] = ["", undefined];
    this.#heard.event(type, data, this.#id);
  }
}
