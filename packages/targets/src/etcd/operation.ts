import type { Completion, Input, Json } from '@chaosproxy/history'
import type { NodeAddress } from '../clients/planned-clients.ts'
import type { Locks } from './locks.ts'
import type { Asking } from './store.ts'
import type { WatchStream } from './watch-stream.ts'

/** How the objects of a workload are kept. */
export interface Keeping {
  /** `value`: one key holds the object; `elements`: each element is a key. */
  readonly as: 'value' | 'elements'
  /** What an object holds that no key is there for. */
  readonly initial: Json
  /** How a value is read and changed: again until nobody came between, or under a lock. */
  readonly update: 'txn' | 'lock'
  readonly locks: Locks
}

/** One operation under way. */
export interface Operation extends Asking {
  readonly address: NodeAddress
  /** Resolves once a moment has passed; false if no time is left. */
  pause(): Promise<boolean>
  remainingMs(): number
  /** The watches of the client, by their names. */
  readonly streams: Map<number, WatchStream>
}

/** Carries out one operation of a workload. */
export type Perform = (operation: Operation, input: Input, keeping: Keeping) => Promise<Completion>
