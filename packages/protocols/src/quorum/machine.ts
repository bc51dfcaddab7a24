import type { NodeId } from '@chaosproxy/faults'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
import { inOrder } from '../members.ts'
import { handleRequest, operationMessages, sweep } from './operations.ts'
import { addHint, dropHint, latestOf, replicaMessages, take } from './replica.ts'
import { sizesOf } from './sizes.ts'
import { type KeyTag, type Quorum, type QuorumState, type QuorumTurn, replicasOf } from './state.ts'
import { compareTags } from './tag.ts'

// Anti-entropy: "to detect the inconsistencies between replicas faster and to minimize the amount of transferred data"
// (Dynamo §4.7). Dynamo compares Merkle trees; these replicas compare tags, some keys at a time.

/** Keys per message. */
const BATCH = 256

function synchronise(turn: QuorumTurn): void {
  const { state, config } = turn
  for (const [owner, kept] of state.hints)
    for (const version of [...kept.values()].slice(0, BATCH)) turn.send(owner, { type: 'handoff', version })
  if (!config.antiEntropy) return
  const peer = nextPeer(state)
  if (peer === undefined || state.keys.length === 0) return
  const tags = state.keys.slice(state.digestFrom, state.digestFrom + BATCH).flatMap((key): KeyTag[] => {
    const version = state.versions.get(key)
    return version !== undefined && replicasOf(state, key).includes(peer) ? [[key, version.tag]] : []
  })
  if (tags.length > 0) turn.send(peer, { type: 'digest', tags })
}

/**
 * Returns the node to which the next digest is sent. All other nodes in turn get a digest of the same keys. Then the
 * digests continue with the next keys.
 */
function nextPeer(state: QuorumState): NodeId | undefined {
  const others = state.nodes.filter((node) => node !== state.id)
  state.digestTo++
  if (state.digestTo >= others.length) {
    state.digestTo = 0
    state.digestFrom = state.digestFrom + BATCH >= state.keys.length ? 0 : state.digestFrom + BATCH
  }
  return others[state.digestTo]
}

/**
 * Replicas without a leader. The node that a client calls contacts the replicas of the key itself: a read waits for R
 * of them, a write for W. A node reads its clock only if tags come from clocks.
 */
export const createQuorum: MachineMaker<Quorum> = defineMachine<Quorum>({
  initial({ id, peers, seed }, config) {
    const nodes = inOrder(id, peers)
    return {
      id,
      nodes,
      sizes: sizesOf(config, nodes.length),
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
  },
  redo({ state }, record) {
    if (record.kind === 'version') state.versions.set(record.version.key, record.version)
    else if (record.kind === 'hint') addHint(state, record.owner, record.version)
    else dropHint(state, record.owner, record)
  },
  begin(turn) {
    turn.state.keys.push(...turn.state.versions.keys())
    turn.setTimer('sync', turn.config.syncMs)
  },
  before({ state }) {
    state.vouched = undefined
  },
  request: (turn, request) => handleRequest(turn, request.requestId, request),
  messages: {
    query(turn, { operation, key }, from) {
      turn.send(from, { type: 'queried', operation, version: latestOf(turn.state, key) ?? null })
    },
    ...operationMessages,
    ...replicaMessages,
    versions(turn, { versions }) {
      for (const version of versions) take(turn, version)
    },
    digest(turn, { tags }, from) {
      const { versions } = turn.state
      const keys = tags.flatMap(([key, tag]) => {
        const own = versions.get(key)
        return own === undefined || compareTags(tag, own.tag) > 0 ? [key] : []
      })
      if (keys.length > 0) turn.send(from, { type: 'want', keys })
    },
    want(turn, message, from) {
      const versions = message.keys.flatMap((key) => turn.state.versions.get(key) ?? [])
      turn.send(from, { type: 'versions', versions })
    },
  },
  timers: {
    sync(turn) {
      synchronise(turn)
      turn.setTimer('sync', turn.config.syncMs)
    },
    sweep,
  },
  // Every node serves clients, and no node is a leader.
  status: ({ hints }) => {
    const owes = [...hints.values()].some((kept) => kept.size > 0)
    return { role: 'replica', leads: false, ready: true, ...(owes ? { owes } : {}) }
  },
})
