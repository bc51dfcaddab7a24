import type { NodeId } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import type { MessagesOf, Turn, Types } from '../turn.ts'
import type { Conflicts, Tick } from './clock.ts'
import type { AnyMergeable } from './mergeable.ts'
import type { Stamp, Version } from './version.ts'

export interface MasterMasterConfig {
  readonly mergeable: AnyMergeable
  readonly conflicts: Conflicts
  readonly siblings: 'latest' | 'all'
  readonly retransmitMs: Millis
  /** Timestamps are multiples of this value. */
  readonly resolutionMs: Millis
  readonly bug: string | undefined
}

export type MasterMasterMessage = MessagesOf<{
  versions: { versions: readonly Version[] }
  received: { keys: readonly { key: string; stamp: Stamp }[] }
}>

export interface MasterMasterState {
  readonly id: NodeId
  readonly peers: readonly NodeId[]
  readonly conflicts: Conflicts
  readonly versions: Map<string, Version>
  /**
   * Used only with version vectors. For each key: the versions that are concurrent with the key's version in
   * `versions`.
   */
  readonly siblings: Map<string, readonly Version[]>
  /** The object's value, computed from all versions. */
  readonly held: unknown
  /** By peer: the keys whose current version it has not confirmed. */
  readonly owed: Map<NodeId, Set<string>>
  count: number
  latest: Tick
  readonly showAll: boolean
  /** The items that the latest request wrote. */
  wrote: readonly string[]
}

export type MasterMaster = Types<MasterMasterConfig, MasterMasterState, MasterMasterMessage, Version, 'gossip'>
export type MasterMasterTurn = Turn<MasterMaster>
