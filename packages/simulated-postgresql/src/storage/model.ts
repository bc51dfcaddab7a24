import type { SqlValue } from '../types/value.ts'
import type { RowLock } from './modes.ts'

export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

export interface Transaction {
  readonly pid: number
  /** `read uncommitted` equals `read committed`. */
  isolation: Isolation
  readOnly: boolean
  deferrable: boolean
  /** Whether the commit is on disk immediately, as PostgreSQL permits after definitions and TRUNCATE. */
  isPermanent: boolean
  state: 'active' | 'committed' | 'aborted'
  /** The number of the transaction in the order of commits. */
  commitNumber: number
  /** `now()`: microseconds since 2000-01-01. */
  readonly startedAt: bigint
  /** The number of commands that wrote. A command does not see its own writes. */
  commandId: number
  /** The number of commands so far, including those of triggers. The next command gets the next number. */
  commands: number
  /** The snapshot of the transaction or, at read committed, of the statement. */
  snapshot: Snapshot | undefined
  /** Every transaction with a smaller id had ended when the snapshot was taken. */
  xmin: number
  reader: Reader | undefined
  /** The innermost open subtransaction. */
  current: Subtransaction
}

/** The part of a transaction after a savepoint, or its outermost part. */
export interface Subtransaction {
  readonly transaction: Transaction
  readonly parent: Subtransaction | undefined
  readonly savepoint: string | undefined
  aborted: boolean
  xid: number
  /** Functions that undo changes of the catalogue and the session, run in reverse order. */
  readonly undo: (() => void)[]
}

/** Shows the commits up to `commitNumber`, and the transaction's own writes before the command `commandId`. */
export interface Snapshot {
  readonly commitNumber: number
  readonly commandId: number
}

export interface Tuple {
  values: readonly SqlValue[]
  readonly row: Row
  readonly xmin: Subtransaction
  readonly cmin: number
  /** The subtransaction that deleted or replaced this version. If it aborted, the version is still current. */
  xmax: Subtransaction | undefined
  /**
   * The number of the command that set `xmax`. If `xmax` is not set, the id of a transaction that locked the version,
   * or 0.
   */
  cmax: number
  xmaxLock: RowLock
  /** The next version of the row. If `xmax` is set without a next version, the row was deleted. */
  next: Tuple | undefined
  /** The serializable transactions that read this version. */
  readers: Set<Reader> | undefined
}

export interface Row {
  /** The row's number in the table, which `ctid` shows. */
  readonly number: number
  lockers: Locker[]
}

export interface Locker {
  readonly holder: Subtransaction
  /** The oldest version that the lock covers. It covers all later versions of the row, too. */
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
  /**
   * The row versions that TRUNCATE removed. They are kept for a witness, which records the reads and writes of
   * transactions.
   */
  emptied?: readonly Tuple[]
  rowsInserted: number
  indexes: Index[]
  /** The estimated number of garbage versions since the last vacuum. */
  garbage: number
  readonly readers: Set<Reader>
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
  /** Whether the index may be checked at the end of the statement or transaction instead of row by row. */
  readonly deferrable: boolean
  initiallyDeferred: boolean
  readonly columns: readonly (number | undefined)[]
  readonly included: readonly (number | undefined)[]
  /** `btree`, `gist`, … */
  readonly method: string
  /**
   * The text after each column in the definition, such as ` DESC`. Undefined if the column has an operator class, whose
   * order is not stored.
   */
  readonly orders: readonly (string | undefined)[]
  /** By position, as in `columns`: the parse tree of the indexed expression, as text; undefined for a plain column. */
  expressions: readonly (string | undefined)[]
  condition: string | undefined
  readonly partial: boolean
  /** EXCLUDE: whether two rows with these values exclude each other. */
  readonly excludes: ((a: readonly SqlValue[], b: readonly SqlValue[]) => boolean) | undefined
  /** Whether the index holds only a partition's rows. The system catalogue lists it as an index of the partition. */
  readonly ofPartition?: true
  /** Returns the partition's table and index, which errors name. */
  partitionAt?: (row: readonly SqlValue[]) => { readonly table: Pick<Heap, 'schema' | 'name'>; readonly name: string }
  /** Returns the indexed values of a row; undefined if a partial index lacks the row. */
  valuesOf(row: readonly SqlValue[]): readonly SqlValue[] | undefined
  /** Returns the text of a key. Equal values have equal texts. */
  keyOf(values: readonly SqlValue[]): string
  /** Describes a key: `(a, b)=(1, 2)`. */
  describe(values: readonly SqlValue[]): string
  readonly entries: Map<string, Tuple[]>
  /** The serializable transactions that looked up each key. */
  readonly readers: Map<string, Set<Reader>>
}

/** The conflicts of a serializable transaction, which matter even after its end (predicate.c, SERIALIZABLEXACT). */
export interface Reader {
  readonly transaction: Transaction
  /**
   * The transactions that read an older version of something that this transaction wrote (rw-conflicts in).
   * `conflictsOut` are the transactions that wrote a newer version of something that this transaction read.
   */
  readonly conflictsIn: Set<Reader>
  readonly conflictsOut: Set<Reader>
  doomed: boolean
  wrote: boolean
  prepared: boolean
  committed: boolean
  prepareNumber: number
  commitNumber: number
  readonly lastCommitBeforeSnapshot: number
  /** Whether `conflictsOut` contained a committed transaction when this transaction committed. */
  conflictOut: boolean
  earliestOutConflictCommit: number
  /** All sets of readers that this transaction belongs to. */
  readonly reads: Set<Set<Reader>>
  /** For each table, the number of rows that this transaction read one by one and has not written since. */
  readonly rowsRead: Map<Heap, number>
}
