import { entryOf, type KeyedLists, keyedLists, ok, type ReplicatedObject, UNKEYED, unsupported } from './object.ts'

/** Messages by key, first in, first out: enqueue, dequeue, drain. */
export const queue: ReplicatedObject<KeyedLists> = {
  name: 'queue',
  functions: ['enqueue', 'dequeue', 'drain'],
  reads: [],
  ...keyedLists,
  apply(queues, { f, key = UNKEYED, value }) {
    switch (f) {
      case 'enqueue':
        // A dequeue of an empty queue answers null, so null cannot be a message.
        if (value === null) return unsupported
        entryOf(queues, key, () => []).push(value)
        return ok(value)
      case 'dequeue':
        return ok(queues.get(key)?.shift() ?? null)
      case 'drain':
        return ok(queues.get(key)?.splice(0) ?? [])
      default:
        return unsupported
    }
  },
}
