import { entryOf, type KeyedLists, keyedLists, ok, type ReplicatedObject, UNKEYED, unsupported } from './object.ts'

/** Lists by key: append to one, read one whole. */
export const lists: ReplicatedObject<KeyedLists> = {
  name: 'lists',
  functions: ['append', 'read'],
  reads: ['read'],
  ...keyedLists,
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
}
