import type { SqlValue } from '../types/value.ts'
import type { RowLock } from './modes.ts'

export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** A transaction. Row versions refer to this object, and not to the transaction's id. */
export interface Transaction {
  readonly pid: number
  /** The isolation level; `read uncommitted` equals `read committed`. */
  isolation: Isolation
  readOnly: boolean
  deferrable: boolean
  /**
   * Whether the transaction defined an object or emptied a table. The commit of such a transaction is on disk
   * immediately; PostgreSQL permits that.
   */
  isPermanent: boolean
  state: 'active' | 'committed' | 'aborted'
  /** The number of the transaction's commit in the order of all commits. */
  commitNumber: number
  /** `now()`: microseconds since 2000-01-01. */
  readonly startedAt: bigint
  /** The number of commands that wrote: a command does not see its own writes. */
  commandId: number
  /**
   * The number of commands so far. The commands of a trigger get the next numbers; the command that fired the trigger
   * keeps its own number.
   */
  commands: number
  /** The snapshot of the transaction at repeatable read and above, or of the statement at read committed. */
  snapshot: Snapshot | undefined
  /** All transactions with a smaller id had ended when the snapshot was taken. */
  xmin: number
  /** The state of the transaction for serializable isolation. Set at its first snapshot. */
  reader: Reader | undefined
  /** The innermost open subtransaction; the outermost part of the transaction if there is no savepoint. */
  current: Subtransaction
}

/** The part of a transaction after a savepoint, or its outermost part. */
export interface Subtransaction {
  readonly transaction: Transaction
  readonly parent: Subtransaction | undefined
  readonly savepoint: string | undefined
  aborted: boolean
  /** The transaction id, assigned at the first write; 0 before. */
  xid: number
  /** Functions that undo changes of the catalogue and the session, run in reverse order. */
  readonly undo: (() => void)[]
}

/** Sees the commits up to `commitNumber`, and the own transaction's writes before `commandId`. */
export interface Snapshot {
  readonly commitNumber: number
  readonly commandId: number
}

export interface Tuple {
  values: readonly SqlValue[]
  readonly row: Row
  readonly xmin: Subtransaction
  readonly cmin: number
  /** The subtransaction that updated or deleted this version; ignored if it aborted. */
  xmax: Subtransaction | undefined
  /**
   * The number of the command that set `xmax`. While `xmax` is undefined: the id of a transaction that locked the
   * version, or 0. The system column `xmax` then shows that id.
   */
  cmax: number
  /** The lock of the update or deletion. */
  xmaxLock: RowLock
  /** The next version of the row. If `xmax` is set and there is no next version, the row was deleted. */
  next: Tuple | undefined
  /** The serializable transactions that read this version. */
  readers: Set<Reader> | undefined
}

/** The data common to all versions of a row. */
export interface Row {
  /** The row's number in the table, which `ctid` shows. */
  readonly number: number
  /** Row locks other than those of updates and deletions. */
  lockers: Locker[]
}

export interface Locker {
  readonly holder: Subtransaction
  /** The locked version. The lock also covers later versions of the row, but no earlier ones. */
  readonly version: Tuple
  readonly lock: RowLock
  /** The number of commits when the lock was taken. */
  readonly since: number
}

/** The rows and indexes of a table, without its definition. */
export interface Heap {
  readonly oid: number
  name: string
  schema: string
  tuples: Tuple[]
  /** The versions that TRUNCATE removed, if a witness keeps every version. */
  emptied?: readonly Tuple[]
  rowsInserted: number
  indexes: Index[]
  /** The estimated number of versions that became garbage since the last vacuum. */
  garbage: number
  /** The serializable transactions that read the whole table. */
  readonly readers: Set<Reader>
  /** The serializable transactions that read more than a few rows of the table. */
  readonly pageReaders: Set<Reader>
}

export interface Index {
  readonly oid: number
  name: string
  readonly unique: boolean
  readonly primary: boolean
  readonly nullsNotDistinct: boolean
  /** Whether the index belongs to a constraint. Errors then name the constraint. */
  constraint: boolean
  /** Whether the index is checked at the end of the statement or of the transaction instead of row by row. */
  readonly deferrable: boolean
  initiallyDeferred: boolean
  /** The indexes of the columns in a row; undefined for an expression. */
  readonly columns: readonly (number | undefined)[]
  /** The indexes of the INCLUDE columns in a row. */
  readonly included: readonly (number | undefined)[]
  /** `btree`, `gist`, … */
  readonly method: string
  /**
   * The text after each column in the definition, such as ` DESC`. Undefined after an operator class, which is not
   * stored.
   */
  readonly orders: readonly (string | undefined)[]
  /** The parse trees of the expressions, without locations, at the positions where `columns` is undefined. */
  expressions: readonly (string | undefined)[]
  /** The parse tree of a partial index's condition. */
  condition: string | undefined
  /** Whether the index is partial; scans do not use a partial index. */
  readonly partial: boolean
  /** EXCLUDE: whether two rows with these values exclude each other; undefined for other indexes. */
  readonly excludes: ((a: readonly SqlValue[], b: readonly SqlValue[]) => boolean) | undefined
  /**
   * Whether the index belongs to a partition and holds only the partition's rows; catalogues list it with the
   * partition.
   */
  readonly ofPartition?: true
  /** For a row of a partition: the table and the index that errors name. */
  partitionAt?: (row: readonly SqlValue[]) => { readonly table: Pick<Heap, 'schema' | 'name'>; readonly name: string }
  /** Returns the indexed values of a row; undefined if a partial index does not contain the row. */
  valuesOf(row: readonly SqlValue[]): readonly SqlValue[] | undefined
  /** Returns the text of a key. Equal values have equal texts. */
  keyOf(values: readonly SqlValue[]): string
  /** Returns the columns and values of a key for a message: `(a, b)=(1, 2)`. */
  describe(values: readonly SqlValue[]): string
  readonly entries: Map<string, Tuple[]>
  /** The serializable transactions that looked up each key. */
  readonly readers: Map<string, Set<Reader>>
}

/** A serializable transaction as its conflicts see it, even after its end (predicate.c, SERIALIZABLEXACT). */
export interface Reader {
  readonly transaction: Transaction
  /**
   * Transactions that read what this one wrote (rw-conflicts in); `conflictsOut` are transactions that wrote what this
   * one read.
   */
  readonly conflictsIn: Set<Reader>
  readonly conflictsOut: Set<Reader>
  /** Whether another transaction has decided that this one must fail, or this one was rolled back. */
  doomed: boolean
  wrote: boolean
  prepared: boolean
  committed: boolean
  prepareNumber: number
  commitNumber: number
  readonly lastCommitBeforeSnapshot: number
  /** Whether the transaction, when it committed, had a conflict out to a transaction that had committed before. */
  conflictOut: boolean
  earliestOutConflictCommit: number
  /** The sets of readers that contain this transaction, for its removal from rows, tables and keys. */
  readonly reads: Set<Set<Reader>>
  /**
   * The number of rows of each table that the transaction read one by one. Rows that it wrote later are not counted.
   */
  readonly rowsRead: Map<Heap, number>
}
