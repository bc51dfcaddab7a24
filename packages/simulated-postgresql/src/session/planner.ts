import type { Table } from '../catalogue/table.ts'
import { Context, type ContextOptions } from '../execute/context.ts'
import { COMPILERS, compilePlan, type Plan } from '../execute/plan.ts'
import { QueryScope } from '../execute/scope.ts'
import { compileExpression } from '../expressions/compile.ts'
import type { SessionFacts } from '../expressions/env.ts'
import type { RoutineVariables } from '../plpgsql/variables.ts'
import { SqlError } from '../sql/error.ts'
import { kindOf, type Node } from '../sql/nodes.ts'
import type { Statement } from '../sql/parse.ts'
import type { LockMode } from '../storage/modes.ts'
import type { SqlValue } from '../types/value.ts'
import type { Names } from './names.ts'
import type { Compiled, Server } from './server.ts'
import type { Settings } from './settings.ts'
import type { Transactions } from './transactions.ts'

export class Planner {
  readonly #server: Server
  readonly #settings: Settings
  readonly #transactions: Transactions
  readonly #names: Names
  readonly #facts: SessionFacts
  /** The tables that the last compiled statement names, as far as its compilation succeeded. */
  looked: ReadonlyMap<Table, LockMode> = new Map()

  constructor(server: Server, settings: Settings, transactions: Transactions, names: Names, facts: SessionFacts) {
    this.#server = server
    this.#settings = settings
    this.#transactions = transactions
    this.#names = names
    this.#facts = facts
  }

  /** Returns the plan of a statement. Sessions share plans until the catalogue changes. */
  compile(statement: Statement, parameterOids: readonly number[]): Compiled & { readonly plan: Plan } {
    const plan = this.#plan(statement, parameterOids)
    const { version } = this.#server.catalogue
    return { statement, parameterOids: plan.parameterOids, columns: plan.columns, plan, version }
  }

  #plan(statement: Statement, parameterOids: readonly number[]): Plan {
    const { catalogue, plans } = this.#server
    const key = `${this.#key()}|${parameterOids.join()}|${kindOf(statement.node)}|${statement.sql}`
    const known = plans.get(key)
    if (known !== undefined && known.version === catalogue.version && !this.#isChanging()) return known.plan
    const plan = compilePlan(statement.node, { ...this.#options(), parameterOids })
    // A plan with `'now'::timestamp` is not shared, because its compilation fixes the value.
    if (!this.#isChanging() && !/\b(?:now|today|tomorrow|yesterday)\b(?!\s*\()/i.test(statement.sql)) {
      if (plans.size > 5_000) plans.clear()
      plans.set(key, { version: catalogue.version, plan })
    }
    return plan
  }

  /**
   * Returns the plan of a statement. Compiles the statement again if the catalogue has changed. Throws if this changes
   * the result columns.
   */
  current({ plan, version, statement, parameterOids, columns }: Compiled): Plan {
    if (plan !== undefined && version === this.#server.catalogue.version) return plan
    const again = this.#plan(statement, parameterOids)
    const types = (of: Plan['columns']): string =>
      (of ?? []).map((column) => `${column.name} ${column.type.oid} ${column.type.typmod}`).join()
    if (types(again.columns) !== types(columns)) throw new SqlError('0A000', 'cached plan must not change result type')
    return again
  }

  planInside(statement: Statement, variables: RoutineVariables): Plan {
    const { catalogue, routinePlans } = this.#server
    const key = `${this.#key()}|${variables.signature}`
    const known = routinePlans.get(statement)
    if (known?.key === key && known.version === catalogue.version && !this.#isChanging()) return known.plan
    const { parameterOids } = variables
    const plan = compilePlan(statement.node, { ...this.#options(), parameterOids, variables })
    if (!this.#isChanging()) routinePlans.set(statement, { key, version: catalogue.version, plan })
    return plan
  }

  newContext(): Context {
    return new Context({ ...this.#options(), parameterOids: [], compilers: COMPILERS })
  }

  evaluate(node: Node, oid: number): SqlValue {
    const context = this.newContext()
    const scope = new QueryScope(context, undefined)
    scope.place = 'EXECUTE parameters'
    const type = context.type(oid)
    const compiled = context.assignedValue(compileExpression(node, scope, type), scope, { name: '', type })
    return compiled.evaluate({ row: [], parameters: [], session: this.#facts })
  }

  #options(): Omit<ContextOptions, 'compilers' | 'parameterOids'> {
    const looked = new Map<Table, LockMode>()
    this.looked = looked
    return {
      looked,
      catalogue: this.#server.catalogue,
      session: this.#facts,
      own: this.#transactions.open,
      searchPath: this.#names.searchPath(),
      temporarySchema: this.#names.temporarySchema,
      database: this.#facts.database,
    }
  }

  #key(): string {
    const { user } = this.#facts
    return `${this.#names.searchPath()}|${this.#settings.get('TimeZone')}|${this.#settings.get('DateStyle')}|${user}`
  }

  /** Whether the open transaction changed the catalogue. If so, its plans must not be shared. */
  #isChanging(): boolean {
    const { open } = this.#transactions
    return open !== undefined && this.#server.catalogue.isChanging(open)
  }
}
