import type { NodeId } from '@chaosproxy/faults'
import { countPresent, type Entry, entriesFrom, firstOfTerm, lastIndex, replaceFrom, termAt } from '../log.ts'
import { answer, answerReads } from '../routing/answers.ts'
import { createRounds, type Rounds } from '../routing/rounds.ts'
import type { Handler } from '../turn.ts'
import { applyAll, applyNext, rebuildCopy } from './copy.ts'
import {
  majorityOf,
  type OwnWrite,
  type PrimaryReplica,
  type PrimaryReplicaTurn,
  type Replica,
  syncCount,
} from './state.ts'

/** The number of entries in a message. `WINDOW` is the number in flight to one replica. */
const BATCH = 64
const WINDOW = 256

export const createReplica = (lastLogIndex: number): Replica => ({
  next: lastLogIndex + 1,
  match: 0,
  ackedRound: 0,
  heard: true,
  reachable: true,
})

export function appendEntry(turn: PrimaryReplicaTurn, entry: Entry): void {
  const { log } = turn.state
  log.entries.push(entry)
  turn.persist({ kind: 'entries', from: lastIndex(log), entries: [entry] })
  acknowledge(turn)
}

export function heartbeat(turn: PrimaryReplicaTurn): void {
  for (const [id, replica] of turn.state.replicas) if (!sendEntries(turn, id, replica)) sendFrom(turn, id, replica, 0)
}

export function sendToAll(turn: PrimaryReplicaTurn): void {
  for (const [id, replica] of turn.state.replicas) sendEntries(turn, id, replica)
}

function sendEntries(turn: PrimaryReplicaTurn, id: NodeId, replica: Replica): boolean {
  if (replica.next > lastIndex(turn.state.log) || replica.next - replica.match > WINDOW) return false
  sendFrom(turn, id, replica, BATCH)
  return true
}

function sendFrom(turn: PrimaryReplicaTurn, id: NodeId, replica: Replica, limit: number): void {
  const { state } = turn
  const prevIndex = replica.next - 1
  const entries = limit === 0 ? [] : entriesFrom(state.log, replica.next, limit)
  const prevEpoch = termAt(state.log, prevIndex) ?? 0
  replica.next += entries.length
  turn.send(id, { type: 'replicate', epoch: state.epoch, prevIndex, prevEpoch, entries, round: state.roundStarted })
}

/** Handles a message from the primary. Where the logs differ, the primary's log replaces this node's log. */
export const handleReplicate: Handler<PrimaryReplica, 'replicate'> = (turn, message, from) => {
  const { state, config } = turn
  const { log } = state
  const { epoch, round, prevIndex } = message
  const here = termAt(log, prevIndex)
  if (here !== message.prevEpoch) {
    const retryFrom = here === undefined ? lastIndex(log) + 1 : firstOfTerm(log, prevIndex)
    turn.send(from, { type: 'replicated', epoch, round, retryFrom })
    return
  }
  const present = countPresent(log, prevIndex, message.entries)
  if (present < message.entries.length) {
    const from = prevIndex + 1 + present
    const fresh = message.entries.slice(present)
    replaceFrom(log, from, fresh)
    turn.persist({ kind: 'entries', from, entries: fresh })
    if (state.applied >= from) rebuildCopy(config.object, state)
  }
  applyAll(config.object, state)
  turn.send(from, { type: 'replicated', epoch, round, match: prevIndex + message.entries.length })
}

export const handleReplicated: Handler<PrimaryReplica, 'replicated'> = (turn, message, from) => {
  const { state } = turn
  const replica = state.replicas.get(from)
  if (state.role !== 'primary' || replica === undefined) return
  replica.heard = true
  replica.reachable = true
  if (message.round > replica.ackedRound) {
    replica.ackedRound = message.round
    rounds.confirmRound(turn)
  }
  const { match, retryFrom } = message
  if (match !== undefined && match > replica.match) {
    replica.match = match
    replica.next = Math.max(replica.next, match + 1)
    acknowledge(turn)
    releaseOwn(turn, from, match)
  }
  // If the logs are already known to match at `retryFrom`, the request to retry is stale. Obeying it could cause an
  // endless loop.
  if (retryFrom !== undefined) {
    if (retryFrom <= replica.match || retryFrom >= replica.next) return
    replica.next = retryFrom
  }
  sendEntries(turn, from, replica)
}

function acknowledge(turn: PrimaryReplicaTurn): void {
  const { state, config } = turn
  const matches = [...state.replicas.values()].map((replica) => replica.match).sort((one, other) => other - one)
  const sync = syncCount(turn)
  const index = sync === 0 ? lastIndex(state.log) : (matches[sync - 1] ?? 0)
  // Nothing is committed until enough replicas have an entry of this epoch. Until then, a node without the entries of
  // earlier epochs may become primary.
  if (index < state.noopIndex) return
  state.committed = Math.max(state.committed, Math.min(index, lastIndex(state.log)))
  while (state.applied < state.committed) {
    const result = applyNext(config.object, state)
    settle(turn, state.applied, result)
  }
  answerReads(turn)
}

function settle(turn: PrimaryReplicaTurn, index: number, result: ReturnType<typeof applyNext>): void {
  const origin = turn.state.proposals.get(index)
  if (origin === undefined || result === undefined) return
  turn.state.proposals.delete(index)
  acknowledgeOwn(turn, index, { origin, result })
}

export const rounds: Rounds<PrimaryReplicaTurn> = createRounds<PrimaryReplicaTurn, Replica>({
  send: heartbeat,
  isEnough: ({ state }, answered) => answered >= majorityOf(state),
  peers: ({ state }: PrimaryReplicaTurn) => state.replicas.values(),
  roundOf: ({ ackedRound }) => ackedRound,
})

// A client of a sticky session reads from the replica that it calls. "Read Your Writes" holds because the primary waits
// until that replica has the client's write (Terry et al., "Session Guarantees for Weakly Consistent Replicated Data",
// 1994, §3.1; MySQL and PostgreSQL instead let the read wait for the position of the write).

/**
 * Answers a committed write. If the client called a replica, the answer may have to wait until that replica has the
 * write.
 */
function acknowledgeOwn(turn: PrimaryReplicaTurn, index: number, write: OwnWrite): void {
  const { config, state } = turn
  const { node } = write.origin
  const lags = config.ownWrites && node !== state.id && (state.replicas.get(node)?.match ?? 0) < index
  // The bug: entries count as received once they were sent to the replica.
  const sent = lags && turn.suffers('own-write-when-sent')
  if (lags && !sent) state.ownWrites.set(index, write)
  else answer(turn, write.origin, write.result)
}

/** Answers the writes that waited for this replica, which has the log up to `match`. */
function releaseOwn(turn: PrimaryReplicaTurn, replica: NodeId, match: number): void {
  const { ownWrites } = turn.state
  for (const [index, { origin, result }] of ownWrites) {
    if (index > match) return
    if (origin.node !== replica) continue
    ownWrites.delete(index)
    answer(turn, origin, result)
  }
}
