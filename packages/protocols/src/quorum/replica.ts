import type { NodeId } from '@chaosproxy/faults'
import type { Handlers, MessageOf } from '../turn.ts'
import type { Quorum, QuorumMessage, QuorumState, QuorumTurn } from './state.ts'
import { compareTags, type Version } from './tag.ts'

type Put = MessageOf<QuorumMessage, 'put'>

/**
 * Returns the latest version on this node. Versions stored for other replicas count too, because a sloppy read must
 * find a sloppy write.
 */
export function latestOf({ versions, hints }: QuorumState, key: string): Version | undefined {
  let latest = versions.get(key)
  for (const kept of hints.values()) {
    const hint = kept.get(key)
    if (hint !== undefined && (latest === undefined || compareTags(hint.tag, latest.tag) > 0)) latest = hint
  }
  return latest
}

export const replicaMessages: Handlers<Quorum, 'put' | 'handoff' | 'taken'> = {
  /** Handles a put. A replica keeps the later version, and acknowledges in either case (ABD) once it is on disk. */
  put(turn, put, from) {
    store(turn, put)
    turn.send(from, { type: 'stored', operation: put.operation })
  },
  handoff(turn, { version }, from) {
    take(turn, version)
    turn.send(from, { type: 'taken', key: version.key, tag: version.tag })
  },
  taken(turn, { key, tag }, owner) {
    if (dropHint(turn.state, owner, { key, tag })) turn.persist({ kind: 'handed', owner, key, tag })
  },
}

function store(turn: QuorumTurn, { version, owner }: Pick<Put, 'version' | 'owner'>): void {
  if (owner === null) take(turn, version)
  else keepHint(turn, owner, version)
}

export function take(turn: QuorumTurn, version: Version): void {
  const { state } = turn
  const current = state.versions.get(version.key)
  if (current !== undefined && !isLater(turn, version, current)) return
  if (current === undefined) state.keys.push(version.key)
  state.versions.set(version.key, version)
  turn.persist({ kind: 'version', version })
}

/** The bug: tags with the same counter count as equal, so each replica keeps the version that it received first. */
function isLater(turn: QuorumTurn, version: Version, than: Version): boolean {
  const later = compareTags(version.tag, than.tag) > 0
  if (!later || version.tag.counter !== than.tag.counter || !turn.suffers('no-tie-break')) return later
  return false
}

// Hinted handoff: "Nodes that receive hinted replicas will keep them in a separate local database […]. Upon detecting
// that A has recovered, D will attempt to deliver the replica to A. Once the transfer succeeds, D may delete the object"
// (Dynamo §4.6).

function keepHint(turn: QuorumTurn, owner: NodeId, version: Version): void {
  if (!addHint(turn.state, owner, version)) return
  // The bug: hints are kept only in memory, so a restart drops them.
  turn.persistUnless('drop-handoff-on-restart', { kind: 'hint', owner, version })
}

export function addHint({ hints }: QuorumState, owner: NodeId, version: Version): boolean {
  const kept = hints.get(owner) ?? new Map<string, Version>()
  hints.set(owner, kept)
  const current = kept.get(version.key)
  if (current !== undefined && compareTags(version.tag, current.tag) <= 0) return false
  kept.set(version.key, version)
  return true
}

/** Removes a hint that its owner has received, unless a later hint has replaced it. */
export function dropHint({ hints }: QuorumState, owner: NodeId, { key, tag }: Pick<Version, 'key' | 'tag'>): boolean {
  const kept = hints.get(owner)
  const hint = kept?.get(key)
  if (hint === undefined || compareTags(hint.tag, tag) > 0) return false
  return kept?.delete(key) === true
}
