/**
 * Maximum number of processes or sessions to remember: recordings last for days, and process numbers are never reused.
 */
const MOST_RECENT = 100_000

/** A map that drops its oldest entries. */
export class Recent<Key, Value> extends Map<Key, Value> {
  #forgotten = 0

  /** Whether the map has removed old entries to stay small. A missing key may then be the key of a removed entry. */
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
