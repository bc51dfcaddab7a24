import type { Transaction } from '../storage/model.ts'

/** Restores the former state of an object. Returns a function that undoes this. */
type Swap = () => () => void

/**
 * The former state of catalogue objects that open transactions change. Catalogue queries by other transactions see this
 * state and do not wait.
 */
export class Preserved {
  #saved: readonly { readonly of: unknown; readonly by: Transaction; readonly swap: Swap }[] = []

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
    // The entry `known` is obsolete: its transaction has ended, or has rolled back the change and released its lock.
    this.#saved = [...this.#saved.filter((each) => each !== known && each.by.state === 'active'), { of, by, swap }]
  }

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

/**
 * Returns a copy of a catalogue object. Its lists, except `tuples`, are copied too, because they are changed in place.
 */
function copyOf(each: object): object {
  return Object.fromEntries(
    Object.entries(each).map(([name, value]) => [name, Array.isArray(value) && name !== 'tuples' ? [...value] : value]),
  )
}
