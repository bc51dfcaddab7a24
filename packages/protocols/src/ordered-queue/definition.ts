import type { NodeId } from '@chaosproxy/faults'
import type { InvariantWatch, ProtocolDefinition } from '../definition.ts'
import { isEverRead } from '../objects/registry.ts'
import { bug, defineProtocol } from '../options.ts'
import { createOrderedQueue } from './machine.ts'
import type { Entry, OrderedQueueMessage, OrderedQueueState } from './state.ts'

type Watch = InvariantWatch<OrderedQueueState, OrderedQueueMessage>

function watchOrder(): Watch {
  const order: Entry[] = []
  return (node) => {
    let checked = 0
    return ({ log, orderer, early }, event) => {
      if (event === undefined) {
        checked = 0
        // Entries whose write was interrupted are missing from the log. They were not sent to any node.
        if (node === orderer) order.length = Math.min(order.length, log.length)
      }
      const [place] = early
      if (place !== undefined) return `${node} applied update ${place} when it had ${log.length}`
      for (; checked < log.length; checked++) {
        const own = log[checked]
        const known = order[checked]
        if (own === undefined) continue
        if (known === undefined) order.push(own)
        else if (known.life !== own.life || known.number !== own.number)
          return `${node} has ${describe(own)} in place ${checked + 1}, and others have ${describe(known)}`
      }
      return undefined
    }
  }
}

function watchKept(): Watch {
  const reported = new Map<NodeId, number>()
  return (node) =>
    ({ log }, event) => {
      if (event?.type === 'message' && event.message.type === 'have')
        reported.set(event.from, Math.max(reported.get(event.from) ?? 0, event.message.count))
      const count = reported.get(node) ?? 0
      if (event !== undefined || log.length >= count) return undefined
      return `${node} said it had ${count} updates, and starts with ${log.length}`
    }
}

const describe = ({ origin, number }: Entry): string => `update ${number} of ${origin}`

export const orderedQueue: ProtocolDefinition = defineProtocol({
  name: 'ordered-queue',
  /** Reads contact no other node. */
  weakness: (_settings, _nodes, object) =>
    isEverRead(object) ? 'every node answers reads from its own copy, which may lag' : undefined,
  summary: 'one node orders all updates and passes them on; every node answers reads from its own copy',
  defaultNodes: 3,
  settings: {
    'retransmit-ms': { summary: 'how often entries and proposals that were not confirmed are sent again', default: 50 },
  },
  bugs: {
    'read-before-own-write': bug('a writer is answered before its own node has applied its write', ['delay']),
    'apply-out-of-order': bug('updates are applied as they arrive, even if earlier ones are missing', ['loss']),
    'forget-applied': bug('updates are kept in memory only, so after a restart reads return older values', ['kill']),
  },
  invariants: [
    /** All nodes apply the same sequence of updates in the same order. */
    { name: 'one order', watch: watchOrder },
    /** After a restart, a node still has every entry that it confirmed before, so reads never go back. */
    { name: 'applied entries are kept', watch: watchKept },
  ],
  promises: () => 'sequential',
  // Clients stay with one node, since another may lag behind it.
  sticky: true,
  create: createOrderedQueue,
})
