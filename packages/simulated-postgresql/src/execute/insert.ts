import { type Column, columnsOf, type Table } from '../catalogue/table.ts'
import type { Env } from '../expressions/env.ts'
import { valueAt } from '../expressions/fold.ts'
import { SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, refuseRest } from '../sql/nodes.ts'
import { unassignable } from '../sql/system-columns.ts'
import type { Tuple } from '../storage/model.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlValue } from '../types/value.ts'
import { completeRow } from './complete-row.ts'
import type { Context } from './context.ts'
import type { JoinedRow, ModificationPlan, QueryPlan, Run, TableFacts } from './model.ts'
import { executionOf } from './modification.ts'
import { type Conflict, compileConflict, previewConflicts, resolveConflict } from './on-conflict.ts'
import { compileReturning, targetTable } from './returning.ts'
import { emptyRow, fillSlots } from './rows.ts'
import { evaluating } from './run.ts'
import { addRelation, QueryScope } from './scope.ts'
import { project } from './select.ts'
import { compileFacts } from './table-facts.ts'
import { fireBefore, hasBefore } from './triggers.ts'
import { compileValues } from './values.ts'
import { compileWith } from './with.ts'
import { insertRow } from './write-rows.ts'

export function compileInsert(
  fields: Fields<'InsertStmt'>,
  context: Context,
  names: QueryScope | undefined,
): ModificationPlan {
  const { relation: target, cols, onConflictClause, returningClause, withClause, ...rest } = fields
  refuseRest('InsertStmt', rest, ['selectStmt', 'override'])
  const scope = new QueryScope(context, undefined, names)
  const prepare = compileWith(withClause, scope, fields)
  const table = targetTable(target, scope)
  const facts = compileFacts(table, context)
  const columns = targetColumns(cols, table)
  const source = compileSource(fields, columns, facts, scope)
  const relation = addRelation(scope, target?.alias?.aliasname ?? table.name, columnsOf(table), table)
  scope.columns = relation.columns
  const conflict =
    onConflictClause === undefined ? undefined : compileConflict(onConflictClause, facts, scope, relation)
  const returning = compileReturning(returningClause, scope)
  const place = (tuple: Tuple): JoinedRow => {
    const row = emptyRow(scope)
    fillSlots(row.values, relation.columns, tuple.values)
    relation.system?.place(row.values, tuple)
    return row
  }
  return {
    ...executionOf({
      ...{ prepare, facts, returning },
      kinds: conflict?.update === undefined ? ['INSERT'] : ['INSERT', 'UPDATE'],
      find: (run) => source.rows(run),
      *change(values, run) {
        const tuple = yield* insertOne(facts, values, conflict, run)
        return tuple === undefined ? [] : [place(tuple)]
      },
      endsVersions: conflict !== undefined,
    }),
    *preview(run) {
      yield* prepare(run, undefined)
      const rows = source.read === undefined ? [] : yield* source.read.rows(run, undefined)
      if (conflict === undefined) return rows
      const returned = (tuple: Tuple) => project(returning ?? [], place(tuple), run, undefined)
      return [...rows, ...(yield* previewConflicts(conflict, facts, returned, run))]
    },
  }
}

export function* insertOne(
  facts: TableFacts,
  values: SqlValue[],
  conflict: Conflict | undefined,
  run: Run,
): Coroutine<Tuple | undefined> {
  const row = hasBefore(facts, 'INSERT') ? yield* fireBefore(facts, 'INSERT', undefined, values, run) : values
  if (row === undefined) return undefined
  yield* evaluating(() => completeRow(facts, row, run))
  if (conflict !== undefined) {
    const resolved = yield* resolveConflict(conflict, facts, row, run)
    if (resolved !== 'none') return resolved.tuple
  }
  return yield* insertRow(facts, row, run)
}

export function targetColumns(list: readonly Node[] | undefined, table: Table): readonly Column[] {
  const all = columnsOf(table)
  if (list === undefined) return all
  const columns: Column[] = []
  for (const node of list) {
    const target = expectKind(node, 'ResTarget')
    const { name = '', ...rest } = target
    refuseRest('ResTarget', rest)
    const column = all.find((each) => each.name === name)
    const position = (target.location ?? 0) + 1
    if (column === undefined) throw unassignable(name, table, position)
    if (columns.includes(column)) throw new SqlError('42701', `column "${name}" specified more than once`, { position })
    columns.push(column)
  }
  return columns
}

interface Source {
  /** The query whose rows are inserted; undefined if the statement contains the values. */
  readonly read: QueryPlan | undefined
  rows(run: Run): Coroutine<readonly SqlValue[][]>
}

/** Compiles the source of the rows to insert, with their defaults. */
function compileSource(
  { selectStmt: select, cols, override }: Pick<Fields<'InsertStmt'>, 'selectStmt' | 'cols' | 'override'>,
  columns: readonly Column[],
  facts: TableFacts,
  scope: QueryScope,
): Source {
  const { table } = facts
  const plan = select === undefined ? undefined : compileRows(select, columns, facts, scope)
  if (plan !== undefined && cols !== undefined && plan.columns.length < columns.length)
    throw new SqlError('42601', 'INSERT has more target columns than expressions')
  const given = columns.slice(0, plan?.columns.length ?? 0)
  const userIgnored = override === 'OVERRIDING_USER_VALUE'
  const defaults = table.columns.map((column, place) =>
    given.includes(column) && !(userIgnored && column.identity !== undefined) ? undefined : facts.defaults[place],
  )
  if (plan !== undefined && override === 'OVERRIDING_NOT_SET') refuseAlways(given, select)
  return {
    read: areGiven(select) ? undefined : plan,
    *rows(run) {
      const env: Env = { row: [], parameters: run.parameters, session: run }
      const complete: SqlValue[][] = []
      for (const row of plan === undefined ? [[]] : yield* plan.rows(run, undefined)) {
        const values = yield* evaluating(() => defaults.map((compiled) => compiled?.evaluate(env) ?? null))
        for (const [at, column] of given.entries())
          if (!(userIgnored && column.identity !== undefined)) values[column.attribute - 1] = row[at] ?? null
        complete.push(values)
      }
      return complete
    },
  }
}

const areGiven = (select: Node | undefined): boolean =>
  select !== undefined &&
  'SelectStmt' in select &&
  select.SelectStmt.valuesLists !== undefined &&
  !/"(?:SubLink|FuncCall)":/.test(JSON.stringify(select.SelectStmt.valuesLists))

/** Refuses a value other than DEFAULT for a column that is always generated. */
export function refuseAlways(given: readonly Column[], select: Node | undefined): void {
  const lists = select !== undefined && 'SelectStmt' in select ? (select.SelectStmt.valuesLists ?? []) : []
  for (const [at, column] of given.entries()) {
    if (column.generated === undefined && column.identity?.always !== true) continue
    const allDefault =
      lists.length > 0 &&
      lists.every((list) => {
        const item = expectKind(list, 'List').items?.[at]
        return item !== undefined && 'SetToDefault' in item
      })
    if (allDefault) continue
    const generated = column.generated !== undefined
    throw new SqlError('428C9', `cannot insert a non-DEFAULT value into column "${column.name}"`, {
      detail: `Column "${column.name}" is ${generated ? 'a generated column' : 'an identity column defined as GENERATED ALWAYS'}.`,
      ...(generated ? {} : { hint: 'Use OVERRIDING SYSTEM VALUE to override.' }),
    })
  }
}

function compileRows(select: Node, columns: readonly Column[], facts: TableFacts, scope: QueryScope): QueryPlan {
  const statement = expectKind(select, 'SelectStmt')
  const { context } = scope
  const values =
    statement.valuesLists !== undefined && statement.withClause === undefined && statement.limitCount === undefined
  const inner = new QueryScope(context, undefined, scope)
  inner.place = 'VALUES'
  const plan = values
    ? compileAssignedValues(statement, columns, facts, inner)
    : context.compilers.query(
        select,
        context,
        undefined,
        scope,
        columns.map((column) => column.type),
      )
  if (plan.columns.length > columns.length)
    throw new SqlError('42601', 'INSERT has more expressions than target columns')
  if (values) return plan
  const assigned = plan.columns.map(({ type }, at) => {
    const column = columns[at]
    const value = valueAt(type, at)
    return column === undefined ? value : context.assignedValue(value, scope, column)
  })
  return {
    columns: plan.columns,
    *rows(run, outer) {
      const rows = yield* plan.rows(run, outer)
      return rows.map((row) => assigned.map((each) => each.evaluate({ row, parameters: run.parameters, session: run })))
    },
  }
}

function compileAssignedValues(
  statement: Fields<'SelectStmt'>,
  columns: readonly Column[],
  facts: TableFacts,
  scope: QueryScope,
): QueryPlan {
  const { valuesLists, ...rest } = statement
  refuseRest('SelectStmt', rest)
  return compileValues(valuesLists, scope, (node, at) => {
    const column = columns[at]
    if (column === undefined) throw new SqlError('42601', 'INSERT has more expressions than target columns')
    if (!('SetToDefault' in node)) return scope.context.assigned(node, scope, column)
    return facts.defaults[column.attribute - 1] ?? { type: column.type, evaluate: () => null }
  })
}
