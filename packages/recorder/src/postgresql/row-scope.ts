import type { RecordedTable } from './recorded-table.ts'
import type { Compared, RowStatement } from './row-statement.ts'
import { isTable, plainWord, type Token } from './sql-tokens.ts'
import { type Comparison, type Expression, isLossy, type Query, uncast } from './sql-tree.ts'

export type RowRead = Extract<RowStatement, { readonly does: 'read' }>

/** The context for reading a statement. `nested` reads each subquery once. */
export interface Reading {
  readonly tokens: readonly Token[]
  readonly tables: ReadonlyMap<string, RecordedTable>
  /** Reads a subquery. Undefined if the subquery is not understood, or returns recorded values. */
  readonly nested: (query: Query) => RowRead | undefined
}

/** A recorded table in a statement, and the named subqueries that are visible at this point of the statement. */
export interface Scope {
  readonly reading: Reading
  readonly table: RecordedTable
  readonly alias: string | undefined
  readonly named?: ReadonlyMap<string, Query> | undefined
}

export const isNamed = ({ table, alias }: Scope, name: string): boolean => name === table.name || name === alias

export const columnOf = (scope: Scope, expression: Expression | undefined): string | undefined =>
  expression?.is === 'column' && (expression.table === undefined || isNamed(scope, expression.table))
    ? expression.column
    : undefined

export const wordsOf = ({ tokens }: Reading, { from, to }: Expression): readonly string[] =>
  tokens.slice(from, to).map(({ text }) => text)

/**
 * Returns the conditions by which a subquery in `condition` selects rows of the scope's table. Undefined if no subquery
 * is understood.
 */
export function chosenBy(scope: Scope, condition: Expression): readonly Compared[] | undefined {
  const query = choosing(scope, condition)
  if (query === undefined) return undefined
  const { table, rows, resultColumns } = query
  return table === scope.table && rows.kind !== 'linked' && resultColumns.key !== undefined ? rows.compared : []
}

/** Returns the subquery that selects the rows by key: `id = (SELECT id …)`, `id IN (SELECT id …)`, `id = n.id`. */
function choosing(scope: Scope, condition: Expression): RowRead | undefined {
  const { reading, table, named } = scope
  const [left, right] = condition.parts
  const isEqual = condition.is === 'compared' && condition.comparison === '='
  if (left === undefined || right === undefined || !(isEqual || condition.is === 'in')) return undefined
  const ofKey = (part: Expression): RowRead | undefined => {
    const query = part.is === 'column' ? named?.get(part.table ?? '') : undefined
    const read = query && reading.nested(query)
    return part.is === 'column' && read?.table.key === part.column ? read : undefined
  }
  const isKey = (part: Expression): boolean => columnOf(scope, uncast(part)) === table.key
  if (isKey(left)) return right.is === 'query' ? reading.nested(right.query) : isEqual ? ofKey(right) : undefined
  return isEqual && isKey(right) ? ofKey(left) : undefined
}

export interface ColumnCondition {
  readonly column: string
  readonly isCast: boolean
  readonly comparison: Comparison
  /** The given values, or one array of values. */
  readonly given: readonly Expression[]
  readonly isArray: boolean
}

/** Reads `a < 5`, `5 > a`, `a IN (1, 2)` and `a = ANY ($1)`. */
export function columnCondition(scope: Scope, condition: Expression): ColumnCondition | undefined {
  const { is, parts } = condition
  if (is !== 'compared' && is !== 'in' && is !== 'any') return undefined
  const [left, right] = parts
  const comparison = is === 'compared' ? condition.comparison : '='
  const isReversed = is === 'compared' && left !== undefined && uncast(left).is === 'operand'
  const named = isReversed ? right : left
  const column = named && columnOf(scope, uncast(named))
  if (named === undefined || left === undefined || column === undefined || isLossy(named)) return undefined
  return {
    ...{ column, isCast: named.is === 'cast', isArray: is === 'any' },
    ...(isReversed ? { comparison: REVERSED[comparison], given: [left] } : { comparison, given: parts.slice(1) }),
  }
}

/** The equivalent comparison with exchanged sides. */
const REVERSED = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

/** Whether an expression's subqueries only test for rows. */
export function showsNothing(reading: Reading, expression: Expression): boolean {
  const queries = queriesIn(expression)
  const { tokens } = reading
  let at = expression.from
  for (const query of [...queries, { from: expression.to, to: expression.to }]) {
    for (; at < query.from; at++) if (plainWord(tokens[at]) === 'select') return false
    at = query.to
  }
  return queries.every((query) => reading.nested(query) !== undefined || !namesTable(reading, query))
}

const queriesIn = (expression: Expression): readonly Query[] =>
  expression.is === 'query' || expression.is === 'exists' ? [expression.query] : expression.parts.flatMap(queriesIn)

/**
 * Whether a query names a recorded table. A table name before a dot does not count: `accounts.id` is a column of the
 * outer query.
 */
function namesTable({ tokens, tables }: Reading, { from, to }: Query): boolean {
  for (let at = from; at < to; at++) {
    const token = tokens[at]
    const next = tokens[at + 1]
    if (token?.kind !== 'word' || !tables.has(token.text) || !isTable(token, token.text)) continue
    if (next?.text !== '.') return true
  }
  return false
}
