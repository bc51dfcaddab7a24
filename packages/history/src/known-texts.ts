import type { ByteTable } from './byte-table.ts'

/** More texts than events usually repeat. */
const MOST_KNOWN = 64

/** Numbers texts in a table. The first ones are found without a look at their bytes: nearly every event repeats one. */
export class KnownTexts {
  readonly #table: ByteTable
  readonly #numbers: Map<string, number> = new Map()

  constructor(table: ByteTable) {
    this.#table = table
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    const number = this.#table.internText(text)
    if (this.#numbers.size < MOST_KNOWN) this.#numbers.set(text, number)
    return number
  }
}
