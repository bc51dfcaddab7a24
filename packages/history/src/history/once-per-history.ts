import type { History } from './history.ts'

/** Works something out once for each history, which never changes: a report asks for the same in several of its parts. */
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
