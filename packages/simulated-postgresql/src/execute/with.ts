import type { Env } from '../expressions/env.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import { objectsIn } from '../sql/trees.ts'
import type { Wait } from '../storage/wait.ts'
import type { RecordColumn, SqlType } from '../types/value.ts'
import { isModification } from './conditions.ts'
import type { CommonTable, QueryPlan, Rows, Run } from './model.ts'
import { renamedColumns } from './names.ts'
import { ready } from './run.ts'
import type { QueryScope } from './scope.ts'
import { commonTypes, conversion, distinct, rowKey } from './set-operation.ts'

/** Before the query, executes the parts of WITH that must run exactly once. */
export type Prepare = (run: Run, outer: Env | undefined) => Iterable<Wait>

/** Compiles WITH, if there is one, and adds its names to the scope. */
export function compileWith(
  fields: Fields<'WithClause'> | undefined,
  scope: QueryScope,
  { withClause: _, ...statement }: { readonly withClause?: unknown },
): Prepare {
  if (fields === undefined) return () => []
  const { ctes = [], recursive, ...rest } = fields
  refuseRest('WithClause', rest)
  const steps: Prepare[] = []
  const known = new Set<string>()
  const { context } = scope
  const compile = (name: string, query: Node, names: readonly string[]): Prepare =>
    recursive === true && mentions(query, name)
      ? recursion(name, query, names, scope)
      : plain(name, context.compilers.query(query, context, scope.parent, scope), names, scope)
  for (const node of ctes) {
    const fields = expectKind(node, 'CommonTableExpr')
    const { ctename = '', aliascolnames, ctequery, ...others } = fields
    refuseRest('CommonTableExpr', others, ['ctematerialized'])
    if (ctequery === undefined) throw new NotSupported('WITH without a query')
    if (known.has(ctename)) throw new SqlError('42712', `WITH query name "${ctename}" specified more than once`)
    known.add(ctename)
    const names = namesOf(aliascolnames)
    const isRead = mentions(statement, ctename) || ctes.some((each) => each !== node && mentions(each, ctename))
    if (isModification(ctequery)) steps.push(modification(ctename, ctequery, names, scope))
    else if (!isRead) context.check(() => compile(ctename, ctequery, names))
    else steps.push(compile(ctename, ctequery, names))
  }
  return function* (run, outer) {
    for (const step of steps) yield* step(run, outer)
  }
}

const named = (columns: readonly RecordColumn[], names: readonly string[], query: string): readonly RecordColumn[] =>
  renamedColumns(columns, names, `WITH query "${query}"`)

/** A WITH query without side effects, computed at its first use. */
function plain(name: string, plan: QueryPlan, names: readonly string[], scope: QueryScope): Prepare {
  const table: CommonTable = {
    name,
    columns: named(plan.columns, names, name),
    *rows(run) {
      const memo = run.memo.get(table) as { outer: Env | undefined; rows: Rows | undefined }
      memo.rows ??= yield* plan.rows(run, memo.outer)
      return memo.rows
    },
  }
  scope.commonTables.set(name, table)
  return (run, outer) => {
    run.memo.set(table, { outer, rows: undefined })
    return []
  }
}

/** A modification in WITH. It is executed completely, even if the query reads none of its rows. */
function modification(name: string, query: Node, names: readonly string[], scope: QueryScope): Prepare {
  const plan = scope.context.compilers.modification(query, scope.context, scope)
  const table: CommonTable = {
    name,
    columns: named(plan.columns ?? [], names, name),
    rows: (run) => ready(run.memo.get(table) as Rows),
  }
  scope.commonTables.set(name, table)
  return function* (run) {
    const { view } = run
    if (view === undefined) run.memo.set(table, (yield* plan.execute(run)).rows)
    else {
      run.memo.set(table, view.kept(table))
      if (plan.preview !== undefined) view.previewedRows.push(...(yield* plan.preview(run)))
    }
  }
}

/** The maximum number of iterations of a recursive query. A query with more iterations is assumed not to terminate. */
const ROUNDS = 100_000

function recursion(name: string, query: Node, names: readonly string[], scope: QueryScope): Prepare {
  const { op, all, larg, rarg, ...rest } = expectKind(query, 'SelectStmt')
  refuseRest('SelectStmt', rest)
  if (op !== 'SETOP_UNION' || larg === undefined || rarg === undefined)
    throw new SqlError(
      '42P19',
      `recursive query "${name}" does not have the form non-recursive-term UNION [ALL] recursive-term`,
    )
  const first = scope.context.compilers.query({ SelectStmt: larg }, scope.context, scope.parent, scope)
  const columns = named(first.columns, names, name)
  const table: CommonTable = {
    name,
    columns,
    *rows(run) {
      const memo = run.memo.get(table) as { outer: Env | undefined; working?: Rows; rows?: Rows }
      if (memo.working !== undefined) return memo.working
      if (memo.rows !== undefined) return memo.rows
      const types = columns.map((column) => column.type)
      const key = (row: Rows[number]): string => rowKey(row, types, run)
      const seen = new Set<string>()
      const fresh = (rows: Rows): Rows => {
        if (all === true) return rows
        const left = distinct(rows, key).filter((row) => !seen.has(key(row)))
        for (const row of left) seen.add(key(row))
        return left
      }
      const found: Rows[number][] = []
      let working = fresh(yield* first.rows(run, memo.outer))
      for (let round = 0; working.length > 0; round++) {
        if (round > ROUNDS) throw new NotSupported(`a recursive query of more than ${ROUNDS} rounds`)
        found.push(...working)
        memo.working = working
        const rows = yield* next.rows(run, memo.outer)
        working = fresh(convert === undefined ? rows : rows.map((row) => convert(row, run)))
      }
      delete memo.working
      memo.rows = found
      return found
    },
  }
  scope.commonTables.set(name, table)
  const next = scope.context.compilers.query({ SelectStmt: rarg }, scope.context, scope.parent, scope)
  if (next.columns.length !== columns.length)
    throw new SqlError('42601', 'each UNION query must have the same number of columns')
  const overall = commonTypes(first, next, { larg, rarg, name: 'UNION' }, scope)
  const format = (type: SqlType): string => scope.context.format(type)
  for (const [at, { type }] of columns.entries())
    if (type.oid !== overall[at]?.oid)
      throw new SqlError(
        '42804',
        `recursive query "${name}" column ${at + 1} has type ${format(type)} in non-recursive term but type ${format(overall[at] ?? type)} overall`,
        { hint: 'Cast the output of the non-recursive term to the correct type.' },
      )
  const convert = conversion(next, rarg, overall, scope)
  return (run, outer) => {
    run.memo.set(table, { outer })
    return []
  }
}

const mentions = (tree: unknown, name: string): boolean =>
  [...objectsIn(tree)].some(
    ({ relname, schemaname }: Fields<'RangeVar'>) => relname === name && schemaname === undefined,
  )
