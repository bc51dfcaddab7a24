import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'

interface LeaseLockConfig extends Subject {
  readonly leaseMs: Millis
  /** Lock holders assume that no monotonic clock is faster than another by more than this factor. */
  readonly clockDrift: number
  readonly clock: 'wall' | 'monotonic'
  readonly fencing: boolean
  readonly retransmitMs: Millis
}

/** Identifies one attempt of a worker under the lock of a key. */
interface Named {
  readonly key: string
  readonly section: string
}

type LeaseLockMessage = MessagesOf<{
  acquire: Named & { attempt: number }
  /** `until` is a time by the service's wall clock. */
  granted: Named & {
    attempt: number
    token: number
    until: number
  }
  release: Named
  load: Named & { token: number }
  loaded: Named & { content: Json; version: number }
  store: Named & { token: number; content: Json; base: number }
  stored: Named
  /** The store has seen a later token. */
  refused: Named
}>

type LeaseLockRecord = RecordsOf<{
  grant: { key: string; grant: Omit<Grant, 'since'> }
  released: { key: string }
  cell: { key: string; cell: Cell }
}>

export interface Grant {
  readonly token: number
  readonly section?: string | undefined
  readonly until: number
  readonly since: number
}

export interface Cell {
  /** The content in the form in which the object saves it; null if nothing has been stored. */
  readonly content: Json
  readonly version: number
  readonly section: string
  /** The highest token that the store has seen. */
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
  | { readonly type: 'acquire'; readonly attempt: number; readonly requestedAt: number }
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
  /** The end of the lease by the worker's clock, wall or monotonic as configured. */
  readonly until: number
}

export interface LeaseLockState {
  readonly id: NodeId
  readonly service: NodeId
  readonly store: NodeId
  readonly life: number
  readonly fencing: boolean
  // The lock service.
  readonly locks: Map<string, Grant>
  /** Whether the leases from before a restart have been renewed. The restart lost the clock that measured them. */
  renewed: boolean
  // The store.
  readonly cells: Map<string, Cell>
  clash: string | undefined
  // The state of the worker; each node is a worker.
  readonly sections: Map<string, Section>
  readonly waiting: Map<string, readonly Pending[]>
  named: number
}

export type LeaseLock = Types<LeaseLockConfig, LeaseLockState, LeaseLockMessage, LeaseLockRecord, 'again'>
export type LeaseLockTurn = Turn<LeaseLock>
