// A wasm out of a text of its parts, which xtask/src/npm/inline.rs sorts it into: opcodes apart from what goes with them.
//
// Checks nothing: what it reads is built with it. Imports nothing, so that a bundler puts the constants where they are used.

// The parts, in the order of inline.rs.
const BEFORE = 0;
const BLOCK = 1;
const BRANCH = 2;
const GLOBAL = 5;
const OFFSET = 6;
const LARGE = 8;
const OPCODE = 9;
const LOCALS = 10;
const AFTER = 11;
/** The part with what goes with an opcode; nothing goes with most. */
const PARTS = "001110000000222030000000000000004445500066666666666666666666666557808";

// Opcodes that are not like the others.
const END = 0x0b;
const BRANCHES = 0x0e;
const FLOAT = 0x44;
const MORE = 0xfc;
/** The section that the functions are in. */
const CODE = 10;

/** The bytes of the wasm. */
export function unsorted(text: string): Uint8Array<ArrayBuffer> {
  const parts = text.split("}");
  const at = parts.map(() => 0);
  const bytes = new Uint8Array(2 * text.length);
  let end = 0;
  const left = (part: number): boolean => at[part]! < parts[part]!.length;
  /** `~` is what would be a backslash. */
  const character = (part: number): number => {
    const code = parts[part]!.charCodeAt(at[part]!++);
    return code === 126 ? 57 : code - 35;
  };
  /** A blank or `!` lifts the character after it by 90 or 180. */
  const byte = (part: number): number => {
    const value = character(part);
    return (bytes[end++] = value < 0 ? (value + 4) * 90 + character(part) : value);
  };
  /** A number goes on behind a byte over 127. Of small ones, which are one byte, it is the value. */
  const number = (part: number): number => {
    let last;
    while ((last = byte(part)) > 127);
    return last;
  };
  const all = (part: number): void => {
    while (left(part)) byte(part);
  };
  /** Its size is not among the parts: three bytes, whatever it is. */
  const sized = (write: () => void): void => {
    const start = (end += 3);
    write();
    const size = end - start;
    bytes.set([(size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14], start - 3);
  };
  const instructions = (): void => {
    for (let depth = 1; depth; ) {
      const opcode = byte(OPCODE);
      const part = opcode === MORE ? GLOBAL : Number(PARTS.charAt(opcode));
      if (opcode === END) depth--;
      if (part === BLOCK) depth++;
      if (part === OFFSET) end++; // how the address is aligned: a hint that nobody needs
      if (opcode === FLOAT) for (let n = 8; n--; ) byte(LARGE);
      else if (part) {
        let n = number(part);
        if (opcode === BRANCHES) for (; n >= 0; n--) number(BRANCH);
        if (opcode === MORE && n > 9) end += 12 - n; // which memory: the only one
      }
    }
  };

  all(BEFORE);
  bytes[end++] = CODE;
  sized(() => {
    number(LOCALS); // how many functions there are
    while (left(OPCODE)) {
      sized(() => {
        for (let n = 2 * number(LOCALS); n--; ) number(LOCALS);
        instructions();
      });
    }
  });
  all(AFTER);
  return bytes.subarray(0, end);
}
