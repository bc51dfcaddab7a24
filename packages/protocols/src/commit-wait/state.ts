import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { MessagesOf, Turn, Types } from '../turn.ts'

interface CommitWaitConfig {
  /** How writes and reads are ordered across clocks. */
  readonly order: 'commit-wait' | 'uncertainty-interval'
  /** ε: the largest clock deviation that the protocol allows for; `skewMs` may exceed it. */
  readonly epsilonMs: Millis
  /** The largest deviation of this cluster's clocks from true time. */
  readonly skewMs: Millis
  readonly requestTimeoutMs: Millis
  readonly bug: string | undefined
}

export interface Stamp {
  readonly time: number
  readonly logical: number
}

export interface Version {
  readonly stamp: Stamp
  readonly value: Json
}

export interface Ask {
  readonly requestId: string
  readonly gateway: NodeId
  readonly command: Command
  /** The time by the gateway's clock when the client sent the request. */
  readonly at: number
}

type CommitWaitMessage = MessagesOf<{
  ask: { ticket: Ticket; ask: Ask }
  answer: { requestId: string; result: Completion }
}>

interface CommitWaitState {
  readonly id: NodeId
  /** How far this node's clock is ahead, in addition to injected faults. */
  readonly aheadMs: number
  readonly nodes: readonly [NodeId, ...NodeId[]]
  readonly forwarding: Forwarding
  /** At the gateway: its clients' requests. `sweeps`: how often `sweep` has run since the request arrived. */
  readonly pending: Map<string, { readonly command: Command; sweeps: number }>
  /** Oldest first. */
  readonly versions: Map<string, Version[]>
  /** By key: the latest time of a read. No later write gets an earlier time. In memory only. */
  readonly readAt: Map<string, Stamp>
  /** By key: the write that waits until its time has passed. */
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

export const timeHere = ({ now, state }: CommitWaitTurn): number => now + state.aheadMs

export const BEGINNING: Stamp = { time: Number.NEGATIVE_INFINITY, logical: 0 }

export const isAfter = (one: Stamp, other: Stamp): boolean =>
  one.time > other.time || (one.time === other.time && one.logical > other.logical)

/** Returns the earliest timestamp that is at or after `time`, and after `floor`. */
export const stampAfter = (time: number, floor: Stamp): Stamp =>
  time > floor.time ? { time, logical: 0 } : { time: floor.time, logical: floor.logical + 1 }
