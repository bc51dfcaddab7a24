import type { Transaction } from '../storage/model.ts'

/** Puts back what was, and returns what puts the present in its place again. */
type Swap = () => () => void

/**
 * What open transactions change of the catalogue in place, as it was before. Others that ask the catalogue see that: they
 * do not wait for who changes a table, as whoever uses the table does.
 */
export class Preserved {
  #saved: readonly { readonly of: unknown; readonly by: Transaction; readonly swap: Swap }[] = []

  /** A transaction is about to change these objects, which it has locked. */
  objects(all: readonly object[], by: Transaction): void {
    for (const each of all) {
      const before = copyOf(each)
      this.#keep(each, by, () => {
        const present = { ...each }
        Object.assign(each, before)
        return () => Object.assign(each, present)
      })
    }
  }

  /** The same for what a map has under a key. */
  entry<K, V>(map: Map<K, V>, key: K, by: Transaction): void {
    const before = map.get(key)
    const put = (value: V | undefined): void => {
      if (value === undefined) map.delete(key)
      else map.set(key, value)
    }
    this.#keep(key, by, () => {
      const present = map.get(key)
      put(before)
      return () => put(present)
    })
  }

  #keep(of: unknown, by: Transaction, swap: Swap): void {
    const known = this.#saved.find((each) => each.of === of)
    if (known?.by === by) return
    // Who had locked it before has rolled that back.
    this.#saved = [...this.#saved.filter((each) => each !== known && each.by.state === 'active'), { of, by, swap }]
  }

  /** Reads the catalogue as a transaction sees it. */
  seenBy<T>(own: Transaction | undefined, read: () => T): T {
    const others = this.#saved.filter(({ by }) => by !== own && by.state === 'active')
    if (others.length === 0) return read()
    const back = others.map(({ swap }) => swap())
    try {
      return read()
    } finally {
      for (const each of back) each()
    }
  }
}

/** Lists are changed in place too; that of the rows is none of the catalogue's. */
function copyOf(each: object): object {
  return Object.fromEntries(
    Object.entries(each).map(([name, value]) => [name, Array.isArray(value) && name !== 'tuples' ? [...value] : value]),
  )
}
