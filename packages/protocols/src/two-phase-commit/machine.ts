import { commandOf } from '../command.ts'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
import type { NodeSetting } from '../machine.ts'
import { UNKEYED } from '../objects/object.ts'
import { begin, checkDecisions, handleDone, handleInquire, handleNo, handleYes } from './coordinator.ts'
import { checkDoubts, finish, handleDecision, handlePrepare, hold } from './participant.ts'
import { coordinatorAtFirst, tryAgain } from './retries.ts'
import { NOTHING_SETTLED, type TwoPhase, type TwoPhaseRecord, type TwoPhaseState, type TwoPhaseTurn } from './state.ts'

/**
 * Items are spread over the nodes, one copy of each. The node that a client calls coordinates its transaction: all
 * nodes concerned lock their items and vote, and it commits only if all vote yes (Gray, "Notes on data base operating
 * systems", 1978). Locks are kept until the end, so transactions are serial in effect. A node that voted yes can
 * neither commit nor abort by itself: while the coordinator is down, it is blocked.
 */
export const createTwoPhaseCommit: MachineMaker<TwoPhase> = defineMachine<TwoPhase>({
  initial,
  redo,
  begin: (turn) => turn.setTimer('check', turn.config.checkMs),
  before({ state }) {
    state.settled = NOTHING_SETTLED
  },
  request: (turn, asked) => begin(turn, { requestId: asked.requestId, command: commandOf(asked), attempt: 1 }),
  messages: {
    prepare: handlePrepare,
    yes: handleYes,
    no: handleNo,
    decision: handleDecision,
    done: handleDone,
    inquire: handleInquire,
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
  // The committed values; a request over several items has no copy in one place.
  holds: ({ values }, { f, key = UNKEYED }) => (f === 'read' ? values.get(key) : undefined),
})

function initial(node: NodeSetting): TwoPhaseState {
  return {
    ...coordinatorAtFirst(node),
    peers: node.peers,
    open: new Map(),
    committed: new Map(),
    prepared: new Map(),
    doubt: new Map(),
    finished: new Set(),
    settled: NOTHING_SETTLED,
  }
}

function redo({ state }: TwoPhaseTurn, record: TwoPhaseRecord): void {
  const { kind, transaction } = record
  if (kind === 'prepared') hold(state, transaction, record.prepared)
  else if (kind === 'finished') finish(state, transaction, record.commit)
  else if (kind === 'committed') state.committed.set(transaction, new Set(record.participants))
  else state.committed.delete(transaction)
}
