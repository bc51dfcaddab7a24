import { commandOf } from '../command.ts'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
import { UNKEYED } from '../objects/object.ts'
import { coordinatorAtFirst, tryAgain } from '../two-phase-commit/retries.ts'
import { NOTHING_SETTLED } from '../two-phase-commit/state.ts'
import { begin, checkOpen, coordinatorMessages } from './coordinator.ts'
import { finish, hold, siteMessages } from './site.ts'
import type { ThreePhase } from './state.ts'
import { checkDoubts, terminationMessages } from './termination.ts'

/**
 * Items are distributed over the nodes, as in two-phase commit. Between the votes and the commit, every site is
 * informed that all have voted yes (Skeen, "Nonblocking Commit Protocols", 1981). If the coordinator dies, the living
 * sites can finish without it. The price: silence must mean death. If the network is partitioned, the two sides decide
 * differently.
 */
export const createThreePhaseCommit: MachineMaker<ThreePhase> = defineMachine<ThreePhase>({
  initial: (node) => ({
    ...coordinatorAtFirst(node),
    open: new Map(),
    doubts: new Map(),
    finished: new Map(),
    settled: NOTHING_SETTLED,
  }),
  redo({ state }, record) {
    const { kind, transaction } = record
    if (kind === 'ready') hold(state, transaction, { part: record.part, restarted: true })
    else if (kind === 'finished') finish(state, transaction, record.commit)
    else {
      const doubt = state.doubts.get(transaction)
      if (doubt !== undefined) doubt.preCommitted = true
    }
  },
  begin: (turn) => turn.setTimer('check', turn.config.checkMs),
  before({ state }) {
    state.settled = NOTHING_SETTLED
  },
  request: (turn, request) => begin(turn, { requestId: request.requestId, command: commandOf(request), attempt: 1 }),
  messages: {
    ...siteMessages,
    ...coordinatorMessages,
    ...terminationMessages,
  },
  timers: {
    again: (turn) => tryAgain(turn, begin),
    check(turn) {
      checkOpen(turn)
      checkDoubts(turn)
      turn.setTimer('check', turn.config.checkMs)
    },
  },
  status: () => ({ role: 'site', leads: false, ready: true }),
  // Shows the committed value of a single item. No single node has the values of several items.
  holds: ({ values }, { f, key = UNKEYED }) => (f === 'read' ? values.get(key) : undefined),
})
