import type { Completion, Input, Json } from '@chaosproxy/history'
import type { OperationTime } from '../../clients/operation-time.ts'
import type { NodeAddress } from '../../clients/planned-clients.ts'
import type { Locks } from './locks.ts'
import type { Asking } from './store.ts'
import type { WatchStream } from './watch-stream.ts'

export interface Keeping {
  /** `value`: a single key holds the whole object. `elements`: each element of the object is a key. */
  readonly as: 'value' | 'elements'
  readonly initial: Json
  /** How a value is updated: by a transaction that is retried on conflict, or under a lock. */
  readonly update: 'txn' | 'lock'
  readonly locks: Locks
}

export interface Operation extends Asking, OperationTime {
  readonly address: NodeAddress
  readonly streams: Map<number, WatchStream>
}

export type Perform = (operation: Operation, input: Input, keeping: Keeping) => Promise<Completion>
