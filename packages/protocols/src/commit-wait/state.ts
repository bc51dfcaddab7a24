import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { Turn, Types } from '../turn.ts'

export interface CommitWaitConfig {
  /** How writes and reads are ordered across clocks. */
  readonly order: 'commit-wait' | 'uncertainty-interval'
  /** ε: the largest deviation of a clock from true time that the protocol allows for; `skewMs` may exceed it. */
  readonly epsilonMs: Millis
  /** The largest deviation of this cluster's clocks from true time. */
  readonly skewMs: Millis
  readonly requestTimeoutMs: Millis
  readonly bug: string | undefined
}

/** A time, and a counter that orders versions of the same time. */
export interface Stamp {
  readonly time: number
  readonly logical: number
}

export interface Version {
  readonly stamp: Stamp
  readonly value: Json
}

/** A request sent to the owner of its key. */
export interface Ask {
  readonly requestId: string
  readonly gateway: NodeId
  readonly command: Command
  /** The time by the gateway's clock when the client sent the request. */
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
  /** At the gateway: the requests of this node's clients by id, each with the number of sweeps since its arrival. */
  readonly asked: Map<string, { readonly command: Command; sweeps: number }>
  // The state of the owner of some keys.
  /** Oldest first. */
  readonly versions: Map<string, Version[]>
  /** The latest time of a read, by key, so that no later write gets an earlier time. In memory only. */
  readonly readAt: Map<string, Stamp>
  /** By key: the write that waits until its time has passed. */
  readonly waiting: Map<string, { readonly ask: Ask; readonly version: Version }>
  /** The requests that arrived while a write waited, by key. */
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

/** Returns the time by this node's clock. */
export const timeHere = ({ now, state }: CommitWaitTurn): number => now + state.aheadMs

export const BEGINNING: Stamp = { time: Number.NEGATIVE_INFINITY, logical: 0 }

export const isAfter = (one: Stamp, other: Stamp): boolean =>
  one.time > other.time || (one.time === other.time && one.logical > other.logical)

/** Returns this time, or a stamp just after `floor` if that is later. */
export const stampAfter = (time: number, floor: Stamp): Stamp =>
  time > floor.time ? { time, logical: 0 } : { time: floor.time, logical: floor.logical + 1 }
