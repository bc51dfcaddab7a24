import type { SqlValue } from '../types/value.ts'
import type { RowLock } from './modes.ts'

export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** A transaction. Versions of rows refer to the object: nothing is looked up by number. */
export interface Transaction {
  readonly pid: number
  /** The levels `read uncommitted` and `read committed` are the same. */
  isolation: Isolation
  readOnly: boolean
  deferrable: boolean
  /** It defined something or emptied a table: its commit is on the disk at once, which PostgreSQL may always do. */
  isPermanent: boolean
  state: 'active' | 'committed' | 'aborted'
  /** The place of its commit among all commits. */
  commitNumber: number
  /** `now()`: microseconds since 2000-01-01. */
  readonly startedAt: bigint
  /** Counts the commands that wrote: a command does not see its own writes. */
  commandId: number
  /** How many commands there were: a trigger's commands are numbered after the one that fires it, which goes on with its own number. */
  commands: number
  /** The snapshot of the transaction at repeatable read and above; of the statement at read committed. */
  snapshot: Snapshot | undefined
  /** When the snapshot was taken, all transactions with a smaller number had ended. */
  xmin: number
  /** Present at serializable, from the first snapshot on. */
  reader: Reader | undefined
  /** The innermost open subtransaction; the transaction's own without a savepoint. */
  current: Subtransaction
}

/** What a savepoint began, or the transaction's outermost part. */
export interface Subtransaction {
  readonly transaction: Transaction
  readonly parent: Subtransaction | undefined
  readonly savepoint: string | undefined
  aborted: boolean
  /** Its transaction id, given at its first write; 0 before. */
  xid: number
  /** Undoes changes of the catalogue and the session, last first. */
  readonly undo: (() => void)[]
}

/** Sees what was committed up to `commitNumber`, and what the own transaction wrote before `commandId`. */
export interface Snapshot {
  readonly commitNumber: number
  readonly commandId: number
}

export interface Tuple {
  values: readonly SqlValue[]
  readonly row: Row
  readonly xmin: Subtransaction
  readonly cmin: number
  /** Who updated or deleted this version; of an aborted transaction it counts for nothing. */
  xmax: Subtransaction | undefined
  /** The command of `xmax`; while there is none, the number that `xmax` shows: of who locked the version, or 0. */
  cmax: number
  /** The lock that the update or the deletion holds. */
  xmaxLock: RowLock
  /** The version that replaces this one; undefined with `xmax` set: the row was deleted. */
  next: Tuple | undefined
  /** Serializable transactions that read this version. */
  readers: Set<Reader> | undefined
}

/** What the versions of a row share. */
export interface Row {
  /** Its place in the table: `ctid` shows it. */
  readonly number: number
  /** Row locks that were not taken by an update or a deletion. */
  lockers: Locker[]
}

export interface Locker {
  readonly holder: Subtransaction
  /** The version that was locked: the versions that replace it are locked with it, those before it are not. */
  readonly version: Tuple
  readonly lock: RowLock
  /** How many commits there were when it was taken. */
  readonly since: number
}

/** Rows and indexes of a table, without what the statements know of it. */
export interface Heap {
  readonly oid: number
  name: string
  schema: string
  tuples: Tuple[]
  /** What TRUNCATE has taken out, where a witness keeps every version. */
  emptied?: readonly Tuple[]
  rowsInserted: number
  indexes: Index[]
  /** Versions that some statement made superfluous since the last vacuum; a guess. */
  garbage: number
  /** Serializable transactions that read all of the table. */
  readonly readers: Set<Reader>
  /** Serializable transactions that read more than a few of its rows. */
  readonly pageReaders: Set<Reader>
}

export interface Index {
  readonly oid: number
  name: string
  readonly unique: boolean
  readonly primary: boolean
  readonly nullsNotDistinct: boolean
  /** A constraint of the table stands behind it: errors name it so. */
  constraint: boolean
  /** Checked at the end of the statement or of the transaction, not row by row. */
  readonly deferrable: boolean
  initiallyDeferred: boolean
  /** Positions of columns in a row; undefined for an expression. */
  readonly columns: readonly (number | undefined)[]
  /** Positions of the columns that it includes without indexing them. */
  readonly included: readonly (number | undefined)[]
  /** `btree`, `gist`, … */
  readonly method: string
  /** What follows each column in its definition, such as ` DESC`; undefined after an operator class, which is not kept. */
  readonly orders: readonly (string | undefined)[]
  /** The parse trees of its expressions, without locations, at the places where `columns` has none. */
  expressions: readonly (string | undefined)[]
  /** The parse tree of a partial index's condition. */
  condition: string | undefined
  /** A partial index: only what updates it if rows that fulfil its condition. */
  readonly partial: boolean
  /** EXCLUDE: whether two rows with these values exclude each other; undefined of any other index. */
  readonly excludes: ((a: readonly SqlValue[], b: readonly SqlValue[]) => boolean) | undefined
  /** Of a partition, whose rows alone it holds; catalogues show it there. */
  readonly ofPartition?: true
  /** What errors call it and its table, of a row in a partition. */
  partitionAt?: (row: readonly SqlValue[]) => { readonly table: Pick<Heap, 'schema' | 'name'>; readonly name: string }
  /** The indexed values of a row; undefined if a partial index does not hold it. */
  valuesOf(row: readonly SqlValue[]): readonly SqlValue[] | undefined
  /** The text that equal values share. */
  keyOf(values: readonly SqlValue[]): string
  /** The columns and values of a key for a message: `(a, b)=(1, 2)`. */
  describe(values: readonly SqlValue[]): string
  readonly entries: Map<string, Tuple[]>
  /** Serializable transactions that looked up a key. */
  readonly readers: Map<string, Set<Reader>>
}

/** A serializable transaction as others meet it, also after its end (predicate.c, SERIALIZABLEXACT). */
export interface Reader {
  readonly transaction: Transaction
  /** The rw-conflicts: those that read what this one wrote, and those that wrote what this one read. */
  readonly conflictsIn: Set<Reader>
  readonly conflictsOut: Set<Reader>
  /** Others saw that it must not commit. */
  doomed: boolean
  wrote: boolean
  prepared: boolean
  committed: boolean
  prepareNumber: number
  commitNumber: number
  readonly lastCommitBeforeSnapshot: number
  /** It committed with a conflict out to a transaction that committed before. */
  conflictOut: boolean
  earliestOutConflictCommit: number
  /** Removes what it read from rows, tables and keys. */
  readonly reads: Set<Set<Reader>>
  /** How many rows of each table it read one by one and did not write since. */
  readonly rowsRead: Map<Heap, number>
}
