import type { ProtocolDefinition } from '../definition.ts'
import { defineProtocol } from '../options.ts'
import { chosenRouting, chosenSuccession, routingSettings, successionSettings } from '../routing/succession.ts'
import { chainInvariants } from './invariants.ts'
import { createChain } from './machine.ts'
import { serve } from './updates.ts'

export const chain: ProtocolDefinition = defineProtocol({
  name: 'chain',
  summary: 'chain replication: updates go from head to tail, which answers; a majority reconfigures the chain',
  defaultNodes: 5,
  settings: { ...successionSettings('head', 'reconfigures the chain'), ...routingSettings('head') },
  bugs: {
    'head-answers': {
      summary: 'the head answers an update before it has gone along the chain',
      under: { faults: ['isolate-leader'] },
    },
    'no-inprocess-resend': {
      summary: 'updates in process are not sent to the new successor when the chain changes',
      under: { faults: ['isolate-leader', 'pause', 'kill'] },
    },
    'read-from-anywhere': {
      summary: 'every node answers queries from its own copy',
      under: { faults: ['delay', 'partition'] },
    },
  },
  invariants: chainInvariants,
  promises: () => 'linearizable',
  create: (chosen) =>
    createChain({
      serve,
      ...chosenSuccession(chosen),
      ...chosenRouting(chosen),
    }),
})
