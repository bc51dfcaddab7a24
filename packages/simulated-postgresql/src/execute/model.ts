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
import type { Wait } from '../storage/wait.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import type { Met, View } from './view.ts'

export interface ResultColumn {
  readonly name: string
  readonly type: SqlType
  /** The oid of the value's source table; `tableOid` and `attribute` are 0 for a computed value. */
  readonly tableOid: number
  readonly attribute: number
}

export type Rows = readonly (readonly SqlValue[])[]

export interface QueryPlan {
  readonly columns: readonly ResultColumn[]
  rows(run: Run, outer: Env | undefined): Generator<Wait, Rows, void>
  /** Opens the reading of a cursor with FOR UPDATE, which locks rows as they are fetched. */
  readonly reading?: ((run: Run) => Generator<Wait, Reading, void>) | undefined
}

/** Returns one row per call; undefined after the last row. */
export interface Reading {
  next(): Generator<Wait, Rows[number] | undefined, void>
}

export interface ModificationPlan {
  /** Undefined without RETURNING. */
  readonly columns: readonly ResultColumn[] | undefined
  execute(run: Run): Generator<Wait, { readonly count: number; readonly rows: Rows }, void>
  /**
   * Returns one result row for each row that the statement would change in the view of the run; changes nothing. Absent
   * if the statement reads no table.
   */
  readonly asked?: ((run: Run) => Generator<Wait, Rows, void>) | undefined
}

/** A row during query execution: the values of all items of FROM, and the row versions that supplied them. */
export interface JoinedRow {
  readonly values: SqlValue[]
  readonly tuples: (Tuple | undefined)[]
}

export interface NamedColumn {
  readonly name: string
  readonly type: SqlType
  /** The column's index in the row. */
  readonly slot: number
  readonly tableOid: number
  readonly attribute: number
  /** Whether the column's values are computed when they are read; see {@link Deferred}. */
  readonly deferred?: boolean | undefined
}

/** The system columns of a table that a statement names; their values follow all other values in the row. */
export interface SystemColumns {
  readonly columns: readonly NamedColumn[]
  /** Returns the system column with this name; undefined if there is none. */
  column(name: string): NamedColumn | undefined
  place(values: SqlValue[], tuple: Tuple): void
}

export interface Relation {
  readonly alias: string
  readonly columns: readonly NamedColumn[]
  readonly table: Table | undefined
  /** Whether the relation is a function with scalar values. Its name then stands for a value instead of a row. */
  readonly isScalar: boolean
  /** The index of the relation's row version in a joined row. */
  readonly tuple: number
  /** The system columns; undefined if the rows are not versions of table rows. */
  readonly system: SystemColumns | undefined
  /** For a relation of the system catalogue: the columns that PostgreSQL's relation has and this one lacks. */
  readonly lacking: readonly string[] | undefined
}

/** A query defined by WITH. */
export interface CommonTable {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
  rows(run: Run): Generator<Wait, readonly (readonly SqlValue[])[], void>
}

/** An item of FROM: joins each row of the items to its left with its own matching rows. */
export interface Item {
  /** The columns that `*` and unqualified names refer to. */
  readonly columns: readonly NamedColumn[]
  extend(run: Run, outer: Env | undefined, left: JoinedRow): Generator<Wait, JoinedRow[], void>
  /**
   * Narrows the item: only rows whose column `own` equals the column `other` of the left row are needed. The item may
   * return further rows.
   */
  match?(own: NamedColumn, other: NamedColumn): void
}

/**
 * One execution of a statement: the state that its plan needs at run time. Expressions receive it as their session
 * facts.
 */
export interface Run extends SessionFacts, Writer {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly transaction: Transaction
  readonly parameters: readonly SqlValue[]
  readonly snapshot: Snapshot
  /** Results that parts of the plan computed once for the statement. */
  readonly memo: Map<object, unknown>
  readonly server: ServerView
  /** Records the rows and versions that the statement reads; undefined if the engine is not observed. */
  readonly met: Met | undefined
  /** The view for a repeated evaluation: the statement reads from this view, and locks and changes nothing. */
  readonly view: View | undefined
  /** Whether rows come in random order unless ORDER BY sorts them. */
  readonly shuffles: boolean
  /** Constraint checks to run at the end of the statement. */
  readonly owed: OwedCheck[]
  /** Whether the check of a constraint is deferred to the end of the transaction (SET CONSTRAINTS). */
  isDeferred(constraint: Deferrable): boolean
  /**
   * Returns the snapshot for checks at the end of the statement: the newest, or the transaction's at repeatable read.
   */
  latestSnapshot(): Snapshot
  factsOf(table: Table): TableFacts
  /** Returns the compiled statement after it locks its tables; compiles again if the tables changed during the wait. */
  locked<T extends Locking>(compile: () => T): Generator<Wait, T, void>
  /** Locks a table; returns false if the session already holds the lock. */
  lockTable(target: Lockable, mode: LockMode): Generator<Wait, boolean, void>
  /** Locks the object that a name resolves to; after the wait the name may resolve to another object or to none. */
  lockNamed<T extends Named>(find: () => T, mode: LockMode, kind?: ObjectKind): Generator<Wait, T, void>
  nextValue(sequence: Sequence): bigint
  /** The facts for expressions of the database, such as index expressions. These do not depend on the session. */
  readonly engineFacts: SessionFacts
  notice(severity: 'NOTICE' | 'WARNING', code: string, message: string): void
  /**
   * Calls a trigger function. For a BEFORE row trigger, returns the row to continue with, or undefined to skip the row.
   */
  fire(firing: Firing): Generator<Wait, readonly SqlValue[] | undefined, void>
}

/** A statement that needs locks before it runs. */
export interface Locking {
  /** The tables to lock before the snapshot is taken. */
  readonly tables: ReadonlyMap<Table, LockMode>
  /** The command that a read-only transaction refuses, such as `INSERT`. */
  readonly writes: string | undefined
  /**
   * Whether the statement never writes, as a MERGE in which every action is DO NOTHING. A read-only transaction may
   * execute such a statement.
   */
  readonly isIdle: boolean
}

/** A relation, or the {@link objectLock} name of another object. */
export type Lockable = string | (object & { readonly oid: number })

/**
 * Returns the lock name of an object other than a relation. The name contains the system catalogue of the object's
 * kind.
 */
export const objectLock = (kind: ObjectKind, oid: number): string =>
  `object ${oid} of class ${CATALOGUES[kind]} of database 5`

const CATALOGUES = { schema: 2615, type: 1247, routine: 1255 } as const
export type ObjectKind = keyof typeof CATALOGUES

/** The object that a name resolves to; undefined if there is none. */
export type Named = (object & { readonly oid: number }) | undefined

export interface CompiledTrigger {
  readonly trigger: Trigger
  /** The condition over the columns of `new`, followed by the columns of `old`. */
  readonly when: Compiled | undefined
}

/** One call of a trigger, with the rows before and after the change. */
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

/** A constraint check for the end of the statement or of the transaction. */
export interface OwedCheck {
  readonly deferred: boolean
  readonly constraint: string
  run(run: Run): Generator<Wait, void, void>
}

/**
 * The expressions that every change of a table's rows evaluates: defaults, constraints and keys. Compiled with the
 * statement.
 */
export interface TableFacts {
  readonly table: Table
  /** The default values by column index. The default is NULL where an entry is undefined. */
  readonly defaults: readonly (Compiled | undefined)[]
  readonly generated: readonly { readonly place: number; readonly compiled: Compiled }[]
  readonly checks: readonly { readonly name: string; readonly compiled: Compiled }[]
  /**
   * The indexes of the columns in unique keys that foreign keys may reference. An update that changes one of these
   * columns takes the stronger row lock.
   */
  readonly keyPlaces: ReadonlySet<number>
  readonly indexedPlaces: ReadonlySet<number>
  readonly referencing: readonly ForeignKey[]
  readonly triggers: readonly CompiledTrigger[]
  /** The indexes of the columns that the statement assigns, for UPDATE OF triggers. */
  readonly assigned: Set<number>
  /** Schedules foreign key checks for a new version; `before` is the version that it replaces. */
  inserted(tuple: Tuple, before: Tuple | undefined, run: Run): void
  /** Schedules the foreign key actions for a row version that was deleted or replaced by `next`. */
  ended(tuple: Tuple, next: Tuple | undefined, run: Run): void
}
