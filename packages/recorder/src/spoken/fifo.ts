const FEWEST_SLOTS = 4
/** Maximum number of slots that a queue keeps when it becomes empty. */
const MOST_SLOTS = 1_024

/** A first-in, first-out queue with amortised constant time. */
export class Fifo<Item> implements Iterable<Item> {
  #slots: (Item | undefined)[] = emptySlots(FEWEST_SLOTS)
  #at = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  get first(): Item | undefined {
    return this.#slots[this.#at]
  }

  push(item: Item): void {
    if (this.#length === this.#slots.length) this.#grow()
    this.#slots[(this.#at + this.#length++) & (this.#slots.length - 1)] = item
  }

  shift(): Item | undefined {
    const item = this.#slots[this.#at]
    if (this.#length === 0) return undefined
    this.#slots[this.#at] = undefined
    this.#at = (this.#at + 1) & (this.#slots.length - 1)
    if (--this.#length === 0 && this.#slots.length > MOST_SLOTS) this.clear()
    return item
  }

  clear(): void {
    this.#slots = emptySlots(FEWEST_SLOTS)
    this.#at = 0
    this.#length = 0
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (let i = 0; i < this.#length; i++) yield this.#slots[(this.#at + i) & (this.#slots.length - 1)] as Item
  }

  #grow(): void {
    this.#slots = [...this, ...emptySlots(this.#slots.length)]
    this.#at = 0
  }
}

const emptySlots = (count: number): undefined[] => Array.from({ length: count }, () => undefined)
