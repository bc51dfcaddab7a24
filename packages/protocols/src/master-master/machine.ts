import type { NodeId } from '@chaosproxy/faults'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
import { afterHearing, BEGINNING, nextTick } from './clock.ts'
import { heldOf, isNewer, isSame, replace } from './conflict.ts'
import type { Write } from './mergeable.ts'
import type { MasterMaster, MasterMasterTurn } from './state.ts'
import { compareStamps, type Stamp, type Version, vectorOf } from './version.ts'

/** Versions per message. */
const BATCH = 64
const NOTHING: readonly string[] = []

/**
 * Every node accepts writes and answers immediately. The last writer of an item wins, by some clock; with version
 * vectors, concurrent writes are kept together. A node keeps sending its versions to every other node until that node
 * confirms them, so copies agree once all nodes can communicate.
 */
export const createMasterMaster: MachineMaker<MasterMaster> = defineMachine<MasterMaster>({
  initial: ({ id, peers }, { conflicts, mergeable, siblings }) => ({
    id,
    peers,
    conflicts,
    versions: new Map(),
    siblings: new Map(),
    held: mergeable.initial(),
    owed: new Map(peers.map((peer) => [peer, new Set<string>()])),
    count: 0,
    latest: BEGINNING,
    showAll: siblings === 'all',
    wrote: NOTHING,
  }),
  redo(turn, version) {
    const { state } = turn
    take(turn, version)
    state.latest = afterHearing(state.latest, version.stamp)
    state.count = Math.max(state.count, version.stamp.node === state.id ? version.stamp.count : 0)
  },
  begin(turn) {
    // A restart loses the other nodes' confirmations, so everything is sent again.
    for (const key of turn.state.versions.keys()) owe(turn, key)
    turn.setTimer('gossip', turn.config.retransmitMs)
  },
  request(turn, { requestId, input }) {
    const { state, config } = turn
    const { result, writes = [] } = config.mergeable.perform(state.held, input, state)
    state.wrote = writes.length === 0 ? NOTHING : writes.map(({ key }) => key)
    if (result.type === 'ok') for (const write of writes) takeWrite(turn, write)
    turn.reply(requestId, result)
  },
  messages: {
    versions(turn, { versions }, from) {
      const { state, config } = turn
      for (const version of versions) {
        hear(turn, version.stamp)
        // The bug: the version that arrives last counts as the latest.
        if (!isNewer(turn, version)) {
          if (config.bug !== 'clock-ignorant') continue
          if (!isSame(state, version)) turn.mark()
        }
        take(turn, version)
        // The bug: received versions are kept only in memory.
        turn.persistUnless('forget-received', version)
      }
      const keys = versions.map(({ key, stamp }) => ({ key, stamp }))
      turn.send(from, { type: 'received', keys })
    },
    received({ state }, { keys }, from) {
      const owed = state.owed.get(from)
      for (const { key } of keys) {
        const isConfirmed = (version: Version) =>
          keys.some((other) => other.key === key && compareStamps(other.stamp, version.stamp) === 0)
        if (heldOf(state, key).every(isConfirmed)) owed?.delete(key)
      }
    },
  },
  timers: {
    gossip(turn) {
      for (const peer of turn.state.peers) sendVersions(turn, peer)
      turn.setTimer('gossip', turn.config.retransmitMs)
    },
  },
  // Every node serves clients, and no node is a leader.
  status: () => ({ role: 'master', leads: false, ready: true }),
  holds(state, read, { mergeable }) {
    const { result, writes } = mergeable.perform(state.held, read, state)
    return result.type === 'ok' && writes === undefined ? result.value : undefined
  },
})

function takeWrite(turn: MasterMasterTurn, { key, value, timeless }: Write): void {
  const { state } = turn
  state.count++
  const version: Version = { key, value, ...stampOf(turn, key, timeless) }
  // A node with a faster clock has already written this item with a later time. So this write is acknowledged, but
  // immediately lost.
  if (!isNewer(turn, version)) return
  take(turn, version)
  turn.persist(version)
  owe(turn, key)
  for (const peer of state.peers) turn.send(peer, { type: 'versions', versions: [version] })
}

function stampOf(turn: MasterMasterTurn, key: string, timeless: boolean): Pick<Version, 'stamp' | 'seen'> {
  const { state, config, now } = turn
  const { id: node, count } = state
  if (timeless) return { stamp: { time: 0, node, count } }
  const { time, logical } = nextTick(config.conflicts, state.latest, Math.floor(now / config.resolutionMs))
  state.latest = { time, logical }
  const stamp: Stamp = logical === 0 ? { time, node, count } : { time, logical, node, count }
  if (config.conflicts !== 'version-vector') return { stamp }
  const held = heldOf(state, key)
  if (config.bug !== 'forget-context') return { stamp, seen: vectorOf(held) }
  // The bug: the vector of a write includes only the versions that the writer's own node wrote. Versions of other
  // nodes, which the write should replace, are kept beside the write as its siblings.
  const own = held.filter((version) => version.stamp.node === node)
  if (own.length < held.length) turn.mark()
  return { stamp, seen: vectorOf(own.map((version) => ({ ...version, seen: {} }))) }
}

function take(turn: MasterMasterTurn, version: Version): void {
  const { state, config } = turn
  const before = state.versions.get(version.key)
  const current = replace(turn, version)
  if (current !== before) config.mergeable.took(state.held, current, before)
}

function hear(turn: MasterMasterTurn, stamp: Stamp): void {
  const { state, config } = turn
  const latest = afterHearing(state.latest, stamp)
  // The bug: the logical clock counts only its own node's writes.
  if (config.bug !== 'deaf-clock') state.latest = latest
  else if (latest !== state.latest) turn.mark()
}

function owe(turn: MasterMasterTurn, key: string): void {
  const { state } = turn
  // The bug: each write is sent only once, although the message may be lost.
  if (turn.suffers('forget-gossip')) return
  for (const owed of state.owed.values()) owed.add(key)
}

/** Sends a peer the versions that it has not confirmed, limited to one message. */
function sendVersions(turn: MasterMasterTurn, peer: NodeId): void {
  const { state } = turn
  const versions: Version[] = []
  for (const key of state.owed.get(peer) ?? []) {
    versions.push(...heldOf(state, key))
    if (versions.length >= BATCH) break
  }
  if (versions.length > 0) turn.send(peer, { type: 'versions', versions })
}
