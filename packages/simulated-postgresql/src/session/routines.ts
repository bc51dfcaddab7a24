import type { Routine } from '../catalogue/routine.ts'
import { columnsOf, type Table } from '../catalogue/table.ts'
import { dollarQuoted } from '../define/routines.ts'
import type { Firing } from '../execute/model.ts'
import { isPlanned, type Plan } from '../execute/plan.ts'
import { executed } from '../execute/run.ts'
import { QueryScope } from '../execute/scope.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import { Machine, type RoutineHost } from '../plpgsql/machine.ts'
import { type Body, parseBody } from '../plpgsql/tree.ts'
import type { Shape } from '../plpgsql/variables.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, optionsOf, refuseRest } from '../sql/nodes.ts'
import { parse } from '../sql/parse.ts'
import { beginSubtransaction } from '../storage/transaction.ts'
import type { Coroutine } from '../storage/wait.ts'
import { OID } from '../types/oids.ts'
import { typeNumbered } from '../types/types.ts'
import { type RecordColumn, type Rows, SqlArray, SqlRecord, type SqlType, type SqlValue } from '../types/value.ts'
import { executeCommand } from './commands.ts'
import type { Host } from './host.ts'
import { splitName } from './names.ts'
import type { RoutineCalls } from './server.ts'

/** The maximum depth of nested trigger and routine calls; PostgreSQL limits its stack too. */
const DEEPEST = 60

type Given = Map<number, { readonly value: SqlValue; readonly shape: Shape }>

interface Called {
  readonly result: { readonly value: SqlValue; readonly type: SqlType | undefined } | undefined
  readonly rows: Rows
}

export class Routines implements RoutineHost<Plan>, RoutineCalls {
  readonly #host: Host
  #depth = 0
  #stable = false

  constructor(host: Host) {
    this.#host = host
  }

  get context(): Host['context'] {
    return this.#host.context
  }

  *block(fields: Fields<'DoStmt'>): Coroutine<string> {
    const { args, ...rest } = fields
    refuseRest('DoStmt', rest)
    let code = ''
    for (const [defname, arg] of optionsOf(args)) {
      const text = expectKind(arg, 'String').sval ?? ''
      if (defname === 'as') code = text
      else if (defname !== 'language' || text !== 'plpgsql') throw new NotSupported(`DO in the language ${text}`)
    }
    yield* this.#call(parseBody(`DO ${dollarQuoted(code)}`), new Map(), 0)
    return 'DO'
  }

  /** Calls a trigger function. Returns the row with which a BEFORE row trigger continues, if any. */
  *fire({ trigger, table, event, before, after }: Firing): Coroutine<readonly SqlValue[] | undefined> {
    const { body } = this.#routine(trigger.routine.oid)
    const columns = columnsOf(table).map(({ name, type }) => ({ name, type }))
    const given: Given = new Map()
    const set = (name: string, value: SqlValue, shape: Shape): void => {
      const at = body.variables.findIndex(
        (each) => (each.kind === 'scalar' || each.kind === 'record') && each.name === name,
      )
      if (at >= 0) given.set(at, { value, shape })
    }
    set('new', recordOf(table, columns, after), { kind: 'record', columns })
    set('old', recordOf(table, columns, before), { kind: 'record', columns })
    const facts: readonly (readonly [string, SqlValue, number])[] = [
      ['tg_name', trigger.name, OID.name],
      ['tg_when', trigger.timing, OID.text],
      ['tg_level', trigger.level, OID.text],
      ['tg_op', event, OID.text],
      ['tg_relid', table.oid, OID.oid],
      ['tg_relname', table.name, OID.name],
      ['tg_table_name', table.name, OID.name],
      ['tg_table_schema', table.schema, OID.name],
      ['tg_nargs', trigger.arguments.length, OID.int4],
      [
        'tg_argv',
        new SqlArray(OID.text, trigger.arguments, undefined, trigger.arguments.length === 0 ? [] : [0]),
        1009,
      ],
    ]
    for (const [name, value, oid] of facts) set(name, value, { kind: 'scalar', type: this.#typeOf(oid) })
    const { result } = yield* this.#call(body, given, 0)
    if (result === undefined) throw new SqlError('2F005', 'control reached end of trigger procedure without RETURN')
    if (trigger.timing === 'AFTER' || trigger.level === 'STATEMENT' || result.value === null) return undefined
    if (!(result.value instanceof SqlRecord) || result.value.values.length !== columns.length)
      throw new NotSupported('a trigger that returns a row with another number of columns')
    const values: SqlValue[] = [...(after ?? before ?? [])]
    for (const [at, column] of columnsOf(table).entries())
      values[column.attribute - 1] = result.value.values[at] ?? null
    return values
  }

  value(oid: number, values: readonly SqlValue[], site: object): SqlValue {
    return executed(site, () => this.#value(this.#routine(oid), values))
  }

  #routine(oid: number): Routine {
    const { server, transactions } = this.#host
    const routine = server.catalogue.routines.all(transactions.open).find((each) => each.oid === oid)
    if (routine === undefined) throw new SqlError('XX000', `cache lookup failed for function ${oid}`)
    return routine
  }

  rows(oid: number, values: readonly SqlValue[], site: object): Rows {
    return executed(site, () => this.#rows(this.#routine(oid), values))
  }

  *#rows(routine: Routine, values: readonly SqlValue[]): Coroutine<Rows> {
    return (yield* this.#within(routine, values)).rows
  }

  *#value(routine: Routine, values: readonly SqlValue[]): Coroutine<SqlValue> {
    const { body, returns } = routine
    const { result } = yield* this.#within(routine, values)
    // The result of a void function is null in SQL, and an empty value in PL/pgSQL.
    if (returns.kind === 'void') return body.language === 'sql' ? null : ''
    if (result !== undefined && returns.kind === 'record') return result.value
    if (result === undefined || returns.kind !== 'value')
      throw new SqlError('2F005', 'control reached end of function without RETURN')
    return result.type === undefined ? result.value : this.converted(result.value, result.type, returns.type)
  }

  *#within(routine: Routine, values: readonly SqlValue[]): Coroutine<Called> {
    const { body, returns, settings } = routine
    const columns = returns.kind === 'set' || returns.kind === 'record' ? returns.columns : []
    const variables = body.language === 'plpgsql' ? outVariables(routine) : []
    const given: Given = new Map(
      [...routine.arguments, ...variables].map(({ type }, at) => [
        at,
        { value: values[at] ?? null, shape: { kind: 'scalar', type } },
      ]),
    )
    const undo = settings.map(([name, value]) => this.#host.settings.set(name, value))
    const stable = this.#stable
    this.#stable = routine.volatility !== 'v'
    try {
      return yield* this.#call(body, given, values.length, columns)
    } finally {
      this.#stable = stable
      for (const each of undo.toReversed()) each()
    }
  }

  *#call(body: Body, given: Given, count: number, results: readonly RecordColumn[] = []): Coroutine<Called> {
    if (this.#depth >= DEEPEST) throw new NotSupported(`more than ${DEEPEST} nested calls of routines`)
    this.#depth++
    try {
      const machine = new Machine(this, body, given, count, results)
      return { result: yield* machine.call(), rows: machine.rows }
    } finally {
      this.#depth--
    }
  }

  *plan(...given: Parameters<RoutineHost<Plan>['plan']>): ReturnType<RoutineHost<Plan>['plan']> {
    const [{ node }] = given
    return isPlanned(node) ? yield* this.#host.runner.locked(() => this.#host.planner.planInside(...given)) : undefined
  }

  run(...given: Parameters<RoutineHost<Plan>['run']>): ReturnType<RoutineHost<Plan>['run']> {
    return this.#host.runner.runInside(...given, this.#stable)
  }

  *command(statement: Parameters<RoutineHost<Plan>['command']>[0]): Coroutine {
    const { node } = statement
    if ('TransactionStmt' in node) throw new NotSupported('COMMIT, ROLLBACK or SAVEPOINT in PL/pgSQL')
    const transaction = this.#host.transactions.begin()
    const { snapshot } = transaction
    try {
      yield* executeCommand(this.#host, statement, [])
    } finally {
      transaction.snapshot = snapshot ?? transaction.snapshot
    }
  }

  parse(sql: string): ReturnType<typeof parse> {
    return parse(sql)
  }

  columns(name: string): readonly RecordColumn[] {
    const context = this.#host.planner.newContext()
    const names = splitName(name)
    const own = context.types.named(names.at(-1) ?? '')
    const columns = own === undefined ? context.rowType(names) : context.types.typeOf(this.type(name).oid).columns
    if (columns === undefined) throw new NotSupported(`the type ${name} of a variable`)
    return columns.map(({ name: column, type }) => ({ name: column, type }))
  }

  type(name: string): SqlType {
    const [, path] = /^(.+)%type$/i.exec(name) ?? []
    if (path !== undefined) return this.#columnType(path)
    const node = parse(`select null::${name}`)[0]?.node
    const target = node !== undefined && 'SelectStmt' in node ? node.SelectStmt.targetList?.[0] : undefined
    const value = target === undefined ? undefined : expectKind(target, 'ResTarget').val
    if (value === undefined || !('TypeCast' in value)) throw new NotSupported(`the type ${name} of a variable`)
    return resolveTypeName(value.TypeCast.typeName, this.context)
  }

  /** `orders.total%type` */
  #columnType(path: string): SqlType {
    const names = path.toLowerCase().split('.')
    const table = this.#host.planner.newContext().table(names.at(-3), names.at(-2) ?? '')
    const column = table === undefined ? undefined : columnsOf(table).find((each) => each.name === names.at(-1))
    if (column === undefined || path.includes('"')) throw new NotSupported(`the type ${path}%TYPE`)
    return column.type
  }

  #typeOf(oid: number): SqlType {
    return typeNumbered(this.context.types, oid)
  }

  converted(value: SqlValue, from: SqlType, to: SqlType): SqlValue {
    if (to.domain === undefined && (value === null || (from.oid === to.oid && to.typmod < 0))) return value
    const context = this.#host.planner.newContext()
    try {
      const given = { type: from, evaluate: () => value }
      const compiled = context.assignedValue(given, new QueryScope(context, undefined), { name: '', type: to })
      return compiled.evaluate({ row: [], parameters: [], session: this.#host.facts })
    } catch (error) {
      // Without a cast between the types, PL/pgSQL parses the text form.
      if (!(error instanceof SqlError) || error.code !== '42804') throw error
      const { types } = this.context
      return types.typeOf(to.oid).input(types.typeOf(from.oid).output(value, this.context), this.context, to.typmod)
    }
  }

  *subtransaction<T>(part: () => Coroutine<T>): Coroutine<T> {
    const transaction = this.#host.transactions.begin()
    const { commandId, snapshot } = transaction
    const begun = beginSubtransaction(transaction, undefined)
    try {
      const result = yield* part()
      begun.parent?.undo.push(...begun.undo.splice(0))
      transaction.current = begun.parent ?? begun
      return result
    } catch (error) {
      if (transaction.state === 'active') this.#host.server.store.abortTo(this.#host.backend, transaction, begun)
      transaction.commandId = commandId
      transaction.snapshot = snapshot
      throw error
    }
  }

  notice(severity: 'NOTICE' | 'WARNING' | 'INFO', code: string, message: string): void {
    this.#host.notice(severity, code, message)
  }
}

/** Returns the variables that hold the result. In PL/pgSQL, these variables follow the arguments. */
function outVariables({ returns, arguments: all }: Routine): readonly Pick<RecordColumn, 'type'>[] {
  if (returns.kind === 'set') return returns.named ? returns.columns : []
  const known = all.filter(({ out }) => out).length
  if (returns.kind === 'record') return returns.columns.slice(known)
  return returns.kind === 'value' && returns.name !== undefined && known === 0 ? [returns] : []
}

function recordOf(
  table: Table,
  columns: readonly RecordColumn[],
  values: readonly SqlValue[] | undefined,
): SqlRecord | null {
  if (values === undefined) return null
  return new SqlRecord(
    columns,
    columnsOf(table).map((column) => values[column.attribute - 1] ?? null),
  )
}
