import type { NodeId } from '@chaosproxy/faults'
import { commandOf } from '../command.ts'
import { createGenerator } from '../generator.ts'
import type { NodeSetting, StateMachine } from '../machine.ts'
import { inOrder } from '../owner.ts'
import { begin, checkDecisions, handleDone, handleInquire, handleNo, handleYes, tryAgain } from './coordinator.ts'
import { checkDoubts, finish, handleDecision, handlePrepare, hold } from './participant.ts'
import type { Settled, Turn, TwoPhaseConfig, TwoPhaseMessage, TwoPhaseRecord, TwoPhaseState } from './state.ts'

export type TwoPhaseMachine = StateMachine<TwoPhaseState, TwoPhaseMessage, TwoPhaseRecord>

const NOTHING: readonly Settled[] = []

/**
 * Items are spread over the nodes, one copy of each. The node that a client asks coordinates its transaction: all nodes
 * concerned lock their items and vote, and only if all vote yes does it commit (Gray, "Notes on data base operating
 * systems", 1978). Locks are kept until the end, so transactions are as if one came after the other. A node
 * that voted yes can neither commit nor abort by itself: while the coordinator is down, it is blocked.
 */
export function createTwoPhaseCommit(config: TwoPhaseConfig): TwoPhaseMachine {
  return {
    start(node, journal) {
      const turn: Turn = { config, state: recover(node, journal), effects: [], receive }
      turn.effects.push({ type: 'setTimer', timer: 'check', afterMs: config.checkMs })
      return turn
    },
    step(state, event) {
      const turn: Turn = { config, state, effects: [], receive }
      state.settled = NOTHING
      switch (event.type) {
        case 'request':
          begin(turn, { requestId: event.requestId, command: commandOf(event), attempt: 1 })
          break
        case 'message':
          receive(turn, event.from, event.message)
          break
        case 'timer':
          if (event.timer === 'again') tryAgain(turn)
          else {
            checkDecisions(turn)
            checkDoubts(turn)
            turn.effects.push({ type: 'setTimer', timer: 'check', afterMs: config.checkMs })
          }
          break
        default:
          event satisfies never
      }
      return turn
    },
    status: () => ({ role: 'participant', leads: false, ready: true }),
  }
}

function recover({ id, peers, seed }: NodeSetting, journal: readonly TwoPhaseRecord[]): TwoPhaseState {
  const state: TwoPhaseState = {
    id,
    peers,
    nodes: inOrder(id, peers),
    life: seed,
    generator: createGenerator(seed),
    begun: 0,
    open: new Map(),
    committed: new Map(),
    again: [],
    values: new Map(),
    locks: new Map(),
    prepared: new Map(),
    doubt: new Map(),
    finished: new Set(),
    settled: NOTHING,
  }
  for (const record of journal) {
    const { kind, transaction } = record
    if (kind === 'prepared') hold(state, transaction, record.prepared)
    else if (kind === 'finished') finish(state, transaction, record.commit)
    else if (kind === 'committed') state.committed.set(transaction, new Set(record.participants))
    else state.committed.delete(transaction)
  }
  return state
}

function receive(turn: Turn, from: NodeId, message: TwoPhaseMessage): void {
  const { transaction } = message
  switch (message.type) {
    case 'prepare':
      handlePrepare(turn, from, transaction, message.operations)
      return
    case 'yes':
      handleYes(turn, from, transaction, message.read)
      return
    case 'no':
      handleNo(turn, transaction, message.refusal)
      return
    case 'decision':
      handleDecision(turn, from, transaction, message.commit)
      return
    case 'done':
      handleDone(turn, from, transaction)
      return
    case 'inquire':
      handleInquire(turn, from, transaction)
      return
    default:
      message satisfies never
  }
}
