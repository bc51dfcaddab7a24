import { canonical, type Json } from '@chaosproxy/history'
import { entryOf, loadPairs, ok, type ReplicatedObject, UNKEYED, unsupported } from './object.ts'

type Sets = Map<string, Map<string, Json>>

/** Sets by key: add and remove elements, ask for one, read all. */
export const set: ReplicatedObject<Sets> = {
  name: 'set',
  functions: ['add', 'remove', 'contains', 'read'],
  reads: ['contains', 'read'],
  initial: () => new Map(),
  apply(sets, { f, key = UNKEYED, value }) {
    switch (f) {
      case 'add':
        entryOf(sets, key, () => new Map<string, Json>()).set(canonical(value), value)
        return ok(value)
      case 'remove':
        sets.get(key)?.delete(canonical(value))
        return ok(value)
      case 'contains':
        return ok(sets.get(key)?.has(canonical(value)) === true)
      case 'read':
        return ok([...(sets.get(key)?.values() ?? [])])
      default:
        return unsupported
    }
  },
  save: (sets) => [...sets].map(([key, elements]) => [key, [...elements.values()]]),
  load: (saved) =>
    loadPairs(saved, (elements) => new Map((elements as Json[]).map((element) => [canonical(element), element]))),
}
