import type { ProtocolDefinition } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { transactionConfig } from '../two-phase-commit/config.ts'
import { planners } from '../two-phase-commit/items.ts'
import { twoPhaseInvariants } from '../two-phase-commit/state.ts'
import { createThreePhaseCommit } from './machine.ts'

/** With such short timeouts, sites decide while other sites are still down. */
const IMPATIENT = { 'check-ms': 5, 'vote-timeout-ms': 20, 'silence-ms': 20 } as const

export const threePhaseCommit: ProtocolDefinition = defineProtocol({
  name: 'three-phase-commit',
  summary:
    'two-phase commit with a phase between, so that a dead coordinator blocks nobody; in a partition each side decides for itself',
  defaultNodes: 3,
  objects: Object.keys(planners),
  settings: {
    'check-ms': { summary: 'how often a site checks its undecided transactions', default: 50 },
    'vote-timeout-ms': { summary: 'how long the coordinator waits for votes and acknowledgements', default: 200 },
    'silence-ms': {
      summary: 'how long the coordinator must be silent before the sites decide without it',
      default: 300,
    },
    attempts: {
      summary: 'how many times a transaction that finds an item locked is tried',
      default: 60,
    },
  },
  bugs: {
    'forget-vote': bug('a yes vote is kept in memory only, so a restarted site has nothing to commit', ['kill']),
    'decide-alone': bug(
      'a restarted site decides without the sites that do not answer, although they may have decided before',
      ['kill'],
      { settings: IMPATIENT, workload: 'bank' },
    ),
  },
  invariants: twoPhaseInvariants,
  promises: () => 'linearizable',
  // The protocol assumes that a silent site is dead. If it lives, decisions may differ.
  notUnder: [
    ...(['partition', 'blackhole', 'latency', 'bandwidth', 'reset', 'pause'] as const),
    ...(['drop-message', 'duplicate-message', 'reorder-message', 'delay-message', 'corrupt-message'] as const),
  ],
  create: (chosen) => createThreePhaseCommit(transactionConfig('three-phase-commit', chosen)),
})
