import type { RecordedTable } from './recorded-table.ts'
import type { Compared, RowStatement } from './row-statement.ts'
import { isTable, type Token } from './sql-tokens.ts'
import { type Comparison, type Expression, type Query, uncast } from './sql-tree.ts'

export type RowRead = Extract<RowStatement, { readonly does: 'read' }>

/** A statement that is read: its tokens, the recorded tables, and the queries in it, each of which is read once. */
export interface Reading {
  readonly tokens: readonly Token[]
  readonly tables: ReadonlyMap<string, RecordedTable>
  /** What a query in brackets reads, if it shows no values of the recorded columns. */
  readonly nested: (query: Query) => RowRead | undefined
}

/** One recorded table of a statement, with the queries that have names there. */
export interface Scope extends Reading {
  readonly table: RecordedTable
  readonly isNamed: (table: string) => boolean
  readonly columnOf: (expression: Expression | undefined) => string | undefined
  readonly wordsOf: (expression: Expression) => readonly string[]
  readonly showsNothing: (expression: Expression) => boolean
  /** What is true of the rows of the table that a query chose, if a condition says that these are the rows. */
  readonly chosenBy: (condition: Expression) => readonly Compared[] | undefined
}

export function scopeOf(
  reading: Reading,
  table: RecordedTable,
  { alias, named = new Map() }: { readonly alias: string | undefined; readonly named?: ReadonlyMap<string, Query> },
): Scope {
  const { tokens, nested } = reading
  const isNamed = (name: string): boolean => name === table.name || name === alias
  const columnOf = (expression: Expression | undefined): string | undefined =>
    expression?.is === 'column' && (expression.table === undefined || isNamed(expression.table))
      ? expression.column
      : undefined
  /** The query that chose rows by their keys: `id = (SELECT id …)`, `id IN (SELECT id …)`, `id = n.id`. */
  const choosing = (condition: Expression): RowRead | undefined => {
    const [left, right] = condition.parts
    const isEqual = condition.is === 'compared' && condition.comparison === '='
    if (left === undefined || right === undefined || !(isEqual || condition.is === 'in')) return undefined
    const ofKey = (part: Expression): RowRead | undefined => {
      const query = part.is === 'column' && part.table !== undefined ? named.get(part.table) : undefined
      const read = query && nested(query)
      return part.is === 'column' && read?.table.key === part.column ? read : undefined
    }
    const isKey = (part: Expression): boolean => columnOf(uncast(part)) === table.key
    if (isKey(left)) return right.is === 'query' ? nested(right.query) : isEqual ? ofKey(right) : undefined
    return isEqual && isKey(right) ? ofKey(left) : undefined
  }
  return {
    ...{ ...reading, table, isNamed, columnOf },
    wordsOf: ({ from, to }) => tokens.slice(from, to).map(({ text }) => text),
    showsNothing: (expression) => showsNothing(reading, expression),
    chosenBy(condition) {
      const query = choosing(condition)
      if (query === undefined) return undefined
      const { rows, shown } = query
      return query.table === table && rows.kind !== 'linked' && shown.key !== undefined ? rows.compared : []
    },
  }
}

/** A condition on one column: how it compares with the values that are given. */
export interface ColumnCondition {
  readonly column: string
  readonly isCast: boolean
  readonly comparison: Comparison
  readonly given: readonly Expression[]
  /** Whether one value is given, which is an array of them. */
  readonly isArray: boolean
}

/** `a < 5`, also as `5 > a`, `a IN (1, 2)` and `a = ANY ($1)`. Undefined for another condition. */
export function columnCondition(scope: Pick<Scope, 'columnOf'>, condition: Expression): ColumnCondition | undefined {
  const { is, parts } = condition
  if (is !== 'compared' && is !== 'in' && is !== 'any') return undefined
  const [left, right] = parts
  const comparison = is === 'compared' ? condition.comparison : '='
  const isReversed = is === 'compared' && left !== undefined && uncast(left).is === 'operand'
  const named = isReversed ? right : left
  const column = named && scope.columnOf(uncast(named))
  if (named === undefined || left === undefined || column === undefined) return undefined
  return {
    ...{ column, isCast: named.is === 'cast', isArray: is === 'any' },
    ...(isReversed ? { comparison: REVERSED[comparison], given: [left] } : { comparison, given: parts.slice(1) }),
  }
}

/** With the sides exchanged. */
const REVERSED = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

/** Whether all that is read by queries in an expression is which rows there are. */
function showsNothing(reading: Reading, expression: Expression): boolean {
  const queries = queriesIn(expression)
  const { tokens } = reading
  let at = expression.from
  for (const query of [...queries, { from: expression.to, to: expression.to }]) {
    for (; at < query.from; at++) {
      const token = tokens[at]
      if (token?.kind === 'word' && token.text === 'select' && !token.quoted) return false
    }
    at = query.to
  }
  return queries.every((query) => reading.nested(query) !== undefined || !namesTable(reading, query))
}

const queriesIn = (expression: Expression): readonly Query[] =>
  expression.is === 'query' || expression.is === 'exists' ? [expression.query] : expression.parts.flatMap(queriesIn)

/** A table before a dot is one of its columns, which the query around it has. */
function namesTable({ tokens, tables }: Reading, { from, to }: Query): boolean {
  for (let at = from; at < to; at++) {
    const token = tokens[at]
    const next = tokens[at + 1]
    if (token?.kind !== 'word' || !tables.has(token.text) || !isTable(token, token.text)) continue
    if (next?.text !== '.') return true
  }
  return false
}
