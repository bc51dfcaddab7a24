import type { Json } from './event.ts'

declare const valueId: unique symbol

/**
 * A JSON value as one 32-bit integer, such that equal values have equal ids within one table. Integers that fit 31
 * bits are their own id (`n << 1 | 1`); everything else is an even number, twice its position in the table. Null is 0.
 */
export type ValueId = number & { readonly [valueId]: true }

export const NULL: ValueId = 0 as ValueId

const SMALLEST = -(2 ** 30)
const LARGEST = 2 ** 30 - 1

export const isSmallInteger = (value: number): boolean =>
  Number.isInteger(value) && value >= SMALLEST && value <= LARGEST && !Object.is(value, -0)

export const smallIntegerId = (value: number): ValueId => ((value << 1) | 1) as ValueId

/** Interns JSON values. Members of objects are compared irrespective of their order; 1 and 1.0 are the same number. */
export class ValueTable {
  readonly #values: Json[] = [null]
  readonly #ids: Map<string | number | boolean, ValueId> = new Map()
  readonly #structured: Map<string, ValueId> = new Map()

  id(value: Json): ValueId {
    if (value === null) return NULL
    if (typeof value === 'number' && isSmallInteger(value)) return smallIntegerId(value)
    if (typeof value === 'object') return this.#intern(this.#structured, canonical(value), value)
    return this.#intern(this.#ids, Object.is(value, -0) ? 0 : value, value)
  }

  json(id: ValueId): Json {
    if ((id & 1) === 1) return id >> 1
    return this.#values[id >> 1] ?? null
  }

  /** Number of values that needed a place in the table, null included. */
  get size(): number {
    return this.#values.length
  }

  #intern<Key>(ids: Map<Key, ValueId>, key: Key, value: Json): ValueId {
    const known = ids.get(key)
    if (known !== undefined) return known
    const id = (this.#values.length << 1) as ValueId
    this.#values.push(value)
    ids.set(key, id)
    return id
  }
}

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value)

/** JSON text with the members of every object in order of their names. */
export function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isArray(value)) return `[${value.map(canonical).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name] ?? null)}`)
  return `{${members.join(',')}}`
}
