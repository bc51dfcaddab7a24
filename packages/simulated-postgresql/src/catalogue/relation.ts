import type { Transaction } from '../storage/model.ts'
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
  readonly rows: (view: CatalogueView) => readonly unknown[]
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
