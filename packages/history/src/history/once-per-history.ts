import type { History } from './history.ts'

/** Caches a function of a history. Histories never change. */
export function oncePerHistory<Told>(tell: (history: History) => Told): (history: History) => Told {
  const told = new WeakMap<History, { readonly of: Told }>()
  return (history) => {
    const known = told.get(history)
    if (known !== undefined) return known.of
    const of = tell(history)
    told.set(history, { of })
    return of
  }
}
