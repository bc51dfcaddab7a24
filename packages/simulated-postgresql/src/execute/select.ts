import { knownValue } from '../expressions/coerce.ts'
import { requireEquality } from '../expressions/comparison.ts'
import type { Compiled, Env } from '../expressions/env.ts'
import { valueAt } from '../expressions/fold.ts'
import { compileWindow, type WindowCall } from '../expressions/windows.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, refuseRest } from '../sql/nodes.ts'
import { treeText } from '../sql/trees.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlType } from '../types/value.ts'
import { conjuncts } from './conditions.ts'
import { compileFrom, type From } from './from.ts'
import { compileGrouping, type Grouping } from './grouping.ts'
import { columnOf } from './grouping-sets.ts'
import { boundsOf, type CompiledLimit, compileLimit, limited } from './limit.ts'
import { compileLocking, type Locked, lockOne, lockRows } from './locking.ts'
import type { JoinedRow, QueryPlan, Reading, Rows, Run } from './model.ts'
import { resultColumns } from './returning.ts'
import { emptyRow } from './rows.ts'
import { evaluating } from './run.ts'
import { envOf, isTrue, type QueryScope } from './scope.ts'
import { distinct, rowKey } from './set-operation.ts'
import { collectSets, expandSets, type SetReturning } from './set-returning.ts'
import { compileSort, type SortKey, sorted, sortValues } from './sort.ts'
import { compileTargets, type Target } from './targets.ts'

interface Select extends Locked {
  readonly grouping: Grouping | undefined
  readonly windows: Windows
  readonly sets: readonly SetReturning[]
  readonly targets: readonly Target[]
  readonly sort: readonly SortKey[]
  /** The DISTINCT clause. DISTINCT ON has a list of expressions. */
  readonly distinct: 'none' | 'all' | readonly Compiled[]
  readonly limit: CompiledLimit
}

export function compileSelect(fields: Fields<'SelectStmt'>, scope: QueryScope, wanted?: readonly SqlType[]): QueryPlan {
  const select = compileParts(fields, scope, wanted)
  return {
    columns: resultColumns(select.targets),
    rows: (run, outer) => execute(select, run, outer),
    reading: select.locking.length === 0 ? undefined : (run) => read(select, run),
  }
}

function compileParts(fields: Fields<'SelectStmt'>, scope: QueryScope, wanted: readonly SqlType[] | undefined): Select {
  const {
    distinctClause,
    targetList,
    fromClause,
    whereClause,
    groupClause,
    havingClause,
    windowClause,
    sortClause,
    lockingClause,
    ...rest
  } = fields
  refuseRest('SelectStmt', rest, ['limitOffset', 'limitCount', 'limitOption', 'withClause'])
  const from = compileFrom(fromClause ?? [], scope)
  const windows = compileWindows(windowClause, scope)
  const sets = collectSets(scope)
  const grouping = compileGrouping(groupClause ?? [], targetList ?? [], scope)
  const compile = (node: Node, type?: SqlType): Compiled => grouping.compile(node, type)
  const targets = compileTargets(targetList ?? [], scope, compile, wanted)
  const where = compileWhere(whereClause, scope, from)
  grouping.groupBy(targets)
  const having = havingClause === undefined ? undefined : grouping.having(havingClause)
  const sort = compileSort(sortClause, targets, scope, compile)
  const locking = compileLocking(lockingClause, scope)
  const isGrouped = grouping.finish(targets, having !== undefined)
  if (locking.length > 0 && (isGrouped || distinctClause !== undefined))
    throw new SqlError(
      '0A000',
      `${locking[0]?.lock} is not allowed with ${distinctClause === undefined ? 'GROUP BY clause' : 'DISTINCT clause'}`,
    )
  return {
    scope,
    from,
    where,
    grouping: isGrouped ? grouping : undefined,
    windows,
    sets,
    targets,
    sort,
    distinct: distinctOf(distinctClause, targets, sort, scope, compile),
    limit: compileLimit(fields, scope),
    locking,
  }
}

/** Compiles WHERE, and narrows the scans of `from` by it. */
export function compileWhere(node: Node | undefined, scope: QueryScope, from: From): readonly Compiled[] {
  if (node === undefined) return []
  const parts = conjuncts(node)
  const compiled = parts.map((each) => scope.context.condition(each, scope, 'WHERE'))
  // If constants alone make one condition false, PostgreSQL evaluates no other condition.
  const refuted = compiled.filter((condition) => {
    const known = knownValue(condition, scope)
    return known !== undefined && known.value !== true
  })
  if (refuted.length > 0) return refuted
  for (const part of parts) for (const scan of from.scans) scan.narrow(part, scope)
  return compiled
}

function distinctOf(
  clause: readonly Node[] | undefined,
  targets: readonly Target[],
  sort: readonly SortKey[],
  scope: QueryScope,
  compile: (node: Node) => Compiled,
): Select['distinct'] {
  if (clause === undefined) return 'none'
  // The parser represents a plain DISTINCT as a list of one empty node.
  const expressions = clause.filter((node) => Object.keys(node).length > 0)
  const identity = ({ node, target }: Pick<SortKey, 'node' | 'target'>): string =>
    identityOf(target === undefined ? node : targets[target], scope)
  if (expressions.length === 0) {
    const selected = new Set(targets.map((target) => identityOf(target, scope)))
    if (sort.some((key) => !selected.has(identity(key))))
      throw new SqlError('42P10', 'for SELECT DISTINCT, ORDER BY expressions must appear in select list')
    for (const { compiled } of targets) requireEquality(scope.context.types, compiled.type.oid)
    return 'all'
  }
  const keys = compileSort(
    expressions.map((node) => ({ SortBy: { node } })),
    targets,
    scope,
    compile,
  )
  const wanted = new Set(keys.map(identity))
  const other = sort.findIndex((key) => !wanted.has(identity(key)))
  if (other >= 0 && new Set(sort.slice(0, other).map(identity)).size < wanted.size)
    throw new SqlError('42P10', 'SELECT DISTINCT ON expressions must match initial ORDER BY expressions')
  return keys.map((key) => key.compiled)
}

/** Returns equal texts for equal expressions, however they qualify their columns. */
function identityOf(of: Target | Node | undefined, scope: QueryScope): string {
  const isTarget = of !== undefined && 'compiled' in of
  if (isTarget && of.column !== undefined) return String(of.column.slot)
  return treeText(isTarget ? of.node : of, (part) =>
    typeof part === 'object' && part !== null && 'ColumnRef' in part
      ? (columnOf(part as Node, scope)?.slot ?? part)
      : part,
  )
}

function* found(select: Select, run: Run, outer: Env | undefined): Coroutine<readonly JoinedRow[]> {
  let rows: readonly JoinedRow[] = yield* select.from.item.extend(run, outer, emptyRow(select.scope))
  rows = yield* filtered(rows, select.where, run, outer)
  if (select.grouping !== undefined) rows = yield* select.grouping.group(rows, run, outer)
  rows = yield* evaluating(() => select.windows.add(rows, run, outer))
  return yield* expandSets(select.sets, rows, run, outer)
}

function* read(select: Select, run: Run): Coroutine<Reading> {
  const left = [...(yield* sortedRows(yield* found(select, run, undefined), select.sort, run, undefined))]
  const { offset, count } = boundsOf(select.limit, run, undefined)
  let locked = 0
  return {
    *next() {
      while (locked < offset + count) {
        const row = left.shift()
        if (row === undefined) return undefined
        const current = yield* lockOne(select, row, run, undefined)
        if (current !== undefined && ++locked > offset) return yield* project(select.targets, current, run, undefined)
      }
      return undefined
    },
  }
}

function* execute(select: Select, run: Run, outer: Env | undefined): Coroutine<Rows> {
  const rows = yield* found(select, run, outer)
  if (select.distinct !== 'none') return yield* executeDistinct(select, select.distinct, rows, run, outer)
  const ordered = yield* sortedRows(rows, select.sort, run, outer)
  const bounds = boundsOf(select.limit, run, outer)
  const chosen =
    select.locking.length > 0
      ? yield* lockRows(select, ordered, bounds, run, outer)
      : ordered.slice(bounds.offset, bounds.offset + bounds.count)
  const result: Rows[number][] = []
  for (const row of chosen) result.push(yield* project(select.targets, row, run, outer))
  return result
}

export function* project(
  targets: readonly Target[],
  row: JoinedRow,
  run: Run,
  outer: Env | undefined,
): Coroutine<Rows[number]> {
  const env = envOf(row, outer, run)
  return yield* evaluating(() => targets.map((target) => target.compiled.evaluate(env)))
}

export function* filtered(
  rows: readonly JoinedRow[],
  conditions: readonly Compiled[],
  run: Run,
  outer: Env | undefined,
): Coroutine<readonly JoinedRow[]> {
  if (conditions.length === 0) return rows
  const kept: JoinedRow[] = []
  for (const row of rows) {
    const env = envOf(row, outer, run)
    if (yield* evaluating(() => conditions.every((condition) => isTrue(condition, env)))) kept.push(row)
  }
  return kept
}

function* sortedRows(
  rows: readonly JoinedRow[],
  keys: readonly SortKey[],
  run: Run,
  outer: Env | undefined,
): Coroutine<readonly JoinedRow[]> {
  return yield* evaluating(() => sorted(rows, keys, (row) => sortValues(keys, envOf(row, outer, run))))
}

function* executeDistinct(
  select: Select,
  kind: 'all' | readonly Compiled[],
  rows: readonly JoinedRow[],
  run: Run,
  outer: Env | undefined,
): Coroutine<Rows> {
  const ordered = yield* sortedRows(rows, select.sort, run, outer)
  const projected: { out: Rows[number]; row: JoinedRow }[] = []
  for (const row of ordered) projected.push({ row, out: yield* project(select.targets, row, run, outer) })
  const types = kind === 'all' ? select.targets.map((target) => target.compiled.type) : kind.map((each) => each.type)
  const kept = distinct(projected, ({ out, row }) => {
    if (kind === 'all') return rowKey(out, types, run)
    const env = envOf(row, outer, run)
    return rowKey(
      kind.map((each) => each.evaluate(env)),
      types,
      run,
    )
  })
  return limited(
    kept.map((each) => each.out),
    select.limit,
    run,
    outer,
  )
}

interface Windows {
  /** @throws NotSupported if no compiled call uses one of the windows */
  add(rows: readonly JoinedRow[], run: Run, outer: Env | undefined): readonly JoinedRow[]
}

function compileWindows(clause: readonly Node[] | undefined, scope: QueryScope): Windows {
  const calls: { readonly call: WindowCall; readonly slot: number }[] = []
  const definitions = (clause ?? []).map((node) => expectKind(node, 'WindowDef'))
  const used = new Set(definitions.map(({ refname }) => refname))
  scope.onWindow = (call) => {
    used.add(call.over?.name).add(call.over?.refname)
    const compiled = compileWindow(call, clause ?? [], scope)
    const slot = scope.width++
    calls.push({ call: compiled, slot })
    return valueAt(compiled.type, slot)
  }
  return {
    add(rows, run, outer) {
      for (const { name } of definitions)
        if (!used.has(name)) throw new NotSupported(`the window ${name}, which no function uses`)
      if (calls.length === 0) return rows
      const extended = rows.map((row) => ({ values: row.values.slice(), tuples: row.tuples }))
      const envs = extended.map((row) => envOf(row, outer, run))
      for (const { call, slot } of calls)
        for (const [at, value] of call.evaluate(envs).entries()) {
          const row = extended[at]
          if (row !== undefined) row.values[slot] = value
        }
      return extended
    },
  }
}
