import { defaultOf } from '../catalogue/domain.ts'
import { type Column, columnsOf, type Table } from '../catalogue/table.ts'
import type { Compiled } from '../expressions/env.ts'
import type { Context } from './context.ts'
import { oweInsertChecks, oweReferencedChecks } from './foreign-keys.ts'
import type { TableFacts } from './model.ts'
import { QueryScope } from './scope.ts'
import { compileTriggers, oweAfter } from './triggers.ts'

export function compileFacts(table: Table, context: Context): TableFacts {
  const known = context.facts.get(table)
  if (known !== undefined) return known
  const scope = rowScope(table, context)
  const keys = new Set<number>()
  const indexed = new Set<number>()
  for (const index of table.indexes)
    for (const place of index.columns) {
      if (place !== undefined) indexed.add(place)
      if (
        place !== undefined &&
        index.unique &&
        !index.partial &&
        !index.deferrable &&
        !index.columns.includes(undefined)
      )
        keys.add(place)
    }
  const facts: TableFacts = {
    table,
    defaults: table.columns.map((column) => compileDefault(column, context)),
    generated: columnsOf(table).flatMap((column) =>
      column.generated === undefined
        ? []
        : [{ place: column.attribute - 1, compiled: context.assigned(column.generated, scope, column) }],
    ),
    checks: table.checks.map((check) => ({
      name: check.name,
      compiled: context.condition(check.expression, scope, 'CHECK'),
    })),
    keyPlaces: keys,
    indexedPlaces: indexed,
    referencing: context.catalogue.referencing(table, context.own),
    triggers: compileTriggers(table, context),
    assigned: new Set(),
    inserted: (tuple, before, run) => {
      oweInsertChecks(table.foreignKeys, tuple, before, run)
      if (before === undefined) oweAfter(facts, 'INSERT', undefined, tuple, run)
    },
    ended: (tuple, next, run) => {
      oweReferencedChecks(facts, tuple, next, run)
      oweAfter(facts, next === undefined ? 'DELETE' : 'UPDATE', tuple, next, run)
    },
  }
  context.facts.set(table, facts)
  return facts
}

export function rowScope(table: Table, context: Context): QueryScope {
  const scope = new QueryScope(context, undefined)
  const columns = columnsOf(table).map((column) => ({
    name: column.name,
    type: column.type,
    slot: column.attribute - 1,
    tableOid: table.oid,
    attribute: column.attribute,
  }))
  scope.relations.push({
    alias: table.name,
    columns,
    table,
    isScalar: false,
    tuple: 0,
    system: undefined,
    lacking: undefined,
  })
  scope.columns = columns
  scope.width = table.columns.length
  return scope
}

export function compileDefault(column: Column, context: Context): Compiled | undefined {
  const { identity } = column
  if (column.dropped || column.generated !== undefined) return undefined
  if (identity !== undefined) return context.nextOf(identity.sequence, column.type)
  const { domain } = column.type
  const value = column.default ?? (domain === undefined ? undefined : defaultOf(context.catalogue.domains, domain))
  // A column without a default is null, and its domain must still check the null.
  if (value === undefined && domain === undefined) return undefined
  return context.assigned(value ?? { A_Const: { isnull: true } }, new QueryScope(context, undefined), column)
}
