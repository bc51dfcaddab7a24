import { NotSupported, SqlError } from '../sql/error.ts'
import type { Statement } from '../sql/parse.ts'
import type { Coroutine, Wait } from '../storage/wait.ts'
import type { TextContext } from '../types/registry.ts'
import { type RecordColumn, type Rows, SqlRecord, type SqlType, type SqlValue } from '../types/value.ts'
import { catches } from './conditions.ts'
import { type Raised, raised } from './raise.ts'
import type { Body, Branch, Destination, Handler, Into, Query, Step } from './tree.ts'
import { type RoutineVariables, type Shape, undefinedField, variablesOf } from './variables.ts'

export interface Planned {
  readonly columns: readonly RecordColumn[] | undefined
}

/** What a routine uses of the calling session. */
export interface RoutineHost<P extends Planned> {
  readonly context: TextContext
  /** Locks the tables of a statement and returns its plan, if it has one. */
  plan(statement: Statement, variables: RoutineVariables): Coroutine<P | undefined>
  run(plan: P, parameters: readonly SqlValue[]): Coroutine<Result>
  /** Executes a command, which is a statement without a plan. */
  command(statement: Statement): Coroutine
  parse(sql: string): readonly Statement[]
  type(name: string): SqlType
  /** Returns the columns of a table's row type or of a composite type. */
  columns(name: string): readonly RecordColumn[]
  /** Converts a value to another type, as an assignment does. */
  converted(value: SqlValue, from: SqlType, to: SqlType): SqlValue
  /** Runs `part` in a subtransaction. If `part` throws, its changes are undone. */
  subtransaction<T>(part: () => Coroutine<T>): Coroutine<T>
  notice(severity: 'NOTICE' | 'WARNING' | 'INFO', code: string, message: string): void
}

export interface Result {
  readonly tag: string
  readonly rows: Rows
}

type Flow =
  | { readonly kind: 'next' }
  | { readonly kind: 'exit' | 'continue'; readonly label: string | undefined }
  | { readonly kind: 'return'; readonly value: SqlValue; readonly type: SqlType | undefined }

const NEXT: Flow = { kind: 'next' }
/** A routine with more steps is taken for an endless loop. */
const MOST_STEPS = 200_000

export class Machine<P extends Planned> {
  readonly #host: RoutineHost<P>
  readonly #body: Body
  readonly #values: SqlValue[]
  readonly #shapes: (Shape | undefined)[]
  readonly #arguments: readonly number[]
  readonly #given: ReadonlyMap<number, unknown>
  readonly #results: readonly RecordColumn[]
  readonly rows: SqlValue[][] = []
  #handled: SqlError | undefined
  #rowCount = 0
  #steps = 0

  /** Creates the machine for one call. The first `count` variables are the arguments. */
  constructor(
    host: RoutineHost<P>,
    body: Body,
    given: ReadonlyMap<number, { value: SqlValue; shape: Shape }>,
    count: number,
    results: readonly RecordColumn[] = [],
  ) {
    this.#host = host
    this.#results = results
    this.#body = body
    this.#arguments = Array.from({ length: count }, (_, at) => at)
    this.#values = body.variables.map((_, at) => given.get(at)?.value ?? null)
    this.#shapes = body.variables.map((variable, at): Shape | undefined => {
      const known = given.get(at)?.shape
      if (known !== undefined) return known
      if (variable.kind === 'record') return { kind: 'record', columns: undefined }
      return undefined
    })
    this.#given = given
  }

  /** Runs the routine. Returns the value of RETURN and its type, if RETURN is executed. */
  *call(): Coroutine<{ readonly value: SqlValue; readonly type: SqlType | undefined } | undefined> {
    for (const [at, variable] of this.#body.variables.entries()) {
      if (variable.kind === 'record' && variable.typeName !== undefined && !this.#given.has(at))
        this.#shapes[at] = { kind: 'record', columns: this.#host.columns(variable.typeName) }
      if (variable.kind !== 'scalar' || this.#given.has(at)) continue
      const type = this.#host.type(variable.typeName)
      this.#shapes[at] = { kind: 'scalar', type }
      if (variable.initial !== undefined) yield* this.#assign(at, variable.initial)
      else if (variable.name === 'found') this.#values[at] = false
      else if (type.domain !== undefined) this.#put(at, null, type)
      if (variable.notNull && this.#values[at] === null) throw nullIn(variable)
    }
    const flow = yield* this.#all(this.#body.steps)
    return flow.kind === 'return' ? flow : undefined
  }

  #count(): void {
    if (++this.#steps > MOST_STEPS) throw new NotSupported(`a routine of more than ${MOST_STEPS} steps`)
  }

  *#all(steps: readonly Step[]): Coroutine<Flow> {
    for (const step of steps) {
      this.#count()
      const flow = yield* this.#one(step)
      if (flow.kind !== 'next') return flow
    }
    return NEXT
  }

  *#one(step: Step): Coroutine<Flow> {
    switch (step.kind) {
      case 'block':
        return left(yield* this.#block(step), step.label)
      case 'assign':
        yield* this.#assign(step.target, step.value)
        return NEXT
      case 'if':
        return yield* this.#all((yield* this.#branch(step.branches)) ?? step.otherwise)
      case 'case': {
        if (step.subject !== undefined) yield* this.#assignCase(step.subject.variable, step.subject.value)
        const steps = (yield* this.#branch(step.branches)) ?? step.otherwise
        if (steps === undefined)
          throw new SqlError('20000', 'case not found', { hint: 'CASE statement is missing ELSE part.' })
        return yield* this.#all(steps)
      }
      case 'while':
      case 'range':
      case 'rows':
        return yield* this.#loop(step)
      case 'exit': {
        if (step.condition !== undefined && (yield* this.#value(step.condition)).value !== true) return NEXT
        return { kind: step.leaves ? 'exit' : 'continue', label: step.label }
      }
      case 'first': {
        const { rows, columns } = yield* this.#rows(step.query)
        if (this.#results.length > 0) return this.#rowOf(rows[0], columns)
        const [column, ...others] = columns
        if (column === undefined || others.length > 0)
          throw new NotSupported('a function in SQL whose last statement does not return one column')
        return { kind: 'return', value: rows[0]?.[0] ?? null, type: column.type }
      }
      case 'return': {
        if (step.variable !== undefined) {
          const held = this.#body.variables[step.variable]
          if (held?.kind === 'list')
            return this.#rowOf(
              held.targets.map((target) => this.#values[target] ?? null),
              this.#results,
            )
          const row = this.#values[step.variable]
          if (row instanceof SqlRecord && this.#results.length > 0) return this.#rowOf(row.values, row.columns)
          const shape = this.#shapes[step.variable]
          const type = shape?.kind === 'scalar' ? shape.type : undefined
          return { kind: 'return', value: this.#values[step.variable] ?? null, type }
        }
        if (step.value === undefined) return { kind: 'return', value: null, type: undefined }
        const { value, type } = yield* this.#value(step.value)
        if (value instanceof SqlRecord && this.#results.length > 0) return this.#rowOf(value.values, value.columns)
        return { kind: 'return', value, type }
      }
      default:
        yield* this.#statement(step)
        return NEXT
    }
  }

  /** Returns the row of several OUT parameters. */
  #rowOf(row: readonly SqlValue[] | undefined, columns: readonly RecordColumn[]): Extract<Flow, { kind: 'return' }> {
    const value = row === undefined ? null : new SqlRecord(this.#results, this.#resultOf(row, columns))
    return { kind: 'return', value, type: undefined }
  }

  /** Converts a row to the types of the results. */
  #resultOf(row: readonly SqlValue[], columns: readonly RecordColumn[]): SqlValue[] {
    return this.#results.map(({ type }, at) => this.#host.converted(row[at] ?? null, columns[at]?.type ?? type, type))
  }

  *#statement(
    step: Extract<
      Step,
      { kind: 'raise' | 'sql' | 'execute' | 'perform' | 'return query' | 'return next' | 'row count' }
    >,
  ): Coroutine {
    switch (step.kind) {
      case 'raise':
        yield* this.#raise(step)
        return
      case 'sql':
        yield* this.#sql(step.query, step.into, true)
        return
      case 'perform': {
        if (this.#body.language === 'sql') {
          yield* this.#sql(step.query, undefined, false)
          return
        }
        const { rows } = yield* this.#rows(step.query)
        this.#setFound(rows.length > 0)
        return
      }
      case 'execute': {
        if (step.using.length > 0) throw new NotSupported('EXECUTE … USING in PL/pgSQL')
        const text = yield* this.#text(step.text)
        if (text === null) throw new SqlError('22004', 'query string argument of EXECUTE is null')
        for (const statement of this.#host.parse(text)) yield* this.#sql(statement, step.into, false)
        return
      }
      case 'return query':
        yield* this.#returnQuery(step.query)
        return
      case 'return next':
        yield* this.#returnNext(step.value, step.variable)
        return
      case 'row count':
        this.#put(step.target, BigInt(this.#rowCount), { oid: 20, name: 'int8', typmod: -1 })
    }
  }

  *#returnQuery(query: Query): Coroutine {
    const { rows, columns } = yield* this.#rows(query)
    const exact = this.#body.language === 'plpgsql'
    const same = this.#results.every(({ type }, at) => columns[at]?.type.oid === type.oid)
    if (exact && (columns.length !== this.#results.length || !same))
      throw new SqlError('42804', 'structure of query does not match function result type')
    for (const row of rows) this.rows.push(this.#resultOf(row, columns))
    this.#setFound(rows.length > 0)
  }

  *#returnNext(query: Query | undefined, variable: number | undefined): Coroutine {
    const [only] = this.#results
    if (query !== undefined && only !== undefined && this.#results.length === 1) {
      const { value, type } = yield* this.#value(query)
      this.rows.push([this.#host.converted(value, type, only.type)])
      return
    }
    const held = variable === undefined ? undefined : this.#body.variables[variable]
    const value = variable === undefined ? undefined : this.#values[variable]
    if (held?.kind === 'list') this.rows.push(held.targets.map((target) => this.#values[target] ?? null))
    else if (held?.kind === 'scalar' && only !== undefined && this.#results.length === 1) {
      const shape = this.#shapes[variable ?? 0]
      const type = shape?.kind === 'scalar' ? shape.type : only.type
      this.rows.push([this.#host.converted(value ?? null, type, only.type)])
    } else if (value instanceof SqlRecord && value.columns.length === this.#results.length)
      this.rows.push(this.#resultOf(value.values, value.columns))
    else throw new NotSupported('RETURN NEXT of a value that does not fit the result of the function')
  }

  *#block(step: Extract<Step, { kind: 'block' }>): Coroutine<Flow> {
    const { handlers } = step
    if (handlers === undefined) return yield* this.#all(step.steps)
    try {
      return yield* this.#host.subtransaction(() => this.#all(step.steps))
    } catch (error) {
      const handler = error instanceof SqlError ? handlerOf(handlers, error.code) : undefined
      if (handler === undefined || !(error instanceof SqlError)) throw error
      const outer = this.#handled
      this.#handle(error)
      const flow = yield* this.#all(handler.steps)
      this.#handle(outer)
      return flow
    }
  }

  *#branch(branches: readonly Branch[]): Coroutine<readonly Step[] | undefined> {
    for (const { condition, steps } of branches) if ((yield* this.#value(condition)).value === true) return steps
    return undefined
  }

  *#loop(step: Extract<Step, { kind: 'while' | 'range' | 'rows' }>): Coroutine<Flow> {
    let turned = false
    for (const turn = this.#turns(step); ; ) {
      const next = turn.next()
      if (next.done === true) break
      if (next.value !== 'turn') {
        yield next.value
        continue
      }
      this.#count()
      turned = true
      const flow = yield* this.#all(step.steps)
      if (flow.kind === 'return') return flow
      const mine = flow.kind !== 'next' && (flow.label === undefined || flow.label === step.label)
      if (flow.kind === 'next' || (flow.kind === 'continue' && mine)) continue
      turn.return()
      if (!mine) return flow
      break
    }
    if (step.kind !== 'while') this.#setFound(turned)
    return NEXT
  }

  /** Sets the variables of a loop, and yields for each iteration. */
  *#turns(step: Extract<Step, { kind: 'while' | 'range' | 'rows' }>): Generator<Wait | 'turn', void, void> {
    switch (step.kind) {
      case 'while':
        while (step.condition === undefined || (yield* this.#value(step.condition)).value === true) yield 'turn'
        return
      case 'rows': {
        const { rows, columns } = yield* this.#rows(step.query)
        for (const row of rows) {
          this.#spread(step.destination, row, columns)
          yield 'turn'
        }
        return
      }
      case 'range': {
        const [lower, upper] = [yield* this.#integer(step.lower), yield* this.#integer(step.upper)]
        const by = step.step === undefined ? 1 : yield* this.#integer(step.step)
        if (by <= 0) throw new SqlError('22023', 'BY value of FOR loop must be greater than zero')
        const hidden = this.#values[step.variable] ?? null
        try {
          for (let at = lower; step.reverse ? at >= upper : at <= upper; at += step.reverse ? -by : by) {
            this.#values[step.variable] = at
            yield 'turn'
          }
        } finally {
          this.#values[step.variable] = hidden
        }
      }
    }
  }

  *#integer(query: Query): Coroutine<number> {
    const { value, type } = yield* this.#value(query)
    if (value === null) throw new SqlError('22004', 'bound of FOR loop cannot be null')
    return Number(this.#host.converted(value, type, { oid: 23, name: 'int4', typmod: -1 }))
  }

  *#sql(statement: Statement, into: Into | undefined, noticed: boolean): Coroutine {
    const plan = yield* this.#host.plan(statement, this.#variables())
    if (plan === undefined) {
      yield* this.#host.command(statement)
      return
    }
    if (into === undefined && noticed && plan.columns !== undefined)
      throw new SqlError('42601', 'query has no destination for result data', {
        hint: 'If you want to discard the results of a SELECT, use PERFORM instead.',
      })
    const { tag, rows } = yield* this.#host.run(plan, this.#values)
    this.#rowCount = Number(/\d+$/.exec(tag)?.[0] ?? 0)
    if (noticed) this.#setFound(into === undefined ? this.#rowCount > 0 : rows.length > 0)
    if (into === undefined) return
    if (into.strict && rows.length === 0) throw new SqlError('P0002', 'query returned no rows')
    if (rows.length > 1 && (into.strict || !('SelectStmt' in statement.node)))
      throw new SqlError('P0003', 'query returned more than one row')
    const columns = plan.columns ?? []
    this.#rowCount = Math.min(this.#rowCount, 1)
    this.#spread(into.destination, rows[0] ?? columns.map(() => null), columns)
  }

  *#rows(statement: Statement): Coroutine<Result & { readonly columns: readonly RecordColumn[] }> {
    const plan = yield* this.#host.plan(statement, this.#variables())
    if (plan === undefined) throw new NotSupported('a statement in PL/pgSQL that is not a query')
    const result = yield* this.#host.run(plan, this.#values)
    this.#rowCount = result.rows.length
    return { ...result, columns: plan.columns ?? [] }
  }

  *#value(
    query: Query,
  ): Coroutine<{ readonly value: SqlValue; readonly type: SqlType; readonly columns: readonly RecordColumn[] }> {
    const rowCount = this.#rowCount
    const { rows, columns } = yield* this.#rows(query)
    this.#rowCount = rowCount
    const [column, ...others] = columns
    if (column === undefined || others.length > 0)
      throw new SqlError('42601', `query returned ${columns.length} columns`)
    if (rows.length > 1) throw new SqlError('21000', 'query returned more than one row')
    return { value: rows[0]?.[0] ?? null, type: column.type, columns }
  }

  #variables(): RoutineVariables {
    return variablesOf(this.#body, this.#shapes, this.#arguments)
  }

  *#assign(target: number, query: Query): Coroutine {
    const { value, type } = yield* this.#value(query)
    this.#put(target, value, type)
  }

  /** Assigns the tested value of a CASE statement to its hidden variable. The variable takes the type of the value. */
  *#assignCase(target: number, query: Query): Coroutine {
    const { value, type } = yield* this.#value(query)
    this.#shapes[target] = { kind: 'scalar', type }
    this.#values[target] = value
  }

  #spread(destination: Destination, row: readonly SqlValue[], columns: readonly RecordColumn[]): void {
    if (destination.kind === 'record') {
      this.#putRow(destination.variable, row, columns)
      return
    }
    for (const [at, variable] of destination.variables.entries()) {
      const column = columns[at]
      if (column === undefined) this.#values[variable] = null
      else this.#put(variable, row[at] ?? null, column.type)
    }
  }

  /**
   * Assigns a row to a record. A record that has a row type takes only the values, by position. Any other record takes
   * the columns and the values.
   */
  #putRow(target: number, row: readonly SqlValue[], columns: readonly RecordColumn[]): void {
    const variable = this.#body.variables[target]
    const shape = this.#shapes[target]
    const own = variable?.kind === 'record' && variable.typeName !== undefined && shape?.kind === 'record'
    const named = (own ? shape.columns : undefined) ?? columns.map(({ name, type }) => ({ name, type }))
    this.#shapes[target] = { kind: 'record', columns: named }
    const values = named.map(({ type }, at) => {
      const given = columns[at]
      return given === undefined ? null : this.#host.converted(row[at] ?? null, given.type, type)
    })
    this.#values[target] = new SqlRecord(named, own ? values : row)
  }

  #put(target: number, value: SqlValue, type: SqlType): void {
    const variable = this.#body.variables[target]
    const shape = this.#shapes[target]
    if (variable?.kind === 'field') {
      this.#putField(variable.record, variable.name, value, type)
    } else if (variable?.kind === 'scalar' && shape?.kind === 'scalar') {
      const converted = this.#host.converted(value, type, shape.type)
      if (converted === null && variable.notNull) throw nullIn(variable)
      this.#values[target] = converted
    } else if (variable?.kind === 'record' && variable.typeName !== undefined && value instanceof SqlRecord) {
      this.#putRow(target, value.values, value.columns)
    } else if (variable?.kind === 'record' && variable.typeName !== undefined && value === null) {
      this.#values[target] = null
    } else if (variable?.kind === 'record' && value instanceof SqlRecord) {
      const { columns } = shape?.kind === 'record' ? shape : { columns: undefined }
      if (columns !== undefined && columns.length !== value.columns.length)
        throw new NotSupported('an assignment in PL/pgSQL of a row with another number of columns')
      this.#shapes[target] = { kind: 'record', columns: columns ?? value.columns }
      this.#values[target] = new SqlRecord(columns ?? value.columns, value.values)
    } else throw new NotSupported('an assignment in PL/pgSQL of a non-row value to a row variable')
  }

  #putField(record: number, name: string, value: SqlValue, type: SqlType): void {
    const shape = this.#shapes[record]
    const variable = this.#body.variables[record]
    const recordName = variable?.kind === 'record' ? variable.name : ''
    const columns = shape?.kind === 'record' ? shape.columns : undefined
    if (columns === undefined) throw new SqlError('55000', `record "${recordName}" is not assigned yet`)
    const at = columns.findIndex((column) => column.name === name)
    const column = columns[at]
    if (column === undefined) throw undefinedField(recordName, name)
    const before = this.#values[record]
    const values = before instanceof SqlRecord ? [...before.values] : columns.map(() => null)
    values[at] = this.#host.converted(value, type, column.type)
    this.#values[record] = new SqlRecord(columns, values)
  }

  #set(name: string, value: SqlValue): void {
    const at = this.#body.variables.findIndex((each) => each.kind === 'scalar' && each.name === name)
    if (at >= 0) this.#values[at] = value
  }

  /** Sets the error that is handled, and its variables. */
  #handle(error: SqlError | undefined): void {
    this.#handled = error
    this.#set('sqlstate', error?.code ?? null)
    this.#set('sqlerrm', error?.message ?? null)
  }

  #setFound(found: boolean): void {
    this.#set('found', found)
  }

  *#raise(step: Extract<Step, { kind: 'raise' }>): Coroutine {
    const texts: (string | null)[] = []
    for (const parameter of step.parameters) texts.push(yield* this.#text(parameter))
    const options: Raised['options'][number][] = []
    for (const { option, value } of step.options) options.push({ option, text: yield* this.#text(value) })
    const { level, condition, message } = step
    raised({ level, condition, message, texts, options }, this.#handled, this.#host)
  }

  *#text(query: Query): Coroutine<string | null> {
    const { value, type } = yield* this.#value(query)
    return value === null ? null : this.#host.context.types.typeOf(type.oid).output(value, this.#host.context)
  }
}

const nullIn = ({ name }: { readonly name: string }): SqlError =>
  new SqlError('22004', `null value cannot be assigned to variable "${name}" declared NOT NULL`)

/**
 * Returns the control flow after a block. After an EXIT with the block's label, the next statement follows; every other
 * flow stays unchanged.
 */
function left(flow: Flow, label: string | undefined): Flow {
  return flow.kind === 'exit' && label !== undefined && flow.label === label ? NEXT : flow
}

function handlerOf(handlers: readonly Handler[], code: string): Handler | undefined {
  return handlers.find(({ conditions }) => conditions.some((condition) => catches(condition, code)))
}
