import type { ProtocolDefinition } from '../definition.ts'
import { defineProtocol } from '../options.ts'
import { orderedQueueInvariants } from './invariants.ts'
import { createOrderedQueue } from './machine.ts'

export const orderedQueue: ProtocolDefinition = defineProtocol({
  name: 'ordered-queue',
  summary: 'one node orders all updates and passes them on; every node answers reads from its own copy',
  defaultNodes: 3,
  settings: {
    'retransmit-ms': { summary: 'how often entries and proposals that were not confirmed are sent again', default: 50 },
  },
  bugs: {
    'read-before-own-write': {
      summary: 'a writer is answered before its own node has applied its write',
      under: { faults: ['delay'] },
    },
    'apply-out-of-order': {
      summary: 'updates are applied as they arrive, even if earlier ones are missing',
      under: { faults: ['loss'] },
    },
    'forget-applied': {
      summary: 'updates are kept in memory only, so after a restart reads return older values',
      under: { faults: ['kill'] },
    },
  },
  invariants: orderedQueueInvariants,
  promises: () => 'sequential',
  // Another node may lag behind the one that a client has read from.
  sticky: true,
  create: (chosen) =>
    createOrderedQueue({
      object: chosen.object,
      bug: chosen.bug,
      retransmitMs: chosen.ms('retransmit-ms'),
    }),
})
