import type { Json } from '../event/event.ts'
import type { ByteTable } from './byte-table.ts'
import { canonical } from './value.ts'

/** A key's name: a text is its own name, and any other value has its JSON text as the name. */
export function keyName(key: Json | undefined): string | undefined {
  if (key === undefined || key === null) return undefined
  return typeof key === 'string' ? key : canonical(key)
}

/**
 * Numbers keys by name. If a text and another value have the same name, the second one gets another name: `"1"` for a
 * text, `1 (not a text)` for a number.
 */
export class KeyNumbers {
  readonly #names: ByteTable
  /** Keys that are not texts, by name. Nearly always empty. */
  readonly #others: Map<string, number> = new Map()
  readonly #taken: Set<number> = new Set()

  constructor(names: ByteTable) {
    this.#names = names
  }

  get areMixed(): boolean {
    return this.#others.size > 0
  }

  of(key: NonNullable<Json>): number {
    if (typeof key !== 'string') return this.#others.get(canonical(key)) ?? this.#addOther(canonical(key))
    const number = this.#names.internText(key)
    return this.#taken.has(number) ? this.#names.internText(JSON.stringify(key)) : number
  }

  #addOther(name: string): number {
    const before = this.#names.length
    const own = this.#names.internText(name)
    const number = own < before ? this.#names.internText(`${name} (not a text)`) : own
    this.#others.set(name, number)
    this.#taken.add(number)
    return number
  }
}
