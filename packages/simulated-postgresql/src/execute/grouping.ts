import { type Accumulation, type AggregateCall, compileAggregate } from '../expressions/aggregates.ts'
import { requireEquality } from '../expressions/comparison.ts'
import { compileExpression } from '../expressions/compile.ts'
import type { Compiled, Env } from '../expressions/env.ts'
import { valueAt } from '../expressions/fold.ts'
import { functionsNamed } from '../functions/catalogue.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, type Node, namesOf } from '../sql/nodes.ts'
import { nodesIn, treeText } from '../sql/trees.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import { columnOf, compileGroupingSets, type GroupingSets } from './grouping-sets.ts'
import type { JoinedRow, NamedColumn, Run } from './model.ts'
import { emptyRow } from './rows.ts'
import { evaluating } from './run.ts'
import { envOf, isTrue, type QueryScope } from './scope.ts'
import { rowKey } from './set-operation.ts'
import { targetOf } from './sort.ts'
import type { Target } from './targets.ts'

/**
 * The GROUP BY clause and the aggregates of a query. The first row of a group, extended by the aggregate results,
 * represents the group: only aggregates may read columns that are not grouped.
 */
export interface Grouping {
  /** Compiles an expression on rows or, if the query is grouped, on groups. */
  compile(node: Node, wanted?: SqlType): Compiled
  groupBy(targets: readonly Target[]): void
  having(node: Node): Compiled
  /** Checks that expressions read only columns that the grouping permits. Returns whether the query is grouped. */
  finish(targets: readonly Target[], hasHaving: boolean): boolean
  group(rows: readonly JoinedRow[], run: Run, outer: Env | undefined): Coroutine<readonly JoinedRow[]>
}

interface OuterReference {
  readonly column: NamedColumn
  readonly names: readonly string[]
  readonly from: Node | undefined
}

interface Collected {
  readonly aggregate: AggregateCall
  readonly slot: number
}

export function compileGrouping(clause: readonly Node[], targetList: readonly Node[], scope: QueryScope): Grouping {
  const sets = compileGroupingSets(clause, targetList, scope)
  const aggregates: Collected[] = []
  const compiledNodes: Node[] = []
  const fromBelow: OuterReference[] = []
  const keys: { readonly node: Node; readonly compiled: Compiled; readonly column?: NamedColumn | undefined }[] = []
  let having: Compiled | undefined

  const aggregate = (call: Fields<'FuncCall'>): Compiled => {
    // The arguments of an aggregate are evaluated for each row. The callbacks apply only to expressions that are
    // evaluated for each group, so they are removed while the arguments are compiled.
    const { onOuterReference } = scope
    scope.onOuterReference = undefined
    scope.onNode = undefined
    const compiled = ownAggregate(call, scope)
    scope.onOuterReference = onOuterReference
    scope.onNode = sets?.replaced
    const slot = scope.width++
    aggregates.push({ aggregate: compiled, slot })
    return valueAt(compiled.type, slot)
  }
  const grouped = (node: Node, compileIt: () => Compiled): Compiled => {
    compiledNodes.push(node)
    scope.onAggregate = aggregate
    scope.onNode = sets?.replaced
    scope.onOuterReference = (column, names) => fromBelow.push({ column, names, from: scope.subselect })
    try {
      return compileIt()
    } finally {
      scope.onAggregate = undefined
      scope.onNode = undefined
      scope.onOuterReference = undefined
    }
  }
  const compile = (node: Node, wanted?: SqlType): Compiled =>
    grouped(node, () => compileExpression(node, scope, wanted))
  return {
    compile,
    groupBy(targets) {
      if (sets !== undefined) {
        for (const key of sets.keys) {
          requirePlain(key.node)
          keys.push(key)
        }
        return
      }
      for (const node of clause) {
        // A column of FROM takes precedence over a result column.
        const named = columnOf(node, scope) === undefined ? targetOf(node, targets, 'GROUP BY') : undefined
        const target = named === undefined ? undefined : targets[named]
        if (target?.node !== undefined) requirePlain(target.node)
        const grouped = target?.node ?? node
        const compiled = target?.compiled ?? compileExpression(grouped, scope)
        requireEquality(scope.context.types, compiled.type.oid)
        keys.push({ node: grouped, compiled, column: target?.column })
      }
    },
    having(node) {
      having = grouped(node, () => scope.context.condition(node, scope, 'HAVING'))
      return having
    },
    finish(targets, hasHaving) {
      if (keys.length === 0 && aggregates.length === 0 && !hasHaving) return false
      const stars = targets.flatMap(({ node, column }) => (node === undefined && column !== undefined ? column : []))
      checkGrouped({ nodes: compiledNodes, stars }, keys, fromBelow, scope, sets)
      return true
    },
    *group(rows, run, outer) {
      const groups = yield* evaluating(() =>
        sets === undefined
          ? collect(rows, keys, aggregates, scope, run, outer)
          : collectSets(rows, sets, aggregates, scope, run, outer),
      )
      const condition = having
      if (condition === undefined) return groups
      return yield* evaluating(() => groups.filter((row) => isTrue(condition, envOf(row, outer, run))))
    },
  }
}

/** Refuses an aggregate or a window function in a result column that GROUP BY names by its number. */
function requirePlain(node: unknown): void {
  for (const call of nodesIn(node, 'FuncCall', 'SubLink')) {
    if (call.over !== undefined) throw new SqlError('42P20', 'window functions are not allowed in GROUP BY')
    if (isAggregate(call)) throw new SqlError('42803', 'aggregate functions are not allowed in GROUP BY')
  }
}

function collect(
  rows: readonly JoinedRow[],
  keys: readonly { readonly compiled: Compiled }[],
  aggregates: readonly Collected[],
  scope: QueryScope,
  run: Run,
  outer: Env | undefined,
): JoinedRow[] {
  const types = keys.map((key) => key.compiled.type)
  const groups = new Map<string, { first: JoinedRow; env: Env; states: Accumulation[] }>()
  const begin = (first: JoinedRow, env: Env) => ({
    first,
    env,
    states: aggregates.map(({ aggregate }) => aggregate.create(env)),
  })
  for (const row of rows) {
    const env = envOf(row, outer, run)
    const key = rowKey(
      keys.map(({ compiled }) => compiled.evaluate(env)),
      types,
      run,
    )
    let group = groups.get(key)
    if (group === undefined) {
      group = begin(row, env)
      groups.set(key, group)
    }
    for (const state of group.states) state.add(env)
  }
  if (groups.size === 0 && keys.length === 0) {
    const empty = emptyRow(scope)
    groups.set('', begin(empty, envOf(empty, outer, run)))
  }
  return [...groups.values()].map(({ first, env, states }) => {
    const values: SqlValue[] = first.values.slice()
    for (const [at, { slot }] of aggregates.entries()) values[slot] = states[at]?.result(env) ?? null
    return { values, tuples: first.tuples }
  })
}

function collectSets(
  rows: readonly JoinedRow[],
  sets: GroupingSets,
  aggregates: readonly Collected[],
  scope: QueryScope,
  run: Run,
  outer: Env | undefined,
): JoinedRow[] {
  const keyed = rows.map((row) => {
    const env = envOf(row, outer, run)
    const values = row.values.slice()
    for (const { compiled, slot } of sets.keys) values[slot] = compiled.evaluate(env)
    return { values, tuples: row.tuples }
  })
  return sets.sets.flatMap((places, set) => {
    const keys = sets.keys.filter((_, at) => places.includes(at))
    return collect(keyed, keys, aggregates, scope, run, outer).map((group) => sets.marked(group, set))
  })
}

/**
 * Refuses a column that an expression on groups cannot read. Columns that depend on a grouped primary key are
 * permitted.
 */
function checkGrouped(
  { nodes, stars }: { readonly nodes: readonly Node[]; readonly stars: readonly NamedColumn[] },
  keys: readonly { readonly node: Node; readonly column?: NamedColumn | undefined }[],
  fromBelow: readonly OuterReference[],
  scope: QueryScope,
  sets: GroupingSets | undefined,
): void {
  const texts = new Set(keys.map(({ node }) => treeText(node)))
  const slots = new Set<number>()
  /** The slots of the columns that every grouping set contains. */
  const common = new Set<number>()
  for (const [at, { node, column = columnOf(node, scope) }] of keys.entries()) {
    if (column === undefined) continue
    slots.add(column.slot)
    if (sets === undefined || sets.sets.every((set) => set.includes(at))) common.add(column.slot)
  }
  for (const relation of scope.relations) {
    const primary = relation.table?.indexes.find((index) => index.primary)
    const depends = primary?.columns.every((place) => {
      const column = relation.columns.find((each) => each.attribute === (place ?? -1) + 1)
      return column !== undefined && common.has(column.slot)
    })
    if (depends === true)
      for (const column of [...relation.columns, ...(relation.system?.columns ?? [])]) slots.add(column.slot)
  }
  const requireGrouped = (names: readonly string[], column: NamedColumn | undefined): void => {
    if (column !== undefined && !slots.has(column.slot))
      throw new SqlError(
        '42803',
        `column "${qualifiedName(names, column, scope)}" must appear in the GROUP BY clause or be used in an aggregate function`,
      )
  }
  const subqueries = new Set<Node | undefined>()
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const each of node) visit(each)
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return
    if (texts.has(treeText(node))) return
    if ('GroupingFunc' in node) return
    if ('FuncCall' in node && isAggregate((node as { FuncCall: Fields<'FuncCall'> }).FuncCall)) return
    if ('SubLink' in node) {
      const { testexpr, subselect } = (node as Extract<Node, { SubLink: unknown }>).SubLink
      visit(testexpr)
      subqueries.add(subselect)
      return
    }
    if ('ColumnRef' in node) {
      const { fields } = (node as Extract<Node, { ColumnRef: unknown }>).ColumnRef
      requireGrouped(namesOf(fields), columnOf(node as Node, scope))
      return
    }
    for (const value of Object.values(node)) visit(value)
  }
  for (const node of nodes) visit(node)
  for (const column of stars) requireGrouped([column.name], column)
  for (const { column, names, from } of fromBelow)
    if (subqueries.has(from) && !slots.has(column.slot))
      throw new SqlError(
        '42803',
        `subquery uses ungrouped column "${qualifiedName(names, column, scope)}" from outer query`,
      )
}

function qualifiedName(names: readonly string[], column: NamedColumn, scope: QueryScope): string {
  const owner = scope.relations.find((relation) =>
    [...relation.columns, ...(relation.system?.columns ?? [])].includes(column),
  )
  return names.length > 1 ? names.join('.') : `${owner?.alias}.${names[0]}`
}

/**
 * Compiles an aggregate of this query. If the aggregate's columns all come from an outer query, it belongs to the outer
 * query.
 */
function ownAggregate(call: Fields<'FuncCall'>, scope: QueryScope): AggregateCall {
  let own = false
  let outer = false
  const { recorder } = scope
  scope.recorder = (slot) => {
    own = true
    recorder?.(slot)
  }
  const restores: (() => void)[] = []
  for (let each = scope.parent; each !== undefined; each = each.parent) {
    const { onOuterReference } = each
    const parent = each
    parent.onOuterReference = (column, names) => {
      outer = true
      onOuterReference?.(column, names)
    }
    restores.push(() => {
      parent.onOuterReference = onOuterReference
    })
  }
  let compiled: AggregateCall
  try {
    compiled = compileAggregate(call, scope)
  } finally {
    scope.recorder = recorder
    for (const restore of restores) restore()
  }
  if (outer && !own) throw new NotSupported('an aggregate of an outer query')
  return compiled
}

function isAggregate(call: Fields<'FuncCall'>): boolean {
  return (
    call.over === undefined && functionsNamed(namesOf(call.funcname).at(-1) ?? '').some((each) => each.kind === 'a')
  )
}
