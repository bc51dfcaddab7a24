import type { Catalogue } from '../catalogue/catalogue.ts'
import type { ServerView } from '../catalogue/relation.ts'
import type { Trigger, TriggerEvent } from '../catalogue/routine.ts'
import type { ForeignKey, Table } from '../catalogue/table.ts'
import type { Compiled, Env, SessionFacts } from '../expressions/env.ts'
import type { Snapshot, Transaction, Tuple } from '../storage/model.ts'
import type { LockMode } from '../storage/modes.ts'
import type { Writer } from '../storage/rows.ts'
import type { Sequence } from '../storage/sequence.ts'
import type { Store } from '../storage/store.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { Rows, SqlType, SqlValue } from '../types/value.ts'
import type { Met, View } from './view.ts'

export interface ResultColumn {
  readonly name: string
  readonly type: SqlType
  /** The oid of the table that has the column. Like `attribute`, it is 0 for a computed value. */
  readonly tableOid: number
  readonly attribute: number
}

export type { Rows } from '../types/value.ts'

export interface QueryPlan {
  readonly columns: readonly ResultColumn[]
  rows(run: Run, outer: Env | undefined): Coroutine<Rows>
  /** Opens a cursor with FOR UPDATE, which locks rows as they are fetched. */
  readonly reading?: ((run: Run) => Coroutine<Reading>) | undefined
}

/** Returns one row per call; undefined after the last row. */
export interface Reading {
  next(): Coroutine<Rows[number] | undefined>
}

export interface ModificationPlan {
  /** Undefined without RETURNING. */
  readonly columns: readonly ResultColumn[] | undefined
  execute(run: Run): Coroutine<{ readonly count: number; readonly rows: Rows }>
  /**
   * Returns one result row for each row that the statement would change, and changes nothing. Absent if the statement
   * reads no table.
   */
  readonly preview?: ((run: Run) => Coroutine<Rows>) | undefined
}

/** A row during query execution: the values of all items of FROM, and their row versions. */
export interface JoinedRow {
  readonly values: SqlValue[]
  readonly tuples: (Tuple | undefined)[]
}

export interface NamedColumn {
  readonly name: string
  readonly type: SqlType
  readonly slot: number
  readonly tableOid: number
  readonly attribute: number
  /** Whether values are computed when they are read; see {@link Deferred}. */
  readonly deferred?: boolean | undefined
}

/**
 * The system columns of a table, for a statement that names at least one of them. Their values are at the end of the
 * row.
 */
export interface SystemColumns {
  readonly columns: readonly NamedColumn[]
  column(name: string): NamedColumn | undefined
  place(values: SqlValue[], tuple: Tuple): void
}

export interface Relation {
  readonly alias: string
  readonly columns: readonly NamedColumn[]
  readonly table: Table | undefined
  /** Whether the relation's name stands for a scalar instead of a row. */
  readonly isScalar: boolean
  readonly tuple: number
  readonly system: SystemColumns | undefined
  /** Columns that PostgreSQL's system catalogue has in this relation, but the simulation lacks. */
  readonly lacking: readonly string[] | undefined
}

export interface CommonTable {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
  rows(run: Run): Coroutine<Rows>
}

/** An item of FROM: joins its rows to each row of the items to its left. */
export interface Item {
  /** The columns that `*` and unqualified names refer to. */
  readonly columns: readonly NamedColumn[]
  extend(run: Run, outer: Env | undefined, left: JoinedRow): Coroutine<JoinedRow[]>
  /**
   * Tells this item that the query needs only those of its rows whose column `own` equals the column `other` of an item
   * to its left. `extend` may still return further rows.
   */
  match?(own: NamedColumn, other: NamedColumn): void
}

/** One execution of a statement, with the session facts for its expressions. */
export interface Run extends SessionFacts, Writer {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly transaction: Transaction
  readonly parameters: readonly SqlValue[]
  readonly snapshot: Snapshot
  readonly memo: Map<object, unknown>
  readonly server: ServerView
  /** What the statement reads, if the engine is observed. */
  readonly met: Met | undefined
  /** The data that a repeated evaluation reads. Such an evaluation takes no locks and changes nothing. */
  readonly view: View | undefined
  /** Whether a query without ORDER BY returns its rows in random order. */
  readonly shuffles: boolean
  readonly owed: OwedCheck[]
  /** Whether the check is deferred to the end of the transaction (SET CONSTRAINTS). */
  isDeferred(constraint: Deferrable): boolean
  /** Returns the snapshot for checks at the end of the statement. */
  latestSnapshot(): Snapshot
  factsOf(table: Table): TableFacts
  /**
   * Locks the tables of a statement, and returns the compiled statement. Compiles it again if the tables changed during
   * the wait.
   */
  locked<T extends Locking>(compile: () => T): Coroutine<T>
  /** Locks a table; returns false if the session already holds the lock. */
  lockTable(target: Lockable, mode: LockMode): Coroutine<boolean>
  /** Locks the object that a name resolves to. After a wait, the name may resolve to another object. */
  lockNamed<T extends Named>(find: () => T, mode: LockMode, kind?: ObjectKind): Coroutine<T>
  nextValue(sequence: Sequence): bigint
  /** The facts for expressions that do not depend on the session, such as index expressions. */
  readonly engineFacts: SessionFacts
  notice(severity: 'NOTICE' | 'WARNING', code: string, message: string): void
  /** Calls a trigger function. Returns the row with which a BEFORE row trigger continues, if any. */
  fire(firing: Firing): Coroutine<readonly SqlValue[] | undefined>
}

export interface Locking {
  /** The tables to lock before the snapshot is taken. */
  readonly tables: ReadonlyMap<Table, LockMode>
  /** The command, such as `INSERT`, if a read-only transaction refuses it. */
  readonly writes: string | undefined
  /**
   * Whether the statement cannot write, such as a MERGE with only DO NOTHING. A read-only transaction may execute it.
   */
  readonly isIdle: boolean
}

/** A relation, or the {@link objectLock} name of another object. */
export type Lockable = string | (object & { readonly oid: number })

/** Returns the lock name of an object other than a relation. */
export const objectLock = (kind: ObjectKind, oid: number): string =>
  `object ${oid} of class ${CATALOGUES[kind]} of database 5`

const CATALOGUES = { schema: 2615, type: 1247, routine: 1255 } as const
export type ObjectKind = keyof typeof CATALOGUES

export type Named = (object & { readonly oid: number }) | undefined

export interface CompiledTrigger {
  readonly trigger: Trigger
  /** The condition, over the columns of `new` followed by those of `old`. */
  readonly when: Compiled | undefined
}

export interface Firing {
  readonly trigger: Trigger
  readonly table: Table
  readonly event: TriggerEvent
  readonly before: readonly SqlValue[] | undefined
  readonly after: readonly SqlValue[] | undefined
}

export interface Deferrable {
  readonly name: string
  readonly deferrable: boolean
  readonly initiallyDeferred: boolean
}

/** A constraint check to run at the end of the statement or, if deferred, of the transaction. */
export interface OwedCheck {
  readonly deferred: boolean
  readonly constraint: string
  run(run: Run): Coroutine
}

/** The compiled expressions that are evaluated at every change of a table's rows. */
export interface TableFacts {
  readonly table: Table
  /** The default values by column index; undefined for NULL. */
  readonly defaults: readonly (Compiled | undefined)[]
  readonly generated: readonly { readonly place: number; readonly compiled: Compiled }[]
  readonly checks: readonly { readonly name: string; readonly compiled: Compiled }[]
  /** The columns of keys that foreign keys may reference. Updating them takes the stronger row lock. */
  readonly keyPlaces: ReadonlySet<number>
  readonly indexedPlaces: ReadonlySet<number>
  readonly referencing: readonly ForeignKey[]
  readonly triggers: readonly CompiledTrigger[]
  readonly assigned: Set<number>
  /** Schedules foreign key checks for a new version. */
  inserted(tuple: Tuple, before: Tuple | undefined, run: Run): void
  ended(tuple: Tuple, next: Tuple | undefined, run: Run): void
}
