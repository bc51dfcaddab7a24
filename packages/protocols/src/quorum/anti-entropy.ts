import type { NodeId } from '@chaosproxy/faults'
import type { Handler } from '../turn.ts'
import { type KeyTag, type Quorum, type QuorumState, type QuorumTurn, replicasOf } from './state.ts'
import { compareTags } from './tag.ts'

// Anti-entropy: "to detect the inconsistencies between replicas faster and to minimize the amount of transferred data"
// (Dynamo §4.7). Dynamo compares Merkle trees; here replicas compare tags, some keys at a time.

/** Keys per message. */
const BATCH = 256

/** Sends the next of the other nodes a digest of this node's versions, and hands over hints to their owners. */
export function synchronise(turn: QuorumTurn): void {
  const { state, config } = turn
  for (const [owner, kept] of state.hints)
    for (const version of [...kept.values()].slice(0, BATCH)) turn.send(owner, { type: 'handoff', version })
  if (!config.antiEntropy) return
  const peer = nextPeer(state)
  if (peer === undefined || state.keys.length === 0) return
  const tags = nextKeys(state).flatMap((key): KeyTag[] => {
    const version = state.versions.get(key)
    return version !== undefined && replicasOf(state, key).includes(peer) ? [[key, version.tag]] : []
  })
  if (tags.length > 0) turn.send(peer, { type: 'digest', tags })
}

/** The others take turns; after each has had its turn, the next keys follow. */
function nextPeer(state: QuorumState): NodeId | undefined {
  const others = state.nodes.filter((node) => node !== state.id)
  state.digestTo++
  if (state.digestTo >= others.length) {
    state.digestTo = 0
    state.digestFrom = state.digestFrom + BATCH >= state.keys.length ? 0 : state.digestFrom + BATCH
  }
  return others[state.digestTo]
}

const nextKeys = ({ keys, digestFrom }: QuorumState): readonly string[] => keys.slice(digestFrom, digestFrom + BATCH)

/** Asks for the versions that are later than its own. */
export const handleDigest: Handler<Quorum, 'digest'> = (turn, { tags }, from) => {
  const { versions } = turn.state
  const keys = tags.flatMap(([key, tag]) => {
    const own = versions.get(key)
    return own === undefined || compareTags(tag, own.tag) > 0 ? [key] : []
  })
  if (keys.length > 0) turn.send(from, { type: 'want', keys })
}

export const handleWant: Handler<Quorum, 'want'> = (turn, message, from) => {
  const versions = message.keys.flatMap((key) => turn.state.versions.get(key) ?? [])
  turn.send(from, { type: 'versions', versions })
}
