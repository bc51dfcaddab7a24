import type { Operand } from './action.ts'
import type { RecordedTable } from './recorded-table.ts'
import { isCount } from './row-results.ts'
import { columnCondition, columnOf, type Scope } from './row-scope.ts'
import type { Parsed } from './sql-parser.ts'
import type { Token } from './sql-tokens.ts'
import { type Comparison as Binary, type Expression, isAlwaysTrue, type Query, uncast } from './sql-tree.ts'

// A SELECT whose answer changes with every further row that its WHERE is true of.

export type Comparison = Binary | 'is null' | 'is not null'

interface Compared {
  readonly column: string
  readonly comparison: Comparison
  /** It is true of a row that it is true of for one of these; there is none for a test for null. */
  readonly operands: readonly Operand[]
}

/** Alternatives, each of which is true of a row if all of its comparisons are. */
type AnyOf = readonly (readonly Compared[])[]

/** A WHERE that asks only this of a row. */
export interface Condition {
  readonly table: RecordedTable
  readonly anyOf: AnyOf
  /** The most rows that it returns. */
  readonly limit: Operand | undefined
  /** The rows that it leaves out. */
  readonly offset: Operand | undefined
  /** Its only answer: whether there are such rows, whether there are none, or a column's greatest or least value. */
  readonly tells?: 'exists' | 'not exists' | Extreme | undefined
}

export interface Extreme {
  readonly of: string
  readonly is: 'max' | 'min'
}

/** A statement on tables whose transactions are recorded whole. */
export interface Text {
  readonly tree: Parsed
  readonly tokens: readonly Token[]
  readonly tables: ReadonlyMap<string, RecordedTable>
}

/** The number of alternatives that are followed. */
const MOST_ALTERNATIVES = 16

/** The condition of a SELECT; undefined for any other statement, and if its answer may be the same with a further row. */
export function conditionOf({ tree, tokens, tables }: Text): Condition | undefined {
  if (typeof tree === 'string' || tree.does !== 'select' || !tree.query.isPlain) return undefined
  const { query, tells } = tellingOf(tree.query)
  const [source, another] = query.sources
  const table = tables.get(source?.name ?? '')
  // A locked row that is skipped is as if it were not there.
  const isSkipping = query.locks.some((lock) => lock.isSkipping)
  if (source === undefined || table === undefined || another !== undefined || isSkipping) return undefined
  const scope: Scope = { reading: { tokens, tables, nested: () => undefined }, table, alias: source.alias }
  const asked = itemsAsk(scope, query.items)
  const anyOf = query.where === undefined ? [[]] : anyOfIn(scope, query.where)
  if (asked === undefined || anyOf === undefined || (tells !== undefined && asked.extreme !== undefined))
    return undefined
  const { limit, offset } = query
  return {
    table,
    anyOf: anyOf.map((each) => [...asked.compared, ...each]),
    limit,
    offset,
    tells: tells ?? asked.extreme,
  }
}

/** The condition of the rows that an UPDATE or DELETE changes; undefined for any other statement. */
export function changedOf({ tree, tokens, tables }: Text): Condition | undefined {
  if (
    typeof tree === 'string' ||
    tree.does === 'select' ||
    tree.does === 'insert' ||
    tree.sources.length > 0 ||
    tree.named.size > 0
  )
    return undefined
  const { target, where } = tree
  const table = tables.get(target.name ?? '')
  if (table === undefined) return undefined
  const scope: Scope = { reading: { tokens, tables, nested: () => undefined }, table, alias: target.alias }
  const anyOf = where === undefined ? [[]] : anyOfIn(scope, where, table.key)
  return anyOf && { table, anyOf, limit: undefined, offset: undefined }
}

/** `EXISTS (SELECT …)` and `NOT EXISTS (SELECT …)`, alone, ask what the query in them asks. */
function tellingOf(query: Query): { readonly query: Query; readonly tells: Condition['tells'] } {
  const [only, another] = query.items
  const exists = only?.is === 'not' ? only.parts[0] : only
  const isAlone = another === undefined && query.sources.length === 0 && query.where === undefined
  if (exists?.is !== 'exists' || !isAlone || !exists.query.isPlain) return { query, tells: undefined }
  return { query: exists.query, tells: only === exists ? 'exists' : 'not exists' }
}

type Asked = { readonly compared: readonly Compared[]; readonly extreme: Extreme | undefined }

/** Columns and constants, or counts and sums alone: with another row, both are other answers; or one extreme value. */
function itemsAsk(scope: Scope, items: readonly Expression[]): Asked | undefined {
  if (items.every((item) => uncast(item).is === 'column' || item.is === 'operand'))
    return { compared: [], extreme: undefined }
  const asked = items.map((item) => aggregateAsks(scope, item))
  const known = asked.flatMap((each) => each ?? [])
  const extreme = known.find((each) => each.extreme !== undefined)?.extreme
  if (known.length < items.length || (extreme !== undefined && items.length > 1)) return undefined
  return { compared: known.flatMap(({ compared }) => compared), extreme }
}

/** `count(*)`, `sum(amount)`, within `coalesce(…, 0)` or `cast(… as int)`. */
function aggregateAsks(scope: Scope, written: Expression): Asked | undefined {
  const item = uncast(written)
  if (item.is !== 'call' || !item.isPlain) return undefined
  if (isCount(scope, item)) return { compared: [], extreme: undefined }
  const [argument, other, another] = item.parts
  if (item.name === 'coalesce')
    return argument !== undefined && other !== undefined && uncast(other).is === 'operand' && another === undefined
      ? aggregateAsks(scope, argument)
      : undefined
  const column = other === undefined ? columnOf(scope, argument) : undefined
  if (column === undefined || !scope.table.values.has(column)) return undefined
  const compared = (comparison: Comparison, operands: readonly Operand[]): Asked => ({
    compared: [{ column, comparison, operands }],
    extreme: undefined,
  })
  switch (item.name) {
    case 'count':
      return compared('is not null', [])
    case 'sum':
      return compared('<>', [{ kind: 'constant', text: '0' }])
    case 'max':
    case 'min':
      return scope.table.values.get(column) === 'numeric'
        ? { compared: [], extreme: { of: column, is: item.name } }
        : undefined
    default:
      return undefined
  }
}

/** @param other a column that may be named besides the recorded ones. */
function anyOfIn(scope: Scope, condition: Expression, other?: string): AnyOf | undefined {
  switch (condition.is) {
    case 'or': {
      const all = condition.parts.map((part) => anyOfIn(scope, part, other))
      const known = all.flatMap((each) => each ?? [])
      return all.includes(undefined) || known.length > MOST_ALTERNATIVES ? undefined : known
    }
    case 'and': {
      let all: AnyOf = [[]]
      for (const part of condition.parts) {
        const found = anyOfIn(scope, part, other)
        if (found === undefined || all.length * found.length > MOST_ALTERNATIVES) return undefined
        all = all.flatMap((one) => found.map((another) => [...one, ...another]))
      }
      return all
    }
    default: {
      if (isAlwaysTrue(condition)) return [[]]
      const compared = comparedIn(scope, condition, other)
      return compared && [[compared]]
    }
  }
}

function comparedIn(scope: Scope, condition: Expression, other: string | undefined): Compared | undefined {
  const { is, parts } = condition
  const [left] = parts
  const known = (column: string | undefined): string | undefined =>
    column !== undefined && (scope.table.values.has(column) || column === other) ? column : undefined
  const own = (part: Expression | undefined): string | undefined => known(columnOf(scope, part))
  // A column by itself is a condition.
  if (is === 'column' || is === 'not') {
    const column = own(is === 'not' ? left : condition)
    const operands = [{ kind: 'constant', text: String(is !== 'not') } as const]
    return column !== undefined && scope.table.values.get(column) === 'boolean'
      ? { column, comparison: '=', operands }
      : undefined
  }
  if (is === 'is null' || is === 'is not null') {
    const column = own(left)
    return column === undefined ? undefined : { column, comparison: is, operands: [] }
  }
  const asked = columnCondition(scope, condition)
  // A cast may change a value.
  const operands = asked?.given.flatMap((part) => (part.is === 'operand' ? [part.operand] : [])) ?? []
  const column = asked?.isCast || asked?.isArray ? undefined : known(asked?.column)
  if (asked === undefined || column === undefined || operands.length < asked.given.length) return undefined
  return { column, comparison: asked.comparison, operands }
}
