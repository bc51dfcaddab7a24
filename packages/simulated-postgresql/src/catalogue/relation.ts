import type { Transaction } from '../storage/model.ts'
import type { Store } from '../storage/store.ts'
import type { Backend } from '../storage/waiting.ts'
import type { Types } from '../types/registry.ts'
import type { SqlValue } from '../types/value.ts'
import type { Catalogue } from './catalogue.ts'
import { type Column, columnsOf, type Table } from './table.ts'

/** The catalogue as a session sees it. */
export interface CatalogueView {
  readonly catalogue: Catalogue
  readonly types: Types
  readonly own: Transaction | undefined
  readonly database: string
  /** The current user, with the superuser's oid. Privileges are not simulated. */
  readonly user: string
  relation(name: string): number
  relationName(oid: number): string | undefined
}

/** The activity of a session. Times are microseconds since 2000-01-01. */
export interface Activity {
  readonly pid: number
  readonly user: string
  readonly application: string
  readonly begunAt: bigint
  readonly transactionStart: bigint | null
  readonly queryStart: bigint | null
  readonly stateChange: bigint
  readonly state: 'active' | 'idle' | 'idle in transaction' | 'idle in transaction (aborted)'
  readonly xid: number | null
  /** The xmin of the session's snapshot: every transaction with a smaller id had ended when the snapshot was taken. */
  readonly xmin: number | null
  readonly query: string
  /**
   * `PID/NUMBER`: the session's `pid`, and the number of its open transaction within the session, or 0 if none is open.
   */
  readonly virtualTransaction: string
  readonly backend: Backend
  /** Returns the event that the session waits for now. */
  waitsFor(): readonly [type: string | null, event: string | null]
}

/** The server as its system catalogue shows it. */
export interface ServerView {
  readonly store: Store
  /** Whether the server has a standby or is one. */
  readonly isReplicated: boolean
  activity(): readonly Activity[]
  activitySeen(): readonly Activity[]
}

type Value<Row> = (row: Row, view: CatalogueView) => SqlValue

/** The properties of a row that are values of columns. */
type Property<Row> = { [Name in keyof Row & string]: Row[Name] extends SqlValue ? Name : never }[keyof Row & string]

/**
 * A column of a relation. The function of a column marked `may refuse` throws NotSupported for some rows. Such a column
 * is computed only if a statement reads it.
 */
export type Field<Row> = readonly [name: string, type: string, value: Value<Row>, mayRefuse?: 'may refuse' | undefined]

export interface Relation {
  readonly name: string
  readonly rows: (view: CatalogueView, server: ServerView) => readonly unknown[]
  readonly fields: readonly Field<never>[]
}

/** @param fields the columns; a column can name a property of the row instead of giving a function */
export const relation = <Row>(
  name: string,
  rows: (view: CatalogueView, server: ServerView) => readonly Row[],
  fields: readonly (Field<Row> | readonly [name: string, type: string, property: Property<Row>])[],
): Relation => ({
  name,
  rows,
  fields: fields.map(
    ([field, type, value, mayRefuse]): Field<Row> => [
      field,
      type,
      typeof value === 'function' ? value : (row) => row[value] as SqlValue,
      mayRefuse,
    ],
  ),
})

export const tablesIn = ({ catalogue, own }: CatalogueView): readonly Table[] => catalogue.visibleTables(own)

export interface TableColumn {
  readonly table: Table
  readonly column: Column
}

export const columnsIn = (view: CatalogueView): readonly TableColumn[] =>
  tablesIn(view).flatMap((table) => columnsOf(table).map((column) => ({ table, column })))

export const always = (type: string, value: SqlValue, ...names: readonly string[]): readonly Field<unknown>[] =>
  names.map((name) => [name, type, () => value])
