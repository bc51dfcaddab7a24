import type { Transaction } from '../storage/model.ts'
import type { Store } from '../storage/store.ts'
import type { Backend } from '../storage/waiting.ts'
import type { Types } from '../types/registry.ts'
import type { SqlValue } from '../types/value.ts'
import type { Catalogue } from './catalogue.ts'
import { type Column, columnsOf, type Table } from './table.ts'

/** What a session sees of the catalogue. */
export interface CatalogueView {
  readonly catalogue: Catalogue
  readonly types: Types
  readonly own: Transaction | undefined
  readonly database: string
  /** Whoever asks owns everything: what a role may do is not simulated. */
  readonly user: string
  relation(name: string): number
  relationName(oid: number): string | undefined
}

/** What a session does. Times are microseconds since 2000-01-01. */
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
  /** Of its snapshot: all transactions with a smaller number had ended. */
  readonly xmin: number | null
  /** The text of the query string that runs, or ran last. */
  readonly query: string
  /** The number of the session, and which of its transactions is open; 0: none. */
  readonly virtualTransaction: string
  readonly backend: Backend
  /** What it waits for when this is asked. */
  waitsFor(): readonly [type: string | null, event: string | null]
}

/** The server, as its catalogue shows it. */
export interface ServerView {
  readonly store: Store
  /** It has a standby, or is one. */
  readonly isReplicated: boolean
  activity(): readonly Activity[]
  /** What all did when the transaction first looked. */
  activitySeen(): readonly Activity[]
}

/**
 * A column of a relation. One that `may refuse` is computed where a statement reads it: of some rows it is a text that would
 * have to be made from a parse tree.
 */
export type Field = readonly [
  name: string,
  type: string,
  value: (row: never, view: CatalogueView) => SqlValue,
  mayRefuse?: 'may refuse',
]

export interface Relation {
  readonly name: string
  readonly rows: (view: CatalogueView, server: ServerView) => readonly unknown[]
  readonly fields: readonly Field[]
}

export const tablesIn = ({ catalogue, own }: CatalogueView): readonly Table[] => catalogue.visibleTables(own)

export interface TableColumn {
  readonly table: Table
  readonly column: Column
}

export const columnsIn = (view: CatalogueView): readonly TableColumn[] =>
  tablesIn(view).flatMap((table) => columnsOf(table).map((column) => ({ table, column })))

/** Columns that hold the same in each row. */
export const always = (type: string, value: SqlValue, ...names: readonly string[]): readonly Field[] =>
  names.map((name) => [name, type, () => value])
