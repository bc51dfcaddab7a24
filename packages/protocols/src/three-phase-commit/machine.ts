import type { NodeId } from '@chaosproxy/faults'
import { commandOf } from '../command.ts'
import { createGenerator } from '../generator.ts'
import type { NodeSetting, StateMachine } from '../machine.ts'
import { inOrder } from '../owner.ts'
import type { Settled } from '../two-phase-commit/state.ts'
import { begin, checkOpen, handleNo, handlePreCommitted, handleYes, tryAgain } from './coordinator.ts'
import { finish, handleDecision, handlePreCommit, handlePrepare, hold } from './site.ts'
import type { ThreePhaseConfig, ThreePhaseMessage, ThreePhaseRecord, ThreePhaseState, Turn } from './state.ts'
import { checkDoubts, handleHowFar, handleThisFar } from './termination.ts'

export type ThreePhaseMachine = StateMachine<ThreePhaseState, ThreePhaseMessage, ThreePhaseRecord>

const NOTHING: readonly Settled[] = []

/**
 * Items are spread over the nodes, one copy of each, as in two-phase commit; between the votes and the commit, every site
 * learns that all have voted yes (Skeen, "Nonblocking Commit Protocols", 1981). The sites that are alive can then finish
 * without a coordinator that is dead, so nobody is blocked. The price: silence must mean death. A cut network, or a message
 * that takes longer than the time allowed, and the two sides decide differently.
 */
export function createThreePhaseCommit(config: ThreePhaseConfig): ThreePhaseMachine {
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
            checkOpen(turn)
            checkDoubts(turn)
            turn.effects.push({ type: 'setTimer', timer: 'check', afterMs: config.checkMs })
          }
          break
        default:
          event satisfies never
      }
      return turn
    },
    status: () => ({ role: 'site', leads: false, ready: true }),
  }
}

function recover({ id, peers, seed }: NodeSetting, journal: readonly ThreePhaseRecord[]): ThreePhaseState {
  const state: ThreePhaseState = {
    id,
    nodes: inOrder(id, peers),
    life: seed,
    generator: createGenerator(seed),
    begun: 0,
    open: new Map(),
    again: [],
    values: new Map(),
    locks: new Map(),
    doubts: new Map(),
    finished: new Map(),
    settled: NOTHING,
  }
  for (const record of journal) {
    const { kind, transaction } = record
    if (kind === 'ready') hold(state, transaction, { part: record.part, restarted: true })
    else if (kind === 'finished') finish(state, transaction, record.commit)
    else {
      const doubt = state.doubts.get(transaction)
      if (doubt !== undefined) doubt.preCommitted = true
    }
  }
  return state
}

function receive(turn: Turn, from: NodeId, message: ThreePhaseMessage): void {
  const { transaction } = message
  switch (message.type) {
    case 'prepare':
      handlePrepare(turn, from, transaction, message)
      return
    case 'yes':
      handleYes(turn, from, transaction, message.read)
      return
    case 'no':
      handleNo(turn, transaction, message.refusal)
      return
    case 'pre-commit':
      handlePreCommit(turn, from, transaction)
      return
    case 'pre-committed':
      handlePreCommitted(turn, from, transaction)
      return
    case 'decision':
      handleDecision(turn, transaction, message.commit)
      return
    case 'how-far':
      handleHowFar(turn, from, transaction)
      return
    case 'this-far':
      handleThisFar(turn, from, message)
      return
    default:
      message satisfies never
  }
}
