import type { ProtocolDefinition } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { readsSetting, routingSettings, successionSettings, withSilence } from '../routing/succession.ts'
import { paxosInvariants } from './invariants.ts'
import { createPaxos, serve } from './machine.ts'

export const paxos: ProtocolDefinition = defineProtocol({
  name: 'paxos',
  summary: 'multi-Paxos: one instance of consensus for each slot of a log, and a stable leader chosen by ballots',
  defaultNodes: 5,
  settings: {
    ...successionSettings('leader', 'prepares a ballot'),
    reads: readsSetting('leader'),
    ...routingSettings('leader'),
  },
  bugs: {
    'ignore-highest-accepted': bug(
      'a new leader uses only the proposals that it has accepted itself, even if promises report higher-numbered ones',
      ['isolate-leader', 'partition'],
    ),
    'ignore-promise': bug('acceptors accept proposals with ballots lower than they promised', [
      'isolate-leader',
      'partition',
    ]),
    'forget-promise': bug('promises are kept in memory only, so a restart forgets them', ['kill', 'isolate-leader']),
    'quorum-off-by-one': bug('half of the nodes, rounded down, count as a majority', ['halves']),
    'stale-read': bug('a leader answers reads without confirming that it still leads', ['isolate-leader'], {
      settings: { reads: 'round' },
    }),
  },
  invariants: paxosInvariants,
  promises: () => 'linearizable',
  create: (chosen) => createPaxos({ serve, ...withSilence(chosen) }),
})
