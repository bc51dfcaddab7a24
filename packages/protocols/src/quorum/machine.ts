import type { NodeId } from '@chaosproxy/faults'
import type { NodeSetting, StateMachine } from '../machine.ts'
import { handleDigest, handleWant, synchronise } from './anti-entropy.ts'
import { handleQueried, handleRequest, handleStored, sweep } from './operations.ts'
import { addHint, dropHint, handleHandoff, handlePut, handleTaken, latestOf, take } from './replica.ts'
import { sizesOf } from './sizes.ts'
import {
  emit,
  type QuorumConfig,
  type QuorumMessage,
  type QuorumRecord,
  type QuorumState,
  send,
  type Turn,
} from './state.ts'

export type QuorumMachine = StateMachine<QuorumState, QuorumMessage, QuorumRecord>

/**
 * Replicas without a leader. The node that a client calls asks the replicas of the key itself: a read waits for R of
 * them, a write for W. Reads the time only where writes take their tags from clocks.
 */
export function createQuorum(config: QuorumConfig): QuorumMachine {
  return {
    start(node, journal, now) {
      const turn: Turn = { config, state: recover(config, node, journal), now, effects: [] }
      emit(turn, { type: 'setTimer', timer: 'sync', afterMs: config.syncMs })
      return turn
    },
    step(state, event, now) {
      const turn: Turn = { config, state, now, effects: [] }
      state.vouched = undefined
      switch (event.type) {
        case 'request':
          handleRequest(turn, event.requestId, event)
          break
        case 'message':
          handleMessage(turn, event.from, event.message)
          break
        case 'timer':
          handleTimer(turn, event.timer)
          break
        default:
          event satisfies never
      }
      return turn
    },
    // Every node serves; none leads.
    status: ({ hints }) => {
      const owes = [...hints.values()].some((kept) => kept.size > 0)
      return { role: 'replica', leads: false, ready: true, ...(owes ? { owes } : {}) }
    },
  }
}

function recover(
  config: QuorumConfig,
  { id, peers, seed }: NodeSetting,
  journal: readonly QuorumRecord[],
): QuorumState {
  const nodes = [id, ...peers].sort()
  const state: QuorumState = {
    id,
    nodes,
    sizes: sizesOf(config.knobs, nodes.length),
    life: seed >>> 0,
    begun: 0,
    operations: new Map(),
    lastRequests: new Map(),
    versions: new Map(),
    hints: new Map(),
    keys: [],
    digestFrom: 0,
    digestTo: 0,
    vouched: undefined,
  }
  for (const record of journal) {
    if (record.kind === 'version') state.versions.set(record.version.key, record.version)
    else if (record.kind === 'hint') addHint(state, record.owner, record.version)
    else dropHint(state, record.owner, record)
  }
  state.keys.push(...state.versions.keys())
  return state
}

function handleMessage(turn: Turn, from: NodeId, message: QuorumMessage): void {
  const { state } = turn
  switch (message.type) {
    case 'query': {
      const { operation, key } = message
      send(turn, from, { type: 'queried', operation, version: latestOf(state, key) ?? null })
      return
    }
    case 'queried':
      handleQueried(turn, from, message.operation, message.version)
      return
    case 'put':
      handlePut(turn, from, message)
      return
    case 'stored':
      handleStored(turn, from, message.operation)
      return
    case 'versions':
      for (const version of message.versions) take(turn, version)
      return
    case 'digest':
      handleDigest(turn, from, message.tags)
      return
    case 'want':
      handleWant(turn, from, message.keys)
      return
    case 'handoff':
      handleHandoff(turn, from, message.version)
      return
    case 'taken':
      handleTaken(turn, from, message)
      return
    default:
      message satisfies never
  }
}

function handleTimer(turn: Turn, timer: string): void {
  switch (timer) {
    case 'sync':
      synchronise(turn)
      emit(turn, { type: 'setTimer', timer: 'sync', afterMs: turn.config.syncMs })
      return
    case 'sweep':
      sweep(turn)
      return
    default:
      throw new Error(`quorum set no timer called "${timer}"`)
  }
}
