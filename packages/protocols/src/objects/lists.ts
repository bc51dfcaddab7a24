import type { Json } from '@chaosproxy/history'
import { entryOf, loadPairs, ok, type ReplicatedObject, UNKEYED, unsupported } from './object.ts'

type Lists = Map<string, Json[]>

export const lists: ReplicatedObject<Lists> = {
  name: 'lists',
  summary: 'lists by key: append to one, read one whole',
  functions: ['append', 'read'],
  reads: ['read'],
  initial: () => new Map(),
  apply(lists, { f, key = UNKEYED, value }) {
    switch (f) {
      case 'append':
        entryOf(lists, key, () => []).push(value)
        return ok(value)
      case 'read':
        return ok([...(lists.get(key) ?? [])])
      default:
        return unsupported
    }
  },
  save: (lists) => [...lists].map(([key, elements]) => [key, [...elements]]),
  load: (saved) => loadPairs(saved, (elements) => [...(elements as Json[])]),
}
