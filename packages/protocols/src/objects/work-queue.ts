import type { Json } from '@chaosproxy/history'
import { declined, entryOf, loadPairs, ok, type ReplicatedObject, UNKEYED, unsupported } from './object.ts'

interface Queue {
  /** The messages that are not acknowledged, oldest first. */
  messages: Message[]
  last: number
}

interface Message {
  readonly receipt: number
  readonly value: Json
  isTaken: boolean
}

/**
 * Messages by key that are leased until they are acknowledged or given back: enqueue, take, ack, nack, remaining. A
 * lease never ends by time, because copies have no common clock.
 */
export const workQueue: ReplicatedObject<Map<string, Queue>> = {
  name: 'work-queue',
  functions: ['enqueue', 'take', 'ack', 'nack', 'remaining'],
  reads: ['remaining'],
  initial: () => new Map(),
  apply(queues, { f, key = UNKEYED, value }) {
    const { messages = [] } = queues.get(key) ?? {}
    const held = messages.find(({ receipt, isTaken }) => isTaken && receipt === value)
    switch (f) {
      case 'enqueue': {
        // A take of an empty queue answers null, so null cannot be a message.
        if (value === null) return unsupported
        const queue = entryOf(queues, key, (): Queue => ({ messages: [], last: 0 }))
        queue.messages.push({ receipt: ++queue.last, value, isTaken: false })
        return ok(value)
      }
      case 'take': {
        if (value !== null && !(typeof value === 'number' && value >= 0)) return unsupported
        const message = messages.find(({ isTaken }) => !isTaken)
        if (message === undefined) return ok(null)
        message.isTaken = true
        return ok([message.value, message.receipt])
      }
      case 'ack':
        if (held === undefined) return declined('nobody has it')
        messages.splice(messages.indexOf(held), 1)
        return ok(value)
      case 'nack':
        if (held === undefined) return declined('nobody has it')
        held.isTaken = false
        return ok(value)
      case 'remaining':
        return ok(messages.map((message) => message.value))
      default:
        return unsupported
    }
  },
  save: (queues) =>
    [...queues].map(([key, { messages, last }]) => [
      key,
      { last, messages: messages.map(({ receipt, value, isTaken }) => [receipt, value, isTaken]) },
    ]),
  load: (saved) =>
    loadPairs(saved, (one: Json) => {
      const { last, messages } = one as { readonly last: number; readonly messages: [number, Json, boolean][] }
      return { last, messages: messages.map(([receipt, value, isTaken]) => ({ receipt, value, isTaken })) }
    }),
}
