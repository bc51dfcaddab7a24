/** The most processes or sessions remembered: recordings last for days, and process numbers are never reused. */
const MOST_RECENT = 100_000

/** A map that forgets its oldest entries. */
export class Recent<Key, Value> extends Map<Key, Value> {
  #forgotten = 0

  /** Whether anything was forgotten, so that a missing entry may have been there. */
  get hasForgotten(): boolean {
    return this.#forgotten > 0
  }

  override set(key: Key, value: Value): this {
    super.set(key, value)
    if (this.size <= MOST_RECENT) return this
    for (const oldest of this.keys()) {
      this.delete(oldest)
      this.#forgotten++
      break
    }
    return this
  }
}
