import { commandOf } from '../command.ts'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
import { UNKEYED } from '../objects/object.ts'
import { begin, checkDecisions, coordinatorMessages } from './coordinator.ts'
import { checkDoubts, participantMessages, redoTransaction } from './participant.ts'
import { tryAgain } from './retries.ts'
import { NOTHING_SETTLED, type TwoPhase, twoPhaseAtFirst } from './state.ts'

/**
 * Items are distributed over the nodes, one copy of each. The node that a client calls coordinates its transaction: all
 * nodes concerned lock their items and vote, and the transaction commits only if all vote yes (Gray, "Notes on data
 * base operating systems", 1978). Locks are kept until the end, so transactions are serializable. A node that voted yes
 * is blocked while the coordinator is down.
 */
export const createTwoPhaseCommit: MachineMaker<TwoPhase> = defineMachine<TwoPhase>({
  initial: twoPhaseAtFirst,
  redo: redoTransaction,
  begin: (turn) => turn.setTimer('check', turn.config.checkMs),
  before({ state }) {
    state.settled = NOTHING_SETTLED
  },
  request: (turn, request) => begin(turn, { requestId: request.requestId, command: commandOf(request), attempt: 1 }),
  messages: {
    ...coordinatorMessages,
    ...participantMessages,
  },
  timers: {
    again: (turn) => tryAgain(turn, begin),
    check(turn) {
      checkDecisions(turn)
      checkDoubts(turn)
      turn.setTimer('check', turn.config.checkMs)
    },
  },
  status: () => ({ role: 'participant', leads: false, ready: true }),
  // Shows the committed value of a single item. No single node has the values of several items.
  holds: ({ values }, { f, key = UNKEYED }) => (f === 'read' ? values.get(key) : undefined),
})
