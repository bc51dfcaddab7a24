import type { RecordedTable } from './recorded-table.ts'
import { ANY_ROWS, isByKey, rowsOf } from './row-conditions.ts'
import { isCount, NO_COLUMNS, resultColumnsOf } from './row-results.ts'
import { isNamed, type Reading, type RowRead, type Scope } from './row-scope.ts'
import type { RowStatement, Rows } from './row-statement.ts'
import { insertedRow, mergedWith, newValues } from './row-values.ts'
import type { Token } from './sql-tokens.ts'
import { type Kind, type Query, type Source, type Tree, uncast } from './sql-tree.ts'

type Insert = Extract<Tree, { readonly does: 'insert' }>
type Change = Exclude<Tree, Insert | { readonly does: 'select' }>

/** The maximum number of recorded tables in a FROM, and the maximum nesting depth of queries. */
const [MOST_TABLES, MOST_QUERIES] = [16, 16]

/** The recorded reads and writes of a statement; undefined for unsupported syntax. */
export function rowStatementOf(
  tree: Tree,
  tokens: readonly Token[],
  tables: ReadonlyMap<string, RecordedTable>,
): RowStatement | undefined {
  const found = new Map<Query, RowRead | undefined>()
  let depth = 0
  const reading: Reading = {
    tokens,
    tables,
    nested(query) {
      if (!found.has(query)) {
        depth++
        const read = depth > MOST_QUERIES ? undefined : readOf(reading, query)
        depth--
        found.set(query, read?.others === undefined && read?.resultColumns.values.size === 0 ? read : undefined)
      }
      return found.get(query)
    },
  }
  if (tree.does === 'select') return readOf(reading, tree.query)
  const table = tables.get(tree.target.name ?? '')
  if (table === undefined) return undefined
  return tree.does === 'insert' ? insertOf(reading, table, tree) : changeOf(reading, table, tree)
}

function readOf(reading: Reading, query: Query): RowRead | undefined {
  const { items, sources, isPlain } = query
  if (!isPlain) return undefined
  const [only, another] = items
  if (only?.is === 'exists' && another === undefined && sources.length === 0) return existenceOf(reading, only)
  const recorded = sources.flatMap((source) => {
    const table = source.query === undefined ? reading.tables.get(source.name ?? '') : undefined
    return table === undefined ? [] : [{ source, table }]
  })
  // A merged column belongs to no single table.
  const isUnclear = recorded.length > 1 && sources.some(({ isMerged }) => isMerged)
  const isHidden = sources.some(
    ({ query: from, on }) => from !== undefined || (on !== undefined && readsQuery(reading, on)),
  )
  if (recorded.length === 0 || recorded.length > MOST_TABLES || isUnclear || isHidden) return undefined
  const reads: RowRead[] = []
  for (const [at, { source, table }] of recorded.entries()) {
    const earlier = recorded.slice(0, at).map((each) => nameOf(each.source))
    const isLinked = isByKey(source.on, table, { own: nameOf(source), earlier })
    const read = readOfOne({ reading, table, alias: source.alias }, query, isLinked)
    if (read === undefined) return undefined
    reads.push(read)
  }
  const [first, ...others] = reads
  return first === undefined || others.length === 0 ? first : { ...first, others }
}

const nameOf = ({ name, alias }: Source): string => alias ?? name ?? ''

const readsQuery = ({ tokens }: Reading, { from, to }: { readonly from: number; readonly to: number }): boolean =>
  tokens.slice(from, to).some(({ kind, text }) => kind === 'word' && text === 'select')

function readOfOne(scope: Scope, query: Query, isLinked: boolean): RowRead | undefined {
  const { table } = scope
  const { items, sources, where, locks, limit, offset } = query
  const isJoined = sources.length > 1
  const selection = rowsOf(scope, where)
  // In a join, a column without a table name may belong to another table.
  const found = isJoined && selection?.kind === 'predicate' ? ANY_ROWS : selection
  const resultColumns = found && resultColumnsOf(scope, items, isJoined ? found : undefined)
  if (found === undefined || resultColumns === undefined) return undefined
  const isPartial = isJoined || locks.some(({ isSkipping }) => isSkipping)
  const rows: Rows =
    found.kind === 'keys' ? { ...found, isPartial, limit, offset } : isLinked ? { kind: 'linked' } : found
  const count = items.findIndex((item) => isCount(scope, uncast(item)))
  return {
    ...{ does: 'read', table, resultColumns, rows, isJoined },
    aggregate: count < 0 ? undefined : count,
    locks: locks.some(
      ({ isForUpdate, of }) => isForUpdate && (of.length === 0 || of.some((name) => isNamed(scope, name))),
    ),
  }
}

/** Reads a SELECT that selects only `EXISTS (SELECT …)`. */
function existenceOf({ nested }: Reading, { query }: Kind<'exists'>): RowRead | undefined {
  const read = nested(query)
  // A subquery that counts rows always returns a row, so EXISTS of this subquery shows nothing.
  const rows = read?.aggregate === undefined ? read?.rows : ANY_ROWS
  return read && rows && { ...read, rows, aggregate: 0, resultColumns: NO_COLUMNS, locks: false }
}

function changeOf(reading: Reading, table: RecordedTable, tree: Change): RowStatement | undefined {
  const { target, sources, where, does, returning } = tree
  const [source, another] = sources
  const query = source?.query ?? tree.named.get(source?.name ?? '')
  const name = source?.alias ?? source?.name
  // Only one source is supported, and only if it is a query with a name.
  if (another !== undefined || (source !== undefined && (query === undefined || name === undefined))) return undefined
  const areKnown = [...tree.named.values(), ...(query === undefined ? [] : [query])].every((each) =>
    reading.nested(each),
  )
  if (!areKnown) return undefined
  const named = new Map([...tree.named, ...(query === undefined || name === undefined ? [] : [[name, query] as const])])
  const scope: Scope = { reading, table, alias: target.alias, named }
  const found = rowsOf(scope, where)
  if (found === undefined || (source !== undefined && where === undefined)) return undefined
  const rows = source !== undefined && found.kind === 'keys' ? { ...found, hidden: [...found.hidden, 'from'] } : found
  const resultColumns = resultColumnsOf(scope, returning) ?? NO_COLUMNS
  if (does === 'delete') return { does, table, rows, resultColumns }
  const sets = newValues(scope, tree.sets)
  return sets && { does, table, rows, sets, resultColumns }
}

function insertOf(reading: Reading, table: RecordedTable, tree: Insert): RowStatement | undefined {
  const { conflict, target, returning } = tree
  const [first] = tree.inserted
  const columns = tree.columns.length > 0 ? tree.columns : (table.columns ?? []).slice(0, first?.length)
  const scope: Scope = { reading, table, alias: target.alias }
  const inserted = tree.inserted.flatMap((row) => insertedRow(scope, columns, row) ?? [])
  if (inserted.length < tree.inserted.length) return undefined
  const insert = { does: 'insert' as const, table, resultColumns: resultColumnsOf(scope, returning) ?? NO_COLUMNS }
  if (conflict === undefined) return { ...insert, inserted, conflict: 'none' }
  const isByKey = conflict.columns?.length === 1 && conflict.columns[0] === table.key
  if (!isByKey && (conflict.columns !== undefined || conflict.sets !== undefined)) return undefined
  if (conflict.sets === undefined) return { ...insert, inserted, conflict: isByKey ? 'nothing by key' : 'nothing' }
  const sets = newValues(scope, conflict.sets)
  if (sets === undefined) return undefined
  const merged = inserted.map((row) => ({ ...row, values: mergedWith(sets, row.values) }))
  return { ...insert, inserted: merged, conflict: 'update', isConditional: conflict.isConditional }
}
