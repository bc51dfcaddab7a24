import type { ProtocolDefinition } from '../definition.ts'
import { defineProtocol } from '../options.ts'
import { orderedQueueInvariants } from './invariants.ts'
import { createOrderedQueue } from './machine.ts'

export const orderedQueue: ProtocolDefinition = defineProtocol({
  name: 'ordered-queue',
  summary: 'one node orders all updates and passes them on; every node answers reads from its own copy',
  defaultNodes: 3,
  knobs: { 'retransmit-ms': { summary: 'how often what was not confirmed is sent again', default: 50 } },
  bugs: {
    'read-before-own-write': {
      summary: 'a writer is answered before its own node has applied its write',
      under: { faults: ['delay'] },
    },
    'apply-out-of-order': {
      summary: 'updates are applied as they arrive, whatever is missing before them',
      under: { faults: ['loss'] },
    },
    'forget-applied': {
      summary: 'updates are kept in memory only, so reads go back after a restart',
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
