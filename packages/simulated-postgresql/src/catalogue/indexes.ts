import type { Compiled, Env, SessionFacts } from '../expressions/env.ts'
import type { Index } from '../storage/model.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import { joinKeys, keyText } from './keys.ts'
import type { Table } from './table.ts'

export interface IndexDefinition
  extends Pick<Index, 'oid' | 'unique' | 'primary' | 'nullsNotDistinct' | 'deferrable' | 'method' | 'excludes'> {
  readonly name: string
  readonly constraint: boolean
  readonly initiallyDeferred: boolean
  readonly columns: readonly IndexColumn[]
  readonly included?: readonly IndexColumn[]
  readonly condition: { readonly compiled: Compiled; readonly text: string } | undefined
}

export type IndexColumn = (
  | { readonly place: number }
  | { readonly compiled: Compiled; readonly text: string; readonly displayText: string }
) & { readonly order: Index['orders'][number] }

/**
 * Creates an empty index. Index expressions depend on no session, so they are evaluated with `facts`, which belong to
 * the database.
 */
export function createIndex(definition: IndexDefinition, table: Table, facts: SessionFacts): Index {
  const { columns, condition } = definition
  const typeAt = (at: number): SqlType => {
    const column = columns[at]
    if (column === undefined) return { oid: 25, name: 'text', typmod: -1 }
    return 'place' in column ? (table.columns[column.place]?.type ?? typeAt(-1)) : column.compiled.type
  }
  const envOf = (row: readonly SqlValue[]): Env => ({ row, parameters: [], session: facts })
  return {
    ...definition,
    columns: columns.map(placeOf),
    included: (definition.included ?? []).map(placeOf),
    orders: columns.map(({ order }) => order),
    expressions: columns.map((column) => ('place' in column ? undefined : column.text)),
    condition: condition?.text,
    partial: condition !== undefined,
    valuesOf(row) {
      if (condition !== undefined && condition.compiled.evaluate(envOf(row)) !== true) return undefined
      return columns.map((column) =>
        'place' in column ? (row[column.place] ?? null) : column.compiled.evaluate(envOf(row)),
      )
    },
    keyOf: (values) => joinKeys(values.map((value, at) => keyText(value, typeAt(at), facts))),
    describe(values) {
      const names = columns.map((column) =>
        'place' in column ? table.columns[column.place]?.name : column.displayText,
      )
      const texts = values.map((value, at) =>
        value === null ? 'null' : facts.types.typeOf(typeAt(at).oid).output(value, facts),
      )
      return `(${names.join(', ')})=(${texts.join(', ')})`
    },
    entries: new Map(),
    readers: new Map(),
  }
}

const placeOf = (column: IndexColumn): number | undefined => ('place' in column ? column.place : undefined)
