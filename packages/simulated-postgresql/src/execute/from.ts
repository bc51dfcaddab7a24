import { keyText, sameKeys } from '../catalogue/keys.ts'
import { systemTable } from '../catalogue/system-tables.ts'
import { columnsOf, type Table } from '../catalogue/table.ts'
import type { Compiled, Env } from '../expressions/env.ts'
import { addTo } from '../lists.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, kindOf, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import type { Sequence } from '../storage/sequence.ts'
import type { Coroutine } from '../storage/wait.ts'
import { OID } from '../types/oids.ts'
import type { RecordColumn, SqlType, SqlValue } from '../types/value.ts'
import { conjuncts } from './conditions.ts'
import { Deferred } from './deferred.ts'
import { compileFunctionTable } from './function-table.ts'
import { columnOf } from './grouping-sets.ts'
import type { Item, JoinedRow, NamedColumn, Relation, Rows, Run } from './model.ts'
import { renamedColumns } from './names.ts'
import { evaluating } from './run.ts'
import { addRelation, envOf, equalityOf, isTrue, QueryScope, requireAll } from './scope.ts'
import { TableScan } from './table-scan.ts'

export interface From {
  readonly item: Item
  /** The scans of single tables, which conditions can narrow. */
  readonly scans: readonly TableScan[]
  /** The conditions of inner joins. A row that is read again after a wait must satisfy them again. */
  readonly conditions: readonly Compiled[]
}

interface Building {
  readonly scope: QueryScope
  readonly scans: TableScan[]
  readonly conditions: Compiled[]
}

export function compileFrom(nodes: readonly Node[], scope: QueryScope): From {
  const building: Building = { scope, scans: [], conditions: [] }
  const items: Item[] = []
  for (const node of nodes) {
    const item = compileItem(node, building, true)
    items.push(item)
    scope.columns = [...scope.columns, ...item.columns]
  }
  const item: Item = {
    columns: scope.columns,
    *extend(run, outer, left) {
      let rows = [left]
      for (const each of items) rows = yield* crossJoin(rows, each, run, outer)
      return rows
    },
  }
  return { item, scans: building.scans, conditions: building.conditions }
}

function* crossJoin(rows: readonly JoinedRow[], item: Item, run: Run, outer: Env | undefined): Coroutine<JoinedRow[]> {
  const [only] = rows
  if (rows.length === 1 && only !== undefined) return yield* item.extend(run, outer, only)
  const joined: JoinedRow[] = []
  for (const row of rows) for (const extended of yield* item.extend(run, outer, row)) joined.push(extended)
  return joined
}

/** Compiles an item of FROM. A `dependent` item may read the items to its left. */
function compileItem(node: Node, building: Building, dependent: boolean): Item {
  if ('RangeVar' in node) return compileNamed(node.RangeVar, building, dependent)
  if ('RangeSubselect' in node) return compileSubselect(node.RangeSubselect, building)
  if ('JoinExpr' in node) return compileJoin(node.JoinExpr, building, dependent)
  if ('RangeFunction' in node) return compileRangeFunction(node.RangeFunction, building)
  throw new NotSupported(WORDS[kindOf(node)] ?? kindOf(node))
}

const WORDS: Readonly<Record<string, string>> = {
  RangeTableSample:
    'TABLESAMPLE, whose rows follow from how PostgreSQL stores them (choose rows by their key, or leave it out of the run),',
  RangeTableFunc: 'XMLTABLE',
}

function compileNamed(fields: Fields<'RangeVar'>, building: Building, dependent: boolean): Item {
  const { scope } = building
  const { schemaname, relname = '', alias, catalogname, ...rest } = fields
  refuseRest('RangeVar', rest, ['inh', 'relpersistence'])
  if (catalogname !== undefined && catalogname !== scope.context.database)
    throw new SqlError(
      '0A000',
      `cross-database references are not implemented: "${catalogname}.${schemaname}.${relname}"`,
    )
  const common = schemaname === undefined ? scope.commonTable(relname) : undefined
  if (common !== undefined) {
    const relation = addRelation(scope, alias?.aliasname ?? relname, renamed(common.columns, alias), undefined)
    return {
      columns: relation.columns,
      *extend(run, _outer, left) {
        const rows = yield* common.rows(run)
        return rows.map((values) => placed(left, relation, values))
      },
    }
  }
  const { context } = scope
  if (context.table(schemaname, relname) === undefined) {
    const sequence = context.sequence(schemaname, relname)
    const other = sequence === undefined ? systemItem(fields, scope) : sequenceItem(sequence, alias, scope)
    if (other !== undefined) return other
  }
  const table = findTable(scope, schemaname, relname, fields.location)
  if (table.view !== undefined) {
    scope.context.reads(table)
    const plan = scope.context.compilers.query(table.view, scope.context, undefined)
    const columns = columnsOf(table).map(({ name, type }) => ({ name, type }))
    const relation = addRelation(scope, alias?.aliasname ?? relname, renamed(columns, alias), undefined)
    return rowsItem(relation, (run) => plan.rows(run, undefined))
  }
  const scan = scanOf(table, alias, scope, dependent)
  building.scans.push(scan)
  return scan
}

/** Returns the single row of a sequence. Checkpoints decide log_cnt in PostgreSQL, so 0 is a permitted answer. */
function sequenceItem(sequence: Sequence, alias: Fields<'RangeVar'>['alias'], scope: QueryScope): Item {
  const columns = SEQUENCE_COLUMNS.map(([name, oid]) => ({ name, type: scope.context.type(oid) }))
  const relation = addRelation(scope, alias?.aliasname ?? sequence.name, renamed(columns, alias), undefined, false, [])
  // biome-ignore lint/correctness/useYield: a sequence is never waited for
  return rowsItem(relation, function* () {
    return [[sequence.lastValue, 0n, sequence.isCalled]]
  })
}

const SEQUENCE_COLUMNS = [
  ['last_value', OID.int8],
  ['log_cnt', OID.int8],
  ['is_called', OID.bool],
] as const

/** Returns the item for a table of the system catalogue. */
function systemItem({ schemaname, relname = '', alias }: Fields<'RangeVar'>, scope: QueryScope): Item | undefined {
  const { context } = scope
  const table = systemTable(context.types, schemaname, relname)
  if (table === undefined) return undefined
  const columns = renamed(table.columns, alias).map((column, at) => ({
    ...column,
    deferred: table.columns[at]?.deferred,
  }))
  const relation = addRelation(scope, alias?.aliasname ?? relname, columns, undefined, false, table.lacking())
  return rowsItem(relation, function* (run) {
    const seen = <T>(read: () => T): T => context.catalogue.preserved.seenBy(run.transaction, read)
    return seen(() => table.rows(context, run.server, (read) => new Deferred(() => seen(read)) as unknown as SqlValue))
  })
}

export function findTable(scope: QueryScope, schema: string | undefined, name: string, location?: number): Table {
  const { context } = scope
  const table = context.table(schema, name)
  if (table === undefined) throw context.noTable(schema, name, { position: location === undefined ? 1 : location + 1 })
  return table
}

/** Returns the scan of a table that is the target of a statement or an item of FROM. */
export function scanOf(
  table: Table,
  alias: Fields<'RangeVar'>['alias'],
  scope: QueryScope,
  dependent: boolean,
): TableScan {
  const columns = columnsOf(table)
  const names = renamed(columns, alias)
  const relation = addRelation(
    scope,
    alias?.aliasname ?? table.name,
    columns.map((column, at) => ({ ...column, name: names[at]?.name ?? column.name })),
    table,
  )
  scope.context.reads(table)
  return new TableScan(table, relation, dependent)
}

type AliasFields = Fields<'RangeVar'>['alias']

/** Returns the columns under the names of `AS t (a, b)`. */
const renamed = (columns: readonly RecordColumn[], alias: AliasFields): readonly RecordColumn[] =>
  renamedColumns(columns, namesOf(alias?.colnames), `table "${alias?.aliasname}"`)

function compileSubselect(fields: Fields<'RangeSubselect'>, building: Building): Item {
  const { lateral, subquery, alias, ...rest } = fields
  refuseRest('RangeSubselect', rest)
  if (subquery === undefined) throw new NotSupported('an empty subquery')
  const { scope } = building
  const plan = scope.context.compilers.query(
    subquery,
    scope.context,
    lateral === true ? lateralScope(scope) : scope.parent,
    scope,
  )
  const name = alias?.aliasname ?? `unnamed_subquery_${scope.tuples}`
  const relation = addRelation(scope, name, renamed(plan.columns, alias), undefined)
  if (lateral !== true) return rowsItem(relation, (run, outer) => plan.rows(run, outer))
  return {
    columns: relation.columns,
    *extend(run, outer, left) {
      const rows = yield* plan.rows(run, envOf(left, outer, run))
      return rows.map((values) => placed(left, relation, values))
    },
  }
}

function lateralScope(scope: QueryScope): QueryScope {
  const left = new QueryScope(scope.context, scope.parent, scope)
  left.relations.push(...scope.relations)
  left.columns = scope.columns.length > 0 ? scope.columns : scope.relations.flatMap((relation) => relation.columns)
  return left
}

interface Known {
  readonly outer: Env | undefined
  readonly rows: Rows
  /** The rows by the value of the matched column. */
  byKey?: ReadonlyMap<string, Rows>
}

/** Returns an item that does not depend on the items to its left. It is computed once per outer row. */
function rowsItem(relation: Relation, rowsOf: (run: Run, outer: Env | undefined) => Coroutine<Rows>): Item {
  let matched: { readonly own: NamedColumn; readonly other: NamedColumn } | undefined
  const chosen = (known: Known, left: JoinedRow, run: Run): Rows => {
    if (matched === undefined) return known.rows
    const { own, other } = matched
    const value = left.values[other.slot] ?? null
    if (value === null) return []
    known.byKey ??= byKey(known.rows, relation.columns.indexOf(own), own.type, run)
    return known.byKey.get(keyText(value, other.type, run)) ?? []
  }
  return {
    columns: relation.columns,
    match(own, other) {
      const isKnown = own.deferred !== true && other.deferred !== true
      if (isKnown && relation.columns.includes(own) && sameKeys(own.type, other.type)) matched ??= { own, other }
    },
    *extend(run, outer, left) {
      const earlier = run.memo.get(relation) as Known | undefined
      const known =
        earlier?.outer === outer && earlier !== undefined ? earlier : { outer, rows: yield* rowsOf(run, outer) }
      run.memo.set(relation, known)
      return chosen(known, left, run).map((values) => placed(left, relation, values))
    },
  }
}

function byKey(rows: Rows, at: number, type: SqlType, run: Run): ReadonlyMap<string, Rows> {
  const found = new Map<string, (readonly SqlValue[])[]>()
  for (const values of rows) {
    const value = values[at] ?? null
    if (value === null) continue
    addTo(found, keyText(value, type, run), values)
  }
  return found
}

function placed(left: JoinedRow, relation: Relation, values: readonly SqlValue[]): JoinedRow {
  const row = { values: left.values.slice(), tuples: left.tuples.slice() }
  for (const [at, column] of relation.columns.entries()) row.values[column.slot] = values[at] ?? null
  return row
}

function compileRangeFunction(fields: Fields<'RangeFunction'>, building: Building): Item {
  const { scope } = building
  const before = scope.columns
  // A function in FROM may refer to the items on its left, even without LATERAL. Their columns must therefore be
  // visible.
  if (before.length === 0) scope.columns = scope.relations.flatMap((relation) => relation.columns)
  const table = compileFunctionTable(fields, scope)
  scope.columns = before
  const name = fields.alias?.aliasname ?? table.name
  const relation = addRelation(scope, name, renamed(table.columns, fields.alias), undefined, table.isScalar)
  return {
    columns: relation.columns,
    *extend(run, outer, left) {
      const env = envOf(left, outer, run)
      const found = yield* evaluating(() => table.rows(env))
      return found.map((values) => placed(left, relation, values))
    },
  }
}

function compileJoin(fields: Fields<'JoinExpr'>, building: Building, dependent: boolean): Item {
  const { jointype, isNatural, larg, rarg, usingClause, quals, alias, join_using_alias, ...rest } = fields
  refuseRest('JoinExpr', rest, ['rtindex'])
  if (alias !== undefined || join_using_alias !== undefined) throw new NotSupported('an alias of a join')
  if (larg === undefined || rarg === undefined) throw new NotSupported('a join of nothing')
  const kind =
    jointype === 'JOIN_INNER' || jointype === 'JOIN_LEFT' || jointype === 'JOIN_RIGHT' || jointype === 'JOIN_FULL'
      ? jointype
      : undefined
  if (kind === undefined) throw new NotSupported(jointype ?? 'JOIN')
  const { scope } = building
  const left = compileItem(larg, building, dependent)
  const outside = scope.columns
  scope.columns = [...outside, ...left.columns]
  const rightDependent = kind === 'JOIN_INNER' || kind === 'JOIN_LEFT'
  const inner = kind === 'JOIN_INNER'
  const rightBuilding: Building = inner ? building : { scope, scans: building.scans, conditions: [] }
  const right = compileItem(rarg, rightBuilding, rightDependent)
  if (isNatural === true) scope.relations.forEach(requireAll)
  const names = isNatural === true ? commonNames(left, right) : namesOf(usingClause)
  const merged = names.map((name) => mergedColumn(name, left, right, kind, scope))
  const columns = [
    ...merged.map((each) => each.column),
    ...left.columns.filter((column) => !names.includes(column.name)),
    ...right.columns.filter((column) => !names.includes(column.name)),
  ]
  scope.columns = [...left.columns, ...right.columns]
  const conditions = [
    ...merged.map((each) => each.equal),
    ...conjuncts(quals).map((each) => scope.context.condition(each, scope, 'JOIN/ON')),
  ]
  for (const scan of building.scans) {
    if (inner || right === scan) for (const each of conjuncts(quals)) scan.narrow(each, scope)
    for (const { left: l, right: r } of merged) scan.narrowByColumn(l, r)
  }
  if (rightDependent)
    for (const equal of [...merged, ...equalColumns(quals, left, right, scope)]) right.match?.(equal.right, equal.left)
  scope.columns = outside
  if (inner) building.conditions.push(...conditions)
  return { columns, extend: joinRows(kind, left, right, conditions, merged) }
}

function equalColumns(
  quals: Node | undefined,
  left: Item,
  right: Item,
  scope: QueryScope,
): readonly { readonly left: NamedColumn; readonly right: NamedColumn }[] {
  return conjuncts(quals).flatMap((each) => {
    if (!('A_Expr' in each) || each.A_Expr.kind !== 'AEXPR_OP' || namesOf(each.A_Expr.name).join('.') !== '=') return []
    const both = [each.A_Expr.lexpr, each.A_Expr.rexpr].map((node) => node && columnOf(node, scope))
    const l = both.find((column) => column !== undefined && left.columns.includes(column))
    const r = both.find((column) => column !== undefined && right.columns.includes(column))
    return l === undefined || r === undefined ? [] : [{ left: l, right: r }]
  })
}

function commonNames(left: Item, right: Item): readonly string[] {
  return left.columns.map((column) => column.name).filter((name) => right.columns.some((each) => each.name === name))
}

interface Merged {
  readonly column: NamedColumn
  readonly left: NamedColumn
  readonly right: NamedColumn
  readonly equal: Compiled
  /** The slot of a merged column of a FULL JOIN. The side that has a row fills the slot. */
  readonly slot: number | undefined
}

function mergedColumn(name: string, left: Item, right: Item, kind: string, scope: QueryScope): Merged {
  const l = left.columns.find((column) => column.name === name)
  const r = right.columns.find((column) => column.name === name)
  if (l === undefined || r === undefined) {
    for (const { alias, lacking } of scope.relations)
      if (lacking?.includes(name)) throw new NotSupported(`the column ${name} of ${alias}`)
    throw new SqlError(
      '42703',
      `column "${name}" specified in USING clause does not exist in ${l === undefined ? 'left' : 'right'} table`,
    )
  }
  const equal = equalityOf(l, r, scope.context)
  if (kind !== 'JOIN_FULL') return { column: kind === 'JOIN_RIGHT' ? r : l, left: l, right: r, equal, slot: undefined }
  const slot = scope.width++
  return { column: { ...l, slot, tableOid: 0, attribute: 0 }, left: l, right: r, equal, slot }
}

function joinRows(
  kind: 'JOIN_INNER' | 'JOIN_LEFT' | 'JOIN_RIGHT' | 'JOIN_FULL',
  left: Item,
  right: Item,
  conditions: readonly Compiled[],
  merged: readonly Merged[],
): Item['extend'] {
  const matches = (run: Run, outer: Env | undefined, row: JoinedRow): boolean =>
    conditions.every((condition) => isTrue(condition, envOf(row, outer, run)))
  const merge = (row: JoinedRow): JoinedRow => {
    for (const { slot, left: l, right: r } of merged)
      if (slot !== undefined) row.values[slot] = row.values[l.slot] ?? row.values[r.slot] ?? null
    return row
  }
  if (kind === 'JOIN_INNER' || kind === 'JOIN_LEFT')
    return function* (run, outer, base) {
      const joined: JoinedRow[] = []
      for (const row of yield* left.extend(run, outer, base)) {
        let found = false
        for (const both of yield* right.extend(run, outer, row))
          if (yield* evaluating(() => matches(run, outer, both))) {
            found = true
            joined.push(both)
          }
        if (!found && kind === 'JOIN_LEFT') joined.push(row)
      }
      return joined
    }
  return function* (run, outer, base) {
    const rights = yield* right.extend(run, outer, base)
    const met = new Set<JoinedRow>()
    const joined: JoinedRow[] = []
    for (const row of yield* left.extend(run, outer, base)) {
      let found = false
      for (const other of rights) {
        const both = overlaid(row, other, base)
        if (!(yield* evaluating(() => matches(run, outer, both)))) continue
        found = true
        met.add(other)
        joined.push(merge(both))
      }
      if (!found && kind === 'JOIN_FULL') joined.push(merge(row))
    }
    for (const other of rights) if (!met.has(other)) joined.push(merge(other))
    return joined
  }
}

function overlaid(left: JoinedRow, right: JoinedRow, base: JoinedRow): JoinedRow {
  return {
    values: left.values.map((value, at) => (value === base.values[at] ? (right.values[at] ?? null) : value)),
    tuples: Array.from(
      { length: Math.max(left.tuples.length, right.tuples.length) },
      (_, at) => left.tuples[at] ?? right.tuples[at],
    ),
  }
}
