import type { Json } from '@chaosproxy/history'
import { entryOf, loadPairs, ok, type ReplicatedObject, UNKEYED, unsupported } from './object.ts'

type Queues = Map<string, Json[]>

export const queue: ReplicatedObject<Queues> = {
  name: 'queue',
  summary: 'messages by key, first in, first out: enqueue, dequeue, drain',
  functions: ['enqueue', 'dequeue', 'drain'],
  reads: [],
  initial: () => new Map(),
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
  save: (queues) => [...queues].map(([key, messages]) => [key, [...messages]]),
  load: (saved) => loadPairs(saved, (messages) => [...(messages as Json[])]),
}
