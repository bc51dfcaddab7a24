import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { Turn, Types } from '../turn.ts'

export interface CommitWaitConfig {
  /** How writes and reads are ordered across clocks. */
  readonly order: 'commit-wait' | 'uncertainty-interval'
  /** ε: no clock is further from true time than this. */
  readonly epsilonMs: Millis
  /** How far this cluster's clocks are from true time at most. */
  readonly skewMs: Millis
  readonly requestTimeoutMs: Millis
  readonly bug: string | undefined
}

/** A time, and a count that orders versions of the same time. */
export interface Stamp {
  readonly time: number
  readonly logical: number
}

export interface Version {
  readonly stamp: Stamp
  readonly value: Json
}

/** A request on its way to the owner of its key. */
export interface Ask {
  readonly requestId: string
  readonly gateway: NodeId
  readonly command: Command
  /** The gateway's clock when the client asked. */
  readonly at: number
}

type CommitWaitMessage =
  | { readonly type: 'ask'; readonly ticket: Ticket; readonly ask: Ask }
  | { readonly type: 'answer'; readonly requestId: string; readonly result: Completion }

export interface CommitWaitState {
  readonly id: NodeId
  /** How far this node's clock is ahead, in addition to any fault injected by its host. */
  readonly aheadMs: number
  readonly nodes: readonly [NodeId, ...NodeId[]]
  readonly forwarding: Forwarding
  /** The gateway: requests of this node's clients by id, with their age in sweeps. */
  readonly asked: Map<string, { readonly command: Command; sweeps: number }>
  // The owner of some keys.
  /** Oldest first. */
  readonly versions: Map<string, Version[]>
  /** By key: the latest time of a read, so that no later write gets an earlier one. In memory only. */
  readonly readAt: Map<string, Stamp>
  /** By key: a write that waits for its time to pass. */
  readonly waiting: Map<string, { readonly ask: Ask; readonly version: Version }>
  /** By key: requests that arrived while a write waited. */
  readonly queued: Map<string, readonly Ask[]>
}

export type CommitWait = Types<
  CommitWaitConfig,
  CommitWaitState,
  CommitWaitMessage,
  { readonly key: string; readonly version: Version },
  'sweep' | `commit ${string}`
>
export type CommitWaitTurn = Turn<CommitWait>

/** By this node's clock. */
export const timeHere = ({ now, state }: CommitWaitTurn): number => now + state.aheadMs

export const BEGINNING: Stamp = { time: Number.NEGATIVE_INFINITY, logical: 0 }

export const isAfter = (one: Stamp, other: Stamp): boolean =>
  one.time > other.time || (one.time === other.time && one.logical > other.logical)

/** This time, or just after `floor` if that is later. */
export const stampAfter = (time: number, floor: Stamp): Stamp =>
  time > floor.time ? { time, logical: 0 } : { time: floor.time, logical: floor.logical + 1 }
