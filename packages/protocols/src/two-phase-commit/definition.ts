import type { ProtocolDefinition } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { transactionConfig } from './config.ts'
import { planners } from './items.ts'
import { createTwoPhaseCommit } from './machine.ts'
import { twoPhaseInvariants } from './state.ts'

export const twoPhaseCommit: ProtocolDefinition = defineProtocol({
  name: 'two-phase-commit',
  summary:
    'items are spread over the nodes; a transaction commits only if every node that has one of its items votes for it',
  defaultNodes: 3,
  objects: Object.keys(planners),
  settings: {
    'check-ms': { summary: 'how often undecided transactions are checked', default: 50 },
    'vote-timeout-ms': { summary: 'how long a coordinator waits for votes before it aborts', default: 200 },
    attempts: {
      summary: 'how many times a transaction that finds an item locked is tried',
      default: 60,
    },
  },
  bugs: {
    'presume-commit': bug('a coordinator says that an unknown transaction was committed', ['loss', 'kill']),
    'forget-prepared': bug('a vote is kept in memory only, so a restarted node has nothing to commit', ['kill']),
    'decide-on-timeout': bug('a node that voted yes and hears nothing aborts instead of staying blocked', [
      'loss',
      'partition',
    ]),
    'forget-decision': bug(
      'a commit is kept in memory only, so a restarted coordinator says that the transaction was aborted',
      ['kill', 'loss'],
    ),
  },
  invariants: twoPhaseInvariants,
  promises: () => 'linearizable',
  create: (chosen) => createTwoPhaseCommit(transactionConfig('two-phase-commit', chosen)),
})
