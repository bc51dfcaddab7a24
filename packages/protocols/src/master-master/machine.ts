import type { NodeId } from '@chaosproxy/faults'
import type { Input, Millis } from '@chaosproxy/history'
import type { StateMachine } from '../machine.ts'
import { afterHearing, BEGINNING, nextTick } from './clock.ts'
import { heldOf, isNewer, isSame, replace } from './conflict.ts'
import type { Write } from './mergeable.ts'
import { type MasterMasterConfig, type MasterMasterMessage, type MasterMasterState, mark, type Turn } from './state.ts'
import { compareStamps, type Stamp, type Version, vectorOf } from './version.ts'

export type MasterMasterMachine = StateMachine<MasterMasterState, MasterMasterMessage, Version>

/** Versions per message. */
const BATCH = 64

/**
 * Every node takes writes and answers at once. For each item the last writer wins, by some clock; with version vectors a
 * write replaces what its node had, and concurrent writes stay side by side. A node keeps sending its versions to every
 * other node until that node confirms them, so copies agree once all nodes can communicate; replaced versions are gone.
 */
export function createMasterMaster(config: MasterMasterConfig): MasterMasterMachine {
  return {
    start({ id, peers }, journal) {
      const owed = new Map(peers.map((peer) => [peer, new Set<string>()]))
      const held = config.mergeable.initial()
      const state: MasterMasterState = {
        id,
        peers,
        conflicts: config.conflicts,
        versions: new Map(),
        siblings: new Map(),
        held,
        owed,
        count: 0,
        latest: BEGINNING,
        showAll: config.siblings === 'all',
        wrote: NOTHING,
      }
      const turn: Turn = { config, state, effects: [] }
      for (const version of journal) {
        take(turn, version)
        state.latest = afterHearing(state.latest, version.stamp)
        state.count = Math.max(state.count, version.stamp.node === id ? version.stamp.count : 0)
      }
      // A restart forgets the others' confirmations: send them everything again.
      for (const key of state.versions.keys()) owe(turn, key)
      turn.effects.push({ type: 'setTimer', timer: 'gossip', afterMs: config.retransmitMs })
      return turn
    },
    step(state, event, now) {
      const turn: Turn = { config, state, effects: [] }
      switch (event.type) {
        case 'request':
          handleRequest(turn, event.requestId, event.input, now)
          break
        case 'message':
          if (event.message.type === 'versions') handleVersions(turn, event.from, event.message.versions)
          else handleReceived(turn, event.from, event.message.keys)
          break
        case 'timer':
          for (const peer of state.peers) tell(turn, peer)
          turn.effects.push({ type: 'setTimer', timer: 'gossip', afterMs: config.retransmitMs })
          break
        default:
          event satisfies never
      }
      return turn
    },
    // Every node serves; none leads.
    status: () => ({ role: 'master', leads: false, ready: true }),
  }
}

const NOTHING: readonly string[] = []

function handleRequest(turn: Turn, requestId: string, input: Input, now: Millis): void {
  const { state, config } = turn
  const { result, writes = [] } = config.mergeable.perform(state.held, input, state)
  state.wrote = writes.length === 0 ? NOTHING : writes.map(({ key }) => key)
  if (result.type === 'ok') for (const write of writes) takeWrite(turn, write, now)
  turn.effects.push({ type: 'reply', requestId, result })
}

function takeWrite(turn: Turn, { key, value, timeless }: Write, now: Millis): void {
  const { state, effects } = turn
  state.count++
  const version: Version = { key, value, ...stampOf(turn, key, timeless, now) }
  // Acknowledged and lost at once, because a faster clock has already written here: inherent in timestamps.
  if (!isNewer(turn, version)) return
  take(turn, version)
  effects.push({ type: 'persist', record: version })
  owe(turn, key)
  for (const peer of state.peers)
    effects.push({ type: 'send', to: peer, message: { type: 'versions', versions: [version] } })
}

function stampOf(turn: Turn, key: string, timeless: boolean, now: Millis): Pick<Version, 'stamp' | 'seen'> {
  const { state, config } = turn
  const { id: node, count } = state
  if (timeless) return { stamp: { time: 0, node, count } }
  const { time, logical } = nextTick(config.conflicts, state.latest, Math.floor(now / config.resolutionMs))
  state.latest = { time, logical }
  const stamp: Stamp = logical === 0 ? { time, node, count } : { time, logical, node, count }
  if (config.conflicts !== 'version-vector') return { stamp }
  const held = heldOf(state, key)
  if (config.bug !== 'forget-context') return { stamp, seen: vectorOf(held) }
  // The mistake: a write knows only its own node's versions, and becomes a sibling of the others it should replace.
  const own = held.filter((version) => version.stamp.node === node)
  if (own.length < held.length) mark(turn)
  return { stamp, seen: vectorOf(own.map((version) => ({ ...version, seen: {} }))) }
}

function take(turn: Turn, version: Version): void {
  const { state, config } = turn
  const before = state.versions.get(version.key)
  const current = replace(turn, version)
  if (current !== before) config.mergeable.took(state.held, current, before)
}

function handleVersions(turn: Turn, from: NodeId, versions: readonly Version[]): void {
  const { state, config, effects } = turn
  for (const version of versions) {
    hear(turn, version.stamp)
    // The mistake: the version that arrives last counts as the latest.
    if (!isNewer(turn, version)) {
      if (config.bug !== 'clock-ignorant') continue
      if (!isSame(state, version)) mark(turn)
    }
    take(turn, version)
    // The mistake: received versions are confirmed but kept only in memory.
    if (config.bug === 'forget-received') mark(turn)
    else effects.push({ type: 'persist', record: version })
  }
  const keys = versions.map(({ key, stamp }) => ({ key, stamp }))
  effects.push({ type: 'send', to: from, message: { type: 'received', keys } })
}

function hear(turn: Turn, stamp: Stamp): void {
  const { state, config } = turn
  const latest = afterHearing(state.latest, stamp)
  // The mistake: a logical clock counts its own node's writes only.
  if (config.bug !== 'deaf-clock') state.latest = latest
  else if (latest !== state.latest) mark(turn)
}

function handleReceived(
  { state }: Turn,
  from: NodeId,
  keys: readonly { readonly key: string; readonly stamp: Stamp }[],
): void {
  const owed = state.owed.get(from)
  for (const { key } of keys) {
    const isConfirmed = (version: Version): boolean =>
      keys.some((other) => other.key === key && compareStamps(other.stamp, version.stamp) === 0)
    if (heldOf(state, key).every(isConfirmed)) owed?.delete(key)
  }
}

function owe(turn: Turn, key: string): void {
  const { state, config } = turn
  // The mistake: each write is sent once, and a node that misses it never learns of it.
  if (config.bug === 'forget-gossip') {
    mark(turn)
    return
  }
  for (const owed of state.owed.values()) owed.add(key)
}

/** Sends a peer the versions that it has not confirmed, as many as fit one message. */
function tell({ state, effects }: Turn, peer: NodeId): void {
  const versions: Version[] = []
  for (const key of state.owed.get(peer) ?? []) {
    versions.push(...heldOf(state, key))
    if (versions.length >= BATCH) break
  }
  if (versions.length > 0) effects.push({ type: 'send', to: peer, message: { type: 'versions', versions } })
}
