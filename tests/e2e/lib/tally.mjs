// What a check counted, case by case.

/** Throws with `text` unless `holds`. */
export function must(holds, text) {
  if (!holds) throw new Error(text)
}

export class Tally {
  passed = 0
  failed = 0
  skipped = 0

  /** Runs one case; a throw is its failure, and the next case runs all the same. */
  async case(name, body) {
    const began = Date.now()
    try {
      const value = await body()
      this.passed += 1
      console.log(`ok    ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
      return value
    } catch (error) {
      this.fail(name, error)
    }
  }

  fail(name, error) {
    this.failed += 1
    console.log(`FAIL  ${name}\n      ${String(error?.stack ?? error).replaceAll('\n', '\n      ')}`)
  }

  skip(name, why) {
    this.skipped += 1
    console.log(`skip  ${name}: ${why}`)
  }

  toString() {
    return `${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`
  }
}
