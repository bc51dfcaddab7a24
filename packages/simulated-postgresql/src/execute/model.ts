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
  /** The table and column that the value comes from; 0 if it is computed. */
  readonly tableOid: number
  readonly attribute: number
}

export type Rows = readonly (readonly SqlValue[])[]

export interface QueryPlan {
  readonly columns: readonly ResultColumn[]
  rows(run: Run, outer: Env | undefined): Generator<Wait, Rows, void>
  /** FOR UPDATE in a cursor: its rows are locked as they are fetched. */
  readonly reading?: ((run: Run) => Generator<Wait, Reading, void>) | undefined
}

/** Gives one row after the other; undefined after the last. */
export interface Reading {
  next(): Generator<Wait, Rows[number] | undefined, void>
}

export interface ModificationPlan {
  /** Undefined without RETURNING. */
  readonly columns: readonly ResultColumn[] | undefined
  execute(run: Run): Generator<Wait, { readonly count: number; readonly rows: Rows }, void>
  /** What it would do, by what its view shows: a row for each that it would change. Absent if it reads no table. */
  readonly asked?: ((run: Run) => Generator<Wait, Rows, void>) | undefined
}

/** A row on its way through a query: the values of all items of FROM, and the versions they come from. */
export interface JoinedRow {
  readonly values: SqlValue[]
  readonly tuples: (Tuple | undefined)[]
}

export interface NamedColumn {
  readonly name: string
  readonly type: SqlType
  /** Its place in the row. */
  readonly slot: number
  readonly tableOid: number
  readonly attribute: number
  /** Its values are made when they are read: see {@link Deferred}. */
  readonly deferred?: boolean | undefined
}

/** The system columns of a table that a statement names: their values get places in the row behind all others. */
export interface SystemColumns {
  readonly columns: readonly NamedColumn[]
  /** Undefined for a name that none has. */
  column(name: string): NamedColumn | undefined
  place(values: SqlValue[], tuple: Tuple): void
}

export interface Relation {
  readonly alias: string
  readonly columns: readonly NamedColumn[]
  readonly table: Table | undefined
  /** A function's values: its name stands for one of them, not for a row. */
  readonly isScalar: boolean
  /** Its place among the versions of a row. */
  readonly tuple: number
  /** Undefined where rows are no versions of a table's. */
  readonly system: SystemColumns | undefined
  /** Of a relation of the catalogue: the columns that PostgreSQL's has, and this has not. */
  readonly lacking: readonly string[] | undefined
}

/** What a WITH defines. */
export interface CommonTable {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
  rows(run: Run): Generator<Wait, readonly (readonly SqlValue[])[], void>
}

/** An item of FROM: extends each row of what is to its left by the rows that it gives for it. */
export interface Item {
  /** What `*` and unqualified names mean. */
  readonly columns: readonly NamedColumn[]
  extend(run: Run, outer: Env | undefined, left: JoinedRow): Generator<Wait, JoinedRow[], void>
  /** Only rows whose column equals this one of what is to its left are asked for, though others may be given. */
  match?(own: NamedColumn, other: NamedColumn): void
}

/** One execution of a statement: what its plan needs at run time. Expressions reach it as their session's facts. */
export interface Run extends SessionFacts, Writer {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly transaction: Transaction
  readonly parameters: readonly SqlValue[]
  readonly snapshot: Snapshot
  /** What parts of the plan computed once for the statement. */
  readonly memo: Map<object, unknown>
  readonly server: ServerView
  /** What it meets, if somebody watches the engine. */
  readonly met: Met | undefined
  /** It is asked again: reads go to this view, and nothing is locked or changed. */
  readonly view: View | undefined
  /** Whether rows that no ORDER BY orders come in random order. */
  readonly shuffles: boolean
  /** Checks of constraints that the statement owes at its end. */
  readonly owed: OwedCheck[]
  /** Whether the check of a constraint waits for the end of the transaction: SET CONSTRAINTS. */
  isDeferred(constraint: Deferrable): boolean
  /** What a check at the end of the statement sees: the newest, or at repeatable read the transaction's snapshot. */
  latestSnapshot(): Snapshot
  factsOf(table: Table): TableFacts
  /** What was compiled, once its tables are locked: it is compiled anew if they changed meanwhile. */
  locked<T extends Locking>(compile: () => T): Generator<Wait, T, void>
  /** False if the session has the lock already. */
  lockTable(target: Lockable, mode: LockMode): Generator<Wait, boolean, void>
  /** Locks what a name means, which may be something else, or nothing, after the wait. */
  lockNamed<T extends Named>(find: () => T, mode: LockMode, kind?: ObjectKind): Generator<Wait, T, void>
  nextValue(sequence: Sequence): bigint
  /** What expressions that belong to the database, not to a session, are evaluated with. */
  readonly engineFacts: SessionFacts
  notice(severity: 'NOTICE' | 'WARNING', code: string, message: string): void
  /** Calls a trigger's function. Of a BEFORE trigger for rows: the row to go on with; undefined: none. */
  fire(firing: Firing): Generator<Wait, readonly SqlValue[] | undefined, void>
}

/** What needs locks before it runs. */
export interface Locking {
  /** The tables that it locks before its snapshot is taken. */
  readonly tables: ReadonlyMap<Table, LockMode>
  /** What a read-only transaction refuses, such as `INSERT`. */
  readonly writes: string | undefined
  /** It writes nothing whatever the rows: a MERGE that only says DO NOTHING, which a read-only transaction executes. */
  readonly isIdle: boolean
}

/** A relation, or what {@link objectLock} says of another object. */
export type Lockable = string | (object & { readonly oid: number })

/** What is locked of what is no relation: `kind` is the number of its catalogue. */
export const objectLock = (kind: ObjectKind, oid: number): string =>
  `object ${oid} of class ${CATALOGUES[kind]} of database 5`

const CATALOGUES = { schema: 2615, type: 1247, routine: 1255 } as const
export type ObjectKind = keyof typeof CATALOGUES

/** What a name means. */
export type Named = (object & { readonly oid: number }) | undefined

export interface CompiledTrigger {
  readonly trigger: Trigger
  /** Over the columns of `new`, then those of `old`. */
  readonly when: Compiled | undefined
}

/** A trigger that fires, with the rows before and after the change. */
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

/** What a constraint is to check at the end of the statement, or of the transaction. */
export interface OwedCheck {
  readonly deferred: boolean
  readonly constraint: string
  run(run: Run): Generator<Wait, void, void>
}

/** What every change of a table's rows evaluates: defaults, constraints, keys. Compiled with the statement. */
export interface TableFacts {
  readonly table: Table
  /** By the place in a row; undefined: NULL. */
  readonly defaults: readonly (Compiled | undefined)[]
  readonly generated: readonly { readonly place: number; readonly compiled: Compiled }[]
  readonly checks: readonly { readonly name: string; readonly compiled: Compiled }[]
  /** The places of columns of unique keys, which foreign keys may refer to: changing one takes the stronger lock. */
  readonly keyPlaces: ReadonlySet<number>
  readonly indexedPlaces: ReadonlySet<number>
  readonly referencing: readonly ForeignKey[]
  readonly triggers: readonly CompiledTrigger[]
  /** The places of the columns that the statement assigns: UPDATE OF. */
  readonly assigned: Set<number>
  /** Notes what foreign keys owe for a new version; `before` is the one that it replaces. */
  inserted(tuple: Tuple, before: Tuple | undefined, run: Run): void
  /** Notes what foreign keys owe for a version that is replaced or deleted. */
  ended(tuple: Tuple, next: Tuple | undefined, run: Run): void
}
