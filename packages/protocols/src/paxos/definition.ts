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
import { paxosInvariants } from './invariants.ts'
import { createPaxos, serve } from './machine.ts'

export const paxos: ProtocolDefinition = defineProtocol({
  name: 'paxos',
  summary: 'multi-Paxos: one instance of consensus for each slot of a log, and a stable leader chosen by ballots',
  defaultNodes: 5,
  knobs: { ...successionKnobs('leader', 'prepares a ballot'), reads: readsKnob('leader'), ...routingKnobs('leader') },
  bugs: {
    'ignore-highest-accepted': {
      summary: 'a new leader goes by what it has accepted itself, whatever higher-numbered proposals promises report',
      under: { faults: ['isolate-leader', 'partition'] },
    },
    'ignore-promise': {
      summary: 'acceptors accept proposals of lower ballots than they promised',
      under: { faults: ['isolate-leader', 'partition'] },
    },
    'forget-promise': {
      summary: 'promises are kept in memory only, so a restart forgets them',
      under: { faults: ['kill', 'isolate-leader'] },
    },
    'quorum-off-by-one': {
      summary: 'half of the nodes, rounded down, are taken for a majority',
      under: { faults: ['halves'] },
    },
    'stale-read': {
      summary: 'a leader answers reads without confirming that it still leads',
      under: { faults: ['isolate-leader'], knobs: { reads: 'round' } },
    },
  },
  invariants: paxosInvariants,
  promises: () => 'linearizable',
  create: (chosen) =>
    createPaxos({
      serve,
      ...chosenSuccession(chosen),
      ...chosenRouting(chosen),
      reads: chosenReads(chosen),
    }),
})
