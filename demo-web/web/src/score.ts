// The score of one stream, by the publisher's own numbers. Knows nothing of streams, pages or time.

/** What one stream delivered of what was published. */
export interface Score {
  /** Different numbers that arrived. */
  readonly delivered: number
  /** Numbers passed over: a later one arrived, this one has not. */
  readonly missing: number
  /** How many of the missing were announced before the later one. */
  readonly announced: number
  /** Numbers that arrived again. */
  readonly duplicate: number
  /** The highest number that arrived; 0 before the first. */
  readonly highest: number
}

/** Counts one stream's numbers. */
export class Tracker {
  #highest = 0
  #delivered = 0
  #duplicate = 0
  #missing = 0
  #announced = 0
  #told = false
  /** Ranges passed over, in rising order, with whether each was announced. */
  #holes: { from: number; to: number; told: boolean }[] = []

  /** A number arrived. The first one says where this stream's score begins. */
  arrived(n: number): void {
    if (this.#delivered === 0) this.#highest = n - 1
    if (n > this.#highest) {
      if (n > this.#highest + 1) this.#open(this.#highest + 1, n - 1)
      this.#highest = n
      this.#delivered++
      this.#told = false
    } else if (!this.#fill(n)) {
      this.#duplicate++
    }
  }

  /** The stream said that something may be missing before what comes next. */
  announced(): void {
    this.#told = true
  }

  get score(): Score {
    return {
      delivered: this.#delivered,
      missing: this.#missing,
      announced: this.#announced,
      duplicate: this.#duplicate,
      highest: this.#delivered > 0 ? this.#highest : 0,
    }
  }

  #open(from: number, to: number): void {
    this.#holes.push({ from, to, told: this.#told })
    this.#missing += to - from + 1
    if (this.#told) this.#announced += to - from + 1
  }

  /** A late number fills its hole; false if it was no hole. */
  #fill(n: number): boolean {
    const index = this.#holes.findIndex((hole) => hole.from <= n && n <= hole.to)
    const hole = this.#holes[index]
    if (!hole) return false
    const halves = [
      { ...hole, to: n - 1 },
      { ...hole, from: n + 1 },
    ].filter((half) => half.from <= half.to)
    this.#holes.splice(index, 1, ...halves)
    this.#missing--
    if (hole.told) this.#announced--
    this.#delivered++
    return true
  }
}
