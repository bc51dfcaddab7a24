import type { ProtocolDefinition } from '../definition.ts'
import { defineProtocol } from '../options.ts'
import {
  chosenReads,
  chosenRouting,
  chosenSuccession,
  readsKnob,
  routingKnobs,
  successionKnobs,
} from '../routing/succession.ts'
import { viewstampedInvariants } from './invariants.ts'
import { createViewstamped, serve } from './machine.ts'

export const viewstamped: ProtocolDefinition = defineProtocol({
  name: 'viewstamped',
  summary: 'Viewstamped Replication: a primary by turns, view changes, and recovery from the others or from disk',
  defaultNodes: 5,
  knobs: {
    ...successionKnobs('primary', 'starts a view change'),
    recovery: {
      summary: 'whether a node that restarts has its log on disk, or asks the others for it, as in the paper',
      default: 'disk',
      values: ['disk', 'nonce'],
      worthTrying: ['nonce'],
    },
    reads: readsKnob('primary'),
    ...routingKnobs('primary'),
  },
  bugs: {
    'stale-view-change': {
      summary: 'a new primary takes the longest log, whatever the last view in which its sender was normal',
      under: { faults: ['isolate-leader', 'partition'] },
    },
    'answer-before-prepare-ok': {
      summary: 'the primary answers before f backups have the request',
      under: { faults: ['isolate-leader'] },
    },
    'skip-recovery': {
      summary: 'a node that has lost its log takes part again at once',
      under: { faults: ['kill'], knobs: { recovery: 'nonce' } },
    },
    'forget-view': {
      summary: 'view numbers are kept in memory only, so a restart brings back a view that was left',
      under: { faults: ['kill', 'isolate-leader'], knobs: { recovery: 'disk' } },
    },
  },
  invariants: viewstampedInvariants,
  promises: () => 'linearizable',
  // A majority that restarts without its log has nobody left to ask: §4.3 assumes that f nodes are recovering at most.
  mayStopUnder: ({ recovery }) => (recovery === 'nonce' ? ['kill', 'crash'] : []),
  impossible: ({ recovery }, nodes) =>
    recovery === 'nonce' && nodes < 3
      ? `recovery=nonce needs 3 nodes, because a node that restarts asks a majority of all; there are ${nodes}`
      : undefined,
  create: (chosen) =>
    createViewstamped({
      serve,
      ...chosenSuccession(chosen),
      ...chosenRouting(chosen),
      recovery: chosen.value('recovery') === 'nonce' ? 'nonce' : 'disk',
      reads: chosenReads(chosen),
    }),
})
