import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Turn, Types } from '../turn.ts'

export interface LeaseLockConfig extends Subject {
  readonly leaseMs: Millis
  /** How much faster one monotonic clock may run than another, as holders assume. */
  readonly drift: number
  readonly clock: 'wall' | 'monotonic'
  readonly fencing: boolean
  readonly retransmitMs: Millis
}

/** Names one attempt of one worker to run a section under the lock of a key. */
interface Named {
  readonly key: string
  readonly section: string
}

type LeaseLockMessage =
  // To the lock service, and back.
  | (Named & { readonly type: 'acquire'; readonly attempt: number })
  /** `until` is by the service's wall clock. */
  | (Named & {
      readonly type: 'granted'
      readonly attempt: number
      readonly token: number
      readonly until: number
    })
  | (Named & { readonly type: 'release' })
  // To the store, and back.
  | (Named & { readonly type: 'load'; readonly token: number })
  | (Named & { readonly type: 'loaded'; readonly content: Json; readonly version: number })
  | (Named & { readonly type: 'store'; readonly token: number; readonly content: Json; readonly base: number })
  | (Named & { readonly type: 'stored' })
  /** The store has seen a later token. */
  | (Named & { readonly type: 'refused' })

type LeaseLockRecord =
  | { readonly kind: 'grant'; readonly key: string; readonly grant: Omit<Grant, 'since'> }
  | { readonly kind: 'released'; readonly key: string }
  | { readonly kind: 'cell'; readonly key: string; readonly cell: Cell }

/** The lock service's record of a lock. The token is that of the latest holder. */
export interface Grant {
  readonly token: number
  /** When absent, the lock was released. */
  readonly section?: string | undefined
  /** When the lease ends, by the service's wall clock … */
  readonly until: number
  /** … and when it began, by its monotonic clock. */
  readonly since: number
}

export interface Cell {
  /** As the object saves it; null if nothing is stored yet. */
  readonly content: Json
  readonly version: number
  /** The section that stored it. */
  readonly section: string
  /** The highest token seen. */
  readonly fence: number
}

export interface Pending {
  readonly requestId: string
  readonly command: Command
}

/** A worker's use of the lock of one key: load, apply its clients' requests, store. */
export interface Section {
  readonly name: string
  readonly requests: readonly Pending[]
  readonly phase: Phase
}

type Phase =
  | { readonly type: 'acquire'; readonly attempt: number; readonly askedAt: number }
  | { readonly type: 'load'; readonly lease: Lease }
  | {
      readonly type: 'store'
      readonly lease: Lease
      readonly content: Json
      readonly base: number
      readonly results: readonly Completion[]
    }

export interface Lease {
  readonly token: number
  /** By the worker's clock of the kind that measures leases. */
  readonly until: number
}

export interface LeaseLockState {
  readonly id: NodeId
  readonly peers: readonly NodeId[]
  readonly service: NodeId
  readonly store: NodeId
  readonly life: number
  readonly fencing: boolean
  // The lock service.
  readonly locks: Map<string, Grant>
  /** Whether leases from before a restart have started over, because the clock that measured them is gone. */
  renewed: boolean
  // The store.
  readonly cells: Map<string, Cell>
  /** A write that was accepted although the value had changed since its section loaded it; for the invariant. */
  clash: string | undefined
  // The worker; each node is one.
  readonly sections: Map<string, Section>
  /** By key: requests that wait for the next section. */
  readonly waiting: Map<string, readonly Pending[]>
  named: number
}

export type LeaseLock = Types<LeaseLockConfig, LeaseLockState, LeaseLockMessage, LeaseLockRecord, 'again'>
export type LeaseLockTurn = Turn<LeaseLock>
