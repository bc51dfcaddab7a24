import type { NodeId } from '@chaosproxy/faults'
import type { Input, Millis } from '@chaosproxy/history'
import type { Effect, StateMachine } from '../machine.ts'
import type { AnyMergeable, Write } from './mergeable.ts'
import { compareStamps, type Stamp, type Version } from './version.ts'

export interface MasterMasterConfig {
  readonly mergeable: AnyMergeable
  readonly retransmitMs: Millis
  /** Timestamps are multiples of this. */
  readonly resolutionMs: Millis
  readonly bug: string | undefined
}

export type MasterMasterMessage =
  | { readonly type: 'versions'; readonly versions: readonly Version[] }
  | { readonly type: 'received'; readonly keys: readonly { readonly key: string; readonly stamp: Stamp }[] }

type MasterMasterEffect = Effect<MasterMasterMessage, Version>

export interface MasterMasterState {
  readonly id: NodeId
  readonly peers: readonly NodeId[]
  readonly versions: Map<string, Version>
  /** The object's value, computed from all versions. */
  readonly held: unknown
  /** By peer: the keys whose current version the peer has not confirmed. */
  readonly owed: Map<NodeId, Set<string>>
  count: number
  /** The item that the latest request wrote, if any. */
  wrote: string | undefined
}

export type MasterMasterMachine = StateMachine<MasterMasterState, MasterMasterMessage, Version>

interface Turn {
  readonly config: MasterMasterConfig
  readonly state: MasterMasterState
  readonly effects: MasterMasterEffect[]
}

/** Versions per message. */
const BATCH = 64

/**
 * Every node takes writes and answers at once. For each item the last writer wins, by its own clock. A node keeps
 * sending its versions to every other node until that node confirms them, so copies agree once all nodes can
 * communicate; overwritten versions are gone.
 */
export function createMasterMaster(config: MasterMasterConfig): MasterMasterMachine {
  return {
    start({ id, peers }, journal) {
      const owed = new Map(peers.map((peer) => [peer, new Set<string>()]))
      const held = config.mergeable.initial()
      const state: MasterMasterState = { id, peers, versions: new Map(), held, owed, count: 0, wrote: undefined }
      const turn: Turn = { config, state, effects: [] }
      for (const version of journal) {
        take(turn, version)
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

function handleRequest(turn: Turn, requestId: string, input: Input, now: Millis): void {
  const { state, config } = turn
  const { result, write } = config.mergeable.perform(state.held, input, state)
  state.wrote = write?.key
  if (write !== undefined) takeWrite(turn, write, now)
  turn.effects.push({ type: 'reply', requestId, result })
}

function takeWrite(turn: Turn, { key, value, timeless }: Write, now: Millis): void {
  const { state, config, effects } = turn
  state.count++
  const time = timeless ? 0 : Math.floor(now / config.resolutionMs)
  const version: Version = { key, value, stamp: { time, node: state.id, count: state.count } }
  // Acknowledged and lost at once, because a faster clock has already written here: inherent in this design.
  if (!isNewer(turn, version)) return
  take(turn, version)
  effects.push({ type: 'persist', record: version })
  owe(turn, key)
  for (const peer of state.peers)
    effects.push({ type: 'send', to: peer, message: { type: 'versions', versions: [version] } })
}

function take({ state, config }: Pick<Turn, 'state' | 'config'>, version: Version): void {
  const before = state.versions.get(version.key)
  state.versions.set(version.key, version)
  config.mergeable.took(state.held, version, before)
}

function handleVersions(turn: Turn, from: NodeId, versions: readonly Version[]): void {
  const { config, effects } = turn
  for (const version of versions) {
    // The mistake: the version that arrives last counts as the latest.
    if (!isNewer(turn, version)) {
      if (config.bug !== 'clock-ignorant') continue
      if (!isSame(turn, version)) mark(turn)
    }
    take(turn, version)
    // The mistake: received versions are confirmed but kept only in memory.
    if (config.bug === 'forget-received') mark(turn)
    else effects.push({ type: 'persist', record: version })
  }
  const keys = versions.map(({ key, stamp }) => ({ key, stamp }))
  effects.push({ type: 'send', to: from, message: { type: 'received', keys } })
}

function handleReceived(
  { state }: Turn,
  from: NodeId,
  keys: readonly { readonly key: string; readonly stamp: Stamp }[],
): void {
  const owed = state.owed.get(from)
  for (const { key, stamp } of keys) {
    const current = state.versions.get(key)
    if (current !== undefined && compareStamps(stamp, current.stamp) === 0) owed?.delete(key)
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
    const version = state.versions.get(key)
    if (version !== undefined) versions.push(version)
    if (versions.length === BATCH) break
  }
  if (versions.length > 0) effects.push({ type: 'send', to: peer, message: { type: 'versions', versions } })
}

const mark = ({ effects }: Turn): void => {
  effects.push({ type: 'mark' })
}

const isSame = ({ state }: Turn, { key, stamp }: Version): boolean => {
  const current = state.versions.get(key)
  return current !== undefined && compareStamps(stamp, current.stamp) === 0
}

function isNewer(turn: Turn, version: Version): boolean {
  const { state, config } = turn
  const current = state.versions.get(version.key)
  if (current === undefined) return true
  const newer = compareStamps(version.stamp, current.stamp) > 0
  if (config.bug !== 'no-tie-break' || current.stamp.node === version.stamp.node) return newer
  // The mistake: of two writes with the same time, each node keeps the one it has.
  const later = version.stamp.time > current.stamp.time
  if (later !== newer) mark(turn)
  return later
}
