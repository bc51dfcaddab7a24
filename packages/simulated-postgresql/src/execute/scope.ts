import { signatureOf } from '../catalogue/routine.ts'
import type { Table } from '../catalogue/table.ts'
import { compileExpression } from '../expressions/compile.ts'
import type { ColumnReference, Compiled, Env, Scope, Subquery } from '../expressions/env.ts'
import type { FunctionSignature } from '../functions/catalogue.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import type { Fields, Node } from '../sql/nodes.ts'
import { isSystemColumn } from '../sql/system-columns.ts'
import { OID } from '../types/oids.ts'
import { SqlRecord, type SqlType, type SqlValue } from '../types/value.ts'
import type { Context } from './context.ts'
import { valueIn } from './deferred.ts'
import { withoutTargets } from './existence.ts'
import type { CommonTable, NamedColumn, Relation, Rows, Run } from './model.ts'
import { executed, runOf } from './run.ts'
import { systemColumnsOf } from './system-columns.ts'

type Call = Fields<'FuncCall'>

/** The names that a query's expressions can use, and the slots of their values. */
export class QueryScope implements Scope {
  readonly context: Context
  readonly parent: QueryScope | undefined
  readonly relations: Relation[] = []
  /** The columns that an unqualified name can refer to, in the order of `*`. */
  columns: readonly NamedColumn[] = []
  readonly commonTables: Map<string, CommonTable> = new Map()
  /** The number of values in a row. `tuples` is the number of row versions. */
  width = 0
  tuples = 0
  /** Called with the slot of each referenced column of this query. */
  recorder: ((slot: number) => void) | undefined
  subselect: Node | undefined
  /** Called for each column of this query that a subquery references. */
  onOuterReference: ((column: NamedColumn, names: readonly string[]) => void) | undefined
  /**
   * The number of names that subqueries looked up in this query. An increase shows that a subquery depends on a row of
   * this query.
   */
  searchedFromBelow = 0
  /** The clause that is being compiled, for messages. */
  place = 'this context'
  /**
   * Compiles a node that has a special meaning in this query, such as a grouping key. Returns undefined for other
   * nodes.
   */
  onNode: ((node: Node) => Compiled | undefined) | undefined
  onAggregate: ((call: Call) => Compiled) | undefined
  onWindow: ((call: Call) => Compiled) | undefined
  onSetReturning: ((call: Call) => Compiled) | undefined
  readonly #names: QueryScope | undefined

  constructor(context: Context, parent: QueryScope | undefined, names: QueryScope | undefined = parent) {
    this.context = context
    this.parent = parent
    this.#names = names
  }

  replaced(node: Node): Compiled | undefined {
    return this.onNode?.(node)
  }

  routines(names: readonly string[]): readonly FunctionSignature[] {
    return this.context.routines(names).map(signatureOf)
  }

  subquery(select: Node, use: 'rows' | 'existence' = 'rows'): Subquery {
    const { context } = this
    const before = this.searchedFromBelow
    const bare = use === 'existence' ? withoutTargets(select) : undefined
    const around = this.subselect
    this.subselect = select
    if (bare !== undefined) context.check(() => context.compilers.query(select, context, this))
    const plan = context.compilers.query(bare ?? select, context, this)
    this.subselect = around
    const dependent = this.searchedFromBelow > before
    return {
      columns: plan.columns,
      rows: (env) => {
        const run = runOf(env)
        const known = dependent ? undefined : run.memo.get(plan)
        if (known !== undefined) return known as Rows
        const rows = executed(plan, () => plan.rows(run, env))
        if (!dependent) run.memo.set(plan, rows)
        return rows
      },
    }
  }

  column(names: readonly string[]): ColumnReference | Compiled {
    const variable = this.context.variables?.find(names)
    const column = this.#column(names)
    if (column === undefined) {
      if (variable !== undefined) return variable
      throw this.#missing(names)
    }
    if (variable !== undefined && this.context.variables?.precedence === 'error')
      throw new SqlError('42702', `column reference "${names.at(-1)}" is ambiguous`, {
        detail: 'It could refer to either a PL/pgSQL variable or a table column.',
      })
    return column
  }

  #column(names: readonly string[]): ColumnReference | Compiled | undefined {
    let levelsUp = 0
    for (let scope: QueryScope | undefined = this; scope !== undefined; scope = scope.parent) {
      const found = scope.find(names)
      if (found !== undefined) {
        const levels = levelsUp
        scope.recorder?.(found.slot)
        if (scope !== this) scope.onOuterReference?.(found, names)
        return found.deferred === true
          ? { type: found.type, evaluate: (env) => valueIn(found, rowAbove(env, levels)) }
          : { type: found.type, index: found.slot, levelsUp }
      }
      const whole = names.length === 1 ? scope.relations.find((each) => each.alias === names[0]) : undefined
      if (whole !== undefined) {
        if (scope !== this)
          for (const column of whole.columns) scope.onOuterReference?.(column, [whole.alias, column.name])
        const [only] = whole.columns
        requireAll(whole)
        if (!whole.isScalar || only === undefined) return wholeRow(whole, levelsUp, scope)
        scope.recorder?.(only.slot)
        return { type: only.type, index: only.slot, levelsUp }
      }
      levelsUp++
      if (scope.parent !== undefined) scope.parent.searchedFromBelow++
    }
    return undefined
  }

  parameter(number: number, wanted?: SqlType): SqlType {
    return this.context.parameterType(number, wanted)
  }

  commonTable(name: string): CommonTable | undefined {
    return this.commonTables.get(name) ?? this.#names?.commonTable(name)
  }

  find(names: readonly string[]): NamedColumn | undefined {
    const name = names.at(-1)
    const qualifier = names.at(-2)
    const candidates =
      qualifier === undefined ? this.columns : this.relations.find((each) => each.alias === qualifier)?.columns
    const found = candidates?.filter((column) => column.name === name) ?? []
    if (name !== undefined && isSystemColumn(name)) found.push(...this.#systemColumns(qualifier, name))
    if (found.length > 1) throw new SqlError('42702', `column reference "${name}" is ambiguous`)
    return found[0]
  }

  #systemColumns(qualifier: string | undefined, name: string): readonly NamedColumn[] {
    const relations = this.relations.filter(({ alias }) => qualifier === undefined || alias === qualifier)
    return relations.flatMap(({ system }) => system?.column(name) ?? [])
  }

  aggregate(call: Call): Compiled {
    if (this.onAggregate !== undefined) return this.onAggregate(call)
    throw new SqlError('42803', `aggregate functions are not allowed in ${this.place}`)
  }

  window(call: Call): Compiled {
    if (this.onWindow !== undefined) return this.onWindow(call)
    throw new SqlError('42P20', `window functions are not allowed in ${this.place}`)
  }

  setReturning(call: Call): Compiled {
    if (this.onSetReturning !== undefined) return this.onSetReturning(call)
    throw new SqlError('0A000', `set-returning functions are not allowed in ${this.place}`)
  }

  relation(alias: string): Relation | undefined {
    for (let scope: QueryScope | undefined = this; scope !== undefined; scope = scope.parent) {
      const found = scope.relations.find((each) => each.alias === alias)
      if (found !== undefined) return found
    }
    return undefined
  }

  #missing(names: readonly string[]): Error {
    const name = names.at(-1) ?? ''
    const qualifier = names.at(-2)
    for (let scope: QueryScope | undefined = this; scope !== undefined; scope = scope.parent)
      for (const { alias, table, system, lacking } of scope.relations) {
        if (qualifier !== undefined && alias !== qualifier) continue
        if (lacking?.includes(name)) return new NotSupported(`the column ${name} of ${alias}`)
        if (isSystemColumn(name) && (lacking !== undefined || (table !== undefined && system === undefined)))
          return new NotSupported(`the system column ${name} at this place`)
      }
    if (qualifier === undefined) return new SqlError('42703', `column "${names[0]}" does not exist`)
    if (this.relation(qualifier) === undefined)
      return new SqlError('42P01', `missing FROM-clause entry for table "${qualifier}"`)
    return new SqlError('42703', `column ${names.join('.')} does not exist`)
  }
}

/** Refuses `*` for a relation that lacks some of PostgreSQL's columns. */
export function requireAll({ lacking, alias }: Relation): void {
  if (lacking !== undefined && lacking.length > 0)
    throw new NotSupported(
      `SELECT * of ${alias}, which lacks columns such as ${lacking[0]} (list the columns that you read),`,
    )
}

/** Adds an item to the query, with slots for its values. */
export function addRelation(
  scope: QueryScope,
  alias: string,
  columns: readonly (Pick<NamedColumn, 'name' | 'type' | 'deferred'> & { readonly attribute?: number })[],
  table: Table | undefined,
  isScalar = false,
  lacking?: Relation['lacking'],
): Relation {
  if (scope.relations.some((each) => each.alias === alias))
    throw new SqlError('42712', `table name "${alias}" specified more than once`)
  const relation: Relation = {
    alias,
    table,
    isScalar,
    tuple: scope.tuples++,
    system: table === undefined ? undefined : systemColumnsOf(table, scope.context.types, () => scope.width++),
    lacking,
    columns: columns.map((column, at) => ({
      name: column.name,
      type: column.type,
      slot: scope.width + at,
      tableOid: table?.oid ?? 0,
      attribute: column.attribute ?? 0,
      deferred: column.deferred,
    })),
  }
  scope.width += columns.length
  scope.relations.push(relation)
  return relation
}

export function envOf(row: { readonly values: readonly SqlValue[] }, outer: Env | undefined, run: Run): Env {
  return outer === undefined
    ? { row: row.values, parameters: run.parameters, session: run }
    : { row: row.values, outer, parameters: run.parameters, session: run }
}

export function isTrue(condition: Compiled, env: Env): boolean {
  return condition.evaluate(env) === true
}

export function equalityOf(left: NamedColumn, right: NamedColumn, context: Context): Compiled {
  const scope = new QueryScope(context, undefined)
  scope.columns = [
    { ...left, name: 'l' },
    { ...right, name: 'r' },
  ]
  const reference = (name: string): Node => ({ ColumnRef: { fields: [{ String: { sval: name } }] } })
  const name = [{ String: { sval: '=' } }]
  return compileExpression({ A_Expr: { kind: 'AEXPR_OP', name, lexpr: reference('l'), rexpr: reference('r') } }, scope)
}

function rowAbove(env: Env, levelsUp: number): readonly SqlValue[] {
  let from: Env | undefined = env
  for (let up = 0; up < levelsUp; up++) from = from?.outer
  return from?.row ?? []
}

/** Compiles a table's name as a value: a record of the columns. */
function wholeRow(relation: Relation, levelsUp: number, scope: QueryScope): Compiled {
  for (const column of relation.columns) scope.recorder?.(column.slot)
  return {
    type: scope.context.type(OID.record),
    columns: relation.columns,
    evaluate(env) {
      const row = rowAbove(env, levelsUp)
      return new SqlRecord(
        relation.columns,
        relation.columns.map((column) => valueIn(column, row)),
      )
    },
  }
}
