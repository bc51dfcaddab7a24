import { NotSupported } from '../sql/error.ts'
import { type ByKind, callByKind, expectKind, kindOf, type Node } from '../sql/nodes.ts'
import type { Coroutine } from '../storage/wait.ts'
import { isModification } from './conditions.ts'
import { type Compilers, Context, type ContextOptions } from './context.ts'
import { compileDelete } from './delete.ts'
import { compileInsert } from './insert.ts'
import { compileMerge } from './merge.ts'
import type { Locking, ModificationPlan, QueryPlan, ResultColumn, Rows, Run } from './model.ts'
import { compileQuery } from './query.ts'
import type { QueryScope } from './scope.ts'
import { compileUpdate } from './update.ts'

/** A compiled statement that reads or changes rows. */
export interface Plan extends Locking {
  readonly columns: readonly ResultColumn[] | undefined
  readonly parameterOids: readonly number[]
  execute(run: Run): Coroutine<{ readonly tag: string; readonly rows: Rows }>
  /**
   * Evaluates the statement on the rows that the run's view shows, without changing rows. Returns the result, or the
   * changes that the statement would make.
   */
  preview(run: Run): Coroutine<Rows>
  readonly reading?: QueryPlan['reading']
}

/** Compiles queries and modifications nested within statements. */
export const COMPILERS: Compilers = {
  query: (node, context, parent, names, wanted) =>
    compileQuery(node, context, parent as QueryScope | undefined, names as QueryScope | undefined, wanted),
  modification: (node, context, names) => compileModification(node, context, names as QueryScope | undefined),
}

export function isPlanned(node: Node): boolean {
  return 'SelectStmt' in node || isModification(node)
}

export function compilePlan(node: Node, options: Omit<ContextOptions, 'compilers'>): Plan {
  const context = new Context({ ...options, compilers: COMPILERS })
  if (isModification(node)) return modificationPlan(node, context)
  const plan = compileQuery(node, context, undefined)
  const strongest = [...context.tables.values()]
  const writes = strongest.includes('RowExclusiveLock')
    ? 'INSERT'
    : strongest.includes('RowShareLock')
      ? 'SELECT FOR UPDATE'
      : undefined
  return {
    columns: plan.columns,
    parameterOids: context.parameterOids(),
    tables: context.tables,
    writes,
    isIdle: false,
    *execute(run) {
      const rows = yield* plan.rows(run, undefined)
      return { tag: `SELECT ${rows.length}`, rows }
    },
    preview: (run) => plan.rows(run, undefined),
    reading: plan.reading,
  }
}

function modificationPlan(node: Node, context: Context): Plan {
  const plan = compileModification(node, context, undefined)
  const verb = kindOf(node).replace('Stmt', '').toUpperCase()
  return {
    columns: plan.columns,
    parameterOids: context.parameterOids(),
    tables: context.tables,
    writes: verb,
    isIdle: doesNothing(node),
    *execute(run) {
      const { count, rows } = yield* plan.execute(run)
      return { tag: verb === 'INSERT' ? `INSERT 0 ${count}` : `${verb} ${count}`, rows }
    },
    preview(run) {
      if (plan.preview === undefined) throw new NotSupported(`${verb} once more`)
      return plan.preview(run)
    },
  }
}

function doesNothing(node: Node): boolean {
  if (!('MergeStmt' in node) || node.MergeStmt.withClause !== undefined) return false
  return (node.MergeStmt.mergeWhenClauses ?? []).every(
    (clause) => expectKind(clause, 'MergeWhenClause').commandType === 'CMD_NOTHING',
  )
}

const MODIFICATIONS: ByKind<[context: Context, names: QueryScope | undefined], ModificationPlan> = {
  InsertStmt: compileInsert,
  UpdateStmt: compileUpdate,
  DeleteStmt: compileDelete,
  MergeStmt: compileMerge,
}

/** Compiles a modification. `names` is the scope for names of WITH. */
function compileModification(node: Node, context: Context, names: QueryScope | undefined): ModificationPlan {
  const plan = callByKind(MODIFICATIONS, node, context, names)
  if (plan === undefined) throw new NotSupported(kindOf(node))
  return plan
}
