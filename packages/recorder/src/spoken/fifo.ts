/** Behind so many removed items, the others move up once they are fewer. */
const MOST_REMOVED = 1_000

/** First in, first out. Each step takes constant time, amortised. */
export class Fifo<Item> implements Iterable<Item> {
  #items: (Item | undefined)[] = []
  /** The place of the first item; those before it were removed. */
  #at = 0

  get length(): number {
    return this.#items.length - this.#at
  }

  get first(): Item | undefined {
    return this.#items[this.#at]
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  shift(): Item | undefined {
    const item = this.#items[this.#at]
    if (this.length <= 1) this.clear()
    else {
      this.#items[this.#at++] = undefined
      if (this.#at > MOST_REMOVED && this.#at > this.length) {
        this.#items = this.#items.slice(this.#at)
        this.#at = 0
      }
    }
    return item
  }

  clear(): void {
    this.#items.length = 0
    this.#at = 0
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (let i = this.#at; i < this.#items.length; i++) yield this.#items[i] as Item
  }
}
