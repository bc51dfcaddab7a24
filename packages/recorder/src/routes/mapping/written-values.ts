import { canonical, foundOrMade, isTooDeep, type Json } from '@chaosproxy/history'
import { isIgnored, operationsOf, type RouteTable } from '../table/route-table.ts'

const MOST_KEYS = 1000
const MOST_EMPTY = 100_000
const MOST_VALUES = 8
const MOST_PARTS = 200

/**
 * The values last written to each key. A response may lack a result in the place that the route table names, but
 * contain a written value in another place. The table may then name the wrong place, so the missing result does not
 * show that the key is absent.
 */
export class WrittenValues {
  readonly #byKey: Map<string, string[]> = new Map()
  /** Maps each key to the JSON of the last empty value (empty text, 0 or false) that was written to it. */
  readonly #empty: Map<string, string> = new Map()

  wrote(key: string, value: Json): void {
    if (value === '' || value === 0 || value === false) {
      if (this.#empty.size >= MOST_EMPTY) this.#empty.clear()
      this.#empty.set(key, JSON.stringify(value))
    }
    // Many responses contain null, an empty string or a boolean anyway. Such a value does not show where the response
    // contains the written value.
    if (value === null || value === '' || typeof value === 'boolean' || isTooDeep(value)) return
    const known = this.#byKey.get(key)
    const text = canonical(value)
    if (known === undefined) {
      if (this.#byKey.size >= MOST_KEYS) this.#byKey.clear()
      this.#byKey.set(key, [text])
    } else if (!known.includes(text)) {
      known.push(text)
      if (known.length > MOST_VALUES) known.shift()
    }
  }

  /** Returns the last empty value written to the key, as JSON. Services may omit empty members, as proto3 does. */
  emptyIn(key: string): string | undefined {
    return this.#empty.get(key)
  }

  placeIn(key: string, body: Json): string | undefined {
    const values = this.#byKey.get(key)
    if (values === undefined) return undefined
    const parts: { readonly place: string; readonly value: Json }[] = [{ place: 'json', value: body }]
    for (const [i, { place, value }] of parts.entries()) {
      if (i === MOST_PARTS) break
      if (!isTooDeep(value) && values.includes(canonical(value))) return place
      if (value === null || typeof value !== 'object') continue
      for (const [name, member] of Object.entries(value)) parts.push({ place: `${place}.${name}`, value: member })
    }
    return undefined
  }
}

/** The written values of each table, for all its proxies. */
const known: WeakMap<RouteTable, WrittenValues> = new WeakMap()

/** Returns the written values of a route table. Undefined if no operation of the table has `missing`. */
export function writtenValuesOf(table: RouteTable): WrittenValues | undefined {
  const isNeeded = table.routes.some(
    (route) => !isIgnored(route) && operationsOf(route).some(({ missing }) => missing !== undefined),
  )
  if (!isNeeded) return undefined
  return foundOrMade(known, table, () => new WrittenValues())
}
