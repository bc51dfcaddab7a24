import { defineMachine, type MachineMaker } from '../define-machine.ts'
import type { NodeSetting } from '../machine.ts'
import { handleDigest, handleWant, synchronise } from './anti-entropy.ts'
import { handleQueried, handleRequest, handleStored, sweep } from './operations.ts'
import { addHint, dropHint, handleHandoff, handlePut, handleTaken, latestOf, take } from './replica.ts'
import { sizesOf } from './sizes.ts'
import type { Quorum, QuorumConfig, QuorumRecord, QuorumState, QuorumTurn } from './state.ts'

/**
 * Replicas without a leader. The node that a client calls asks the replicas of the key itself: a read waits for R of
 * them, a write for W. It reads the time only if tags come from clocks.
 */
export const createQuorum: MachineMaker<Quorum> = defineMachine<Quorum>({
  initial,
  redo,
  begin(turn) {
    turn.state.keys.push(...turn.state.versions.keys())
    turn.setTimer('sync', turn.config.syncMs)
  },
  before({ state }) {
    state.vouched = undefined
  },
  request: (turn, asked) => handleRequest(turn, asked.requestId, asked),
  messages: {
    query(turn, { operation, key }, from) {
      turn.send(from, { type: 'queried', operation, version: latestOf(turn.state, key) ?? null })
    },
    queried: handleQueried,
    put: handlePut,
    stored: handleStored,
    versions(turn, { versions }) {
      for (const version of versions) take(turn, version)
    },
    digest: handleDigest,
    want: handleWant,
    handoff: handleHandoff,
    taken: handleTaken,
  },
  timers: {
    sync(turn) {
      synchronise(turn)
      turn.setTimer('sync', turn.config.syncMs)
    },
    sweep,
  },
  // Every node serves; none leads.
  status: ({ hints }) => {
    const owes = [...hints.values()].some((kept) => kept.size > 0)
    return { role: 'replica', leads: false, ready: true, ...(owes ? { owes } : {}) }
  },
})

function initial({ id, peers, seed }: NodeSetting, { settings }: QuorumConfig): QuorumState {
  const nodes = [id, ...peers].sort()
  return {
    id,
    nodes,
    sizes: sizesOf(settings, nodes.length),
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
}

function redo({ state }: QuorumTurn, record: QuorumRecord): void {
  if (record.kind === 'version') state.versions.set(record.version.key, record.version)
  else if (record.kind === 'hint') addHint(state, record.owner, record.version)
  else dropHint(state, record.owner, record)
}
