import { type Nanos, nanos } from '@chaosproxy/history'
import type { FrontendMessage } from '@chaosproxy/wire/postgresql'
import type { Naming } from '../record/naming.ts'
import type { ConnectionRecorder } from '../record/recorder.ts'
import type { Control } from './action.ts'
import { everyCellOf } from './cells.ts'
import { type Lookup, type SchemaScope, schemaList, schemasIn, type TableNaming } from './named-schemas.ts'
import { stepOf } from './part.ts'
import {
  FUNCTION,
  NOTHING_ASKED,
  operandText,
  type Portal,
  type Prepared,
  REST,
  requestIn,
  StatementReader,
  unseen,
} from './prepared.ts'
import { isolationIn } from './requested-isolation.ts'
import type { Doubt, RowStep } from './row-step.ts'
import type { PostgresqlSettings } from './settings.ts'
import type { Statement } from './statement.ts'
import { collapsed, type Executed } from './transaction.ts'
import { doubtIn, type Transaction, type Unit } from './unit.ts'
import { wholeOf } from './whole.ts'

export interface QuestionsOptions {
  readonly connection: ConnectionRecorder
  readonly commands: PostgresqlSettings['commands']
  readonly naming: Naming
  /** Returns the application's request to which the current bytes belong, if it is known. */
  readonly requestOf?: (() => string | undefined) | undefined
  readonly begun: (transaction: Transaction) => void
  readonly requested: (unit: Unit) => void
  /** Called if the rest of the connection cannot be parsed. */
  readonly lost: (what: string) => void
}

/** Default names that drivers and tools give every connection. They identify no client. */
const NAMES_OF_DRIVERS: ReadonlySet<string> = new Set(['postgres.js', 'PostgreSQL JDBC Driver', 'psql', 'pgbench'])
const MOST_STATEMENTS = 100_000
const MOST_EXECUTED = 10_000
export const OVERFLOW = 'a connection with too many statements at once'

/** Tracks what a client sends: prepared statements and portals, units of requests (see `Unit`), and transactions. */
export class Questions {
  readonly #options: QuestionsOptions
  readonly #commands: PostgresqlSettings['commands']
  readonly #statements: StatementReader
  readonly #prepared: Map<string, Prepared> = new Map()
  readonly #portals: Map<string, Portal> = new Map()
  #applicationName: string | undefined
  #isolation: string | undefined
  #lookup: Lookup = { database: '', schemas: '' }
  #usualSchemas = ''
  /** The schemas in effect after the open transaction, if one of its statements chose others. */
  #restored: { readonly committed: string; readonly rolledBack: string } | undefined
  /** Since `#lookup` last changed: whether statements have named recorded tables with their schema. */
  #naming: TableNaming | undefined
  #open: Unit | undefined
  /** The transaction that the requests so far leave open. */
  #transaction: Transaction | undefined
  #isLost = false

  constructor(options: QuestionsOptions) {
    this.#options = options
    this.#commands = options.commands
    this.#statements = new StatementReader(options.commands)
  }

  get open(): Unit | undefined {
    return this.#open
  }

  get unfinished(): readonly Transaction[] {
    return [this.#open?.transaction, this.#transaction].flatMap((transaction) => transaction ?? [])
  }

  get areTooMany(): boolean {
    return this.#prepared.size + this.#portals.size > MOST_STATEMENTS
  }

  read(message: FrontendMessage, time: Nanos, startByte: number): void {
    switch (message.kind) {
      case 'startup': {
        const parameters = new Map(message.parameters)
        const replication = parameters.get('replication')
        const name = parameters.get('application_name')
        this.#applicationName = name === undefined || NAMES_OF_DRIVERS.has(name) ? undefined : name
        this.#isolation = isolationIn(parameters) ?? this.#commands.isolation
        this.#usualSchemas = schemasIn(parameters)
        const database = parameters.get('database') ?? parameters.get('user') ?? ''
        this.#lookup = { database, schemas: this.#usualSchemas }
        if (replication !== undefined && replication !== 'false') this.#lose('a replication connection of PostgreSQL')
        return
      }
      case 'ssl-request':
      case 'gssenc-request':
      case 'cancel-request':
      case 'credentials':
      case 'terminate':
      case 'copy-data':
      case 'copy-done':
      case 'copy-fail':
        return
      default:
    }
    const unit = this.#open ?? this.#begin(time, startByte)
    this.#open = unit
    switch (message.kind) {
      case 'query':
        unit.isSimple = true
        this.#query(unit, message.sql, time)
        return
      case 'parse':
        this.#parse(unit, message)
        return
      case 'bind': {
        const prepared = this.#prepared.get(message.statement) ?? unseen
        const { formats, resultFormats } = message
        // Copied, because the message's bytes are borrowed.
        const values = message.values.map((value) => (value === null ? null : Buffer.from(value)))
        const { literals } = prepared
        const portal = { prepared, formats, values, literals, resultFormats, columns: undefined, wasExecuted: false }
        this.#portals.set(message.portal, portal)
        unit.expected.push({ kind: 'bind' })
        return
      }
      case 'describe': {
        const portal = message.of === 'portal' ? this.#portals.get(message.name) : undefined
        const prepared = message.of === 'portal' ? portal?.prepared : this.#prepared.get(message.name)
        unit.expected.push({ kind: 'describe', prepared: prepared ?? unseen, portal })
        return
      }
      case 'close':
        if (message.of === 'portal') this.#portals.delete(message.name)
        else this.#prepared.delete(message.name)
        unit.expected.push({ kind: 'close' })
        return
      case 'execute': {
        const portal = this.#portals.get(message.portal)
        const [statement = NOTHING_ASKED] = (portal?.prepared ?? unseen).statements
        // Executing a portal again fetches more of its rows.
        const isRest = portal?.wasExecuted === true
        this.#execute(unit, { statement: isRest ? REST : statement }, portal, time)
        if (portal !== undefined) portal.wasExecuted = true
        unit.transaction.request ??= portal?.prepared.request
        return
      }
      case 'sync':
        this.#complete(unit, time)
        return
      case 'function-call':
        this.#execute(unit, { statement: FUNCTION }, undefined, time)
        this.#complete(unit, time)
        return
      case 'flush':
    }
  }

  #query(unit: Unit, sql: string, time: Nanos): void {
    const { statements, literals } = this.#statements.read(sql)
    for (const statement of statements) this.#execute(unit, { statement, literals }, undefined, time)
    unit.transaction.request ??= requestIn(sql)
    this.#complete(unit, time)
  }

  #lose(what: string): void {
    if (this.#isLost) return
    this.#isLost = true
    this.#options.lost(what)
  }

  #begin(time: Nanos, startByte: number): Unit {
    const transaction = this.#transaction ?? this.#beginTransaction(time, startByte)
    transaction.request ??= this.#options.requestOf?.()
    return {
      transaction,
      expected: [],
      ends: undefined,
      isSimple: false,
      tag: '',
      hasCarriedOut: false,
      refused: undefined,
      noticed: undefined,
      isWarned: false,
    }
  }

  #beginTransaction(time: Nanos, startByte: number): Transaction {
    const transaction: Transaction = {
      exchange: this.#options.connection.begin(time),
      startByte,
      executed: [],
      isTangled: false,
      savepoints: [],
      cursors: new Map(),
      isolation: this.#isolation,
      request: undefined,
      doubts: [],
      refusal: undefined,
      hasFailed: false,
      collapsed: undefined,
      isOver: false,
    }
    this.#options.begun(transaction)
    return transaction
  }

  #parse(unit: Unit, { statement: name, sql, types }: Extract<FrontendMessage, { readonly kind: 'parse' }>): void {
    const prepared: Prepared = { ...this.#statements.read(sql), request: requestIn(sql), types, columns: undefined }
    // The server refuses to prepare a second statement of this name.
    const isNew = name === '' || !this.#prepared.has(name)
    if (isNew) this.#prepared.set(name, prepared)
    unit.expected.push({ kind: 'parse', name, prepared, isNew })
  }

  #execute(
    unit: Unit,
    { statement, literals }: RequestedStatement,
    portal: Portal | undefined,
    requestedAt: Nanos,
  ): void {
    const { transaction } = unit
    const values = portal ?? (literals === undefined ? undefined : { ...NO_PARAMETERS, literals })
    this.#lookUp(transaction, statement, values)
    const cursor = statement.kind === 'fetch' ? transaction.cursors.get(statement.name) : undefined
    const executed: Executed = {
      step: stepOf(statement, portal, this.#commands),
      interpretation: undefined,
      requestedAt: cursor?.requestedAt ?? requestedAt,
      row:
        cursor?.row ??
        (statement.kind === 'rows' ? { what: statement.what, statement: statement.rows, portal: values } : undefined),
    }
    if (statement.kind === 'cursor')
      transaction.cursors.set(statement.name, { row: partly(statement, portal), requestedAt })
    this.#noteAside(transaction, statement)
    const control = statement.kind === 'control' ? statement.control : undefined
    unit.expected.push({ kind: 'execute', executed, control, portal, rows: [], hasMore: false, columns: undefined })
    if (control === undefined) {
      if (unit.ends !== undefined) transaction.isTangled = true
      transaction.executed.push(executed)
      if (transaction.executed.length > MOST_EXECUTED) this.#lose(OVERFLOW)
      return
    }
    this.#control(unit, control, statement.kind === 'control' ? statement.name : '')
  }

  /**
   * Notes in which schemas the server looks up unqualified table names. If the table names in the statement may denote
   * other tables than in earlier statements, marks all recorded rows as possibly changed.
   */
  #lookUp(
    transaction: Transaction,
    { what, naming, schemas, schemaScope }: Statement,
    portal: Portal | undefined,
  ): void {
    if (schemas !== undefined) {
      const chosen = schemas === 'default' ? this.#usualSchemas : operandText(schemas, portal)
      this.#choose(schemaList((chosen ?? '').split(',')), schemaScope)
    }
    if (naming === undefined || naming === this.#naming || this.#naming === 'unqualified') return
    this.#naming = naming
    const { schemas: named, tables } = this.#commands
    const why = named.otherThanFirst(this.#lookup, naming)
    if (why === undefined) return
    const touches = tables === undefined ? 'everything' : everyCellOf([...tables.values()])
    doubtIn(transaction, this.#options.connection, what, { why, touches, lasts: true })
  }

  #choose(schemas: string, scope: SchemaScope | undefined): void {
    const before = this.#lookup.schemas
    if (this.#transaction !== undefined) {
      const { committed = before, rolledBack = before } = this.#restored ?? {}
      this.#restored = {
        committed: scope === 'transaction' ? committed : schemas,
        rolledBack: scope === 'connection' ? schemas : rolledBack,
      }
    }
    this.#lookup = { ...this.#lookup, schemas }
    this.#naming = undefined
  }

  /** When a transaction ends, sets the schemas in which the server looks up unqualified names from then on. */
  #restore(end: 'committed' | 'rolledBack'): void {
    if (this.#restored === undefined) return
    this.#lookup = { ...this.#lookup, schemas: this.#restored[end] }
    this.#restored = undefined
    this.#naming = undefined
  }

  /**
   * Notes what a statement does besides its recorded reads and writes: effects that are unknown (see `Doubt`), or a new
   * isolation level.
   */
  #noteAside(transaction: Transaction, statement: Statement): void {
    const mark = (doubt: Doubt) => doubtIn(transaction, this.#options.connection, statement.what, doubt)
    if (statement.kind === 'doubtful') mark(statement)
    if (this.#commands.tables === undefined) return
    if ('indirect' in statement && statement.indirect !== undefined) mark(statement.indirect)
    if (statement.kind === 'other' && statement.touches !== 'nothing') mark({ ...statement, touches: 'everything' })
    if (statement.kind !== 'control' && statement.kind !== 'other') return
    const { isolation } = statement
    if (isolation?.isForSession === true) this.#isolation = isolation.level ?? this.#commands.isolation
    else if (isolation !== undefined) transaction.isolation = isolation.level
  }

  #control(unit: Unit, control: Control, name: string): void {
    const { transaction } = unit
    switch (control) {
      case 'begin':
        if (unit.ends === undefined) this.#transaction = transaction
        else this.#lose('a connection of PostgreSQL with a COMMIT and a BEGIN in one request')
        return
      case 'commit':
      case 'rollback':
        // Without a BEGIN, a COMMIT or ROLLBACK ends the implicit transaction of the statements before it in its
        // request. Later statements of the request are not part of that transaction.
        if (this.#transaction === undefined && transaction.executed.length > 0) transaction.isTangled = true
        if (unit.ends !== undefined) transaction.isTangled = true
        unit.ends = control
        this.#transaction = undefined
        this.#restore(control === 'commit' ? 'committed' : 'rolledBack')
        return
      case 'prepare':
        transaction.isTangled = true
        unit.ends = 'commit'
        this.#transaction = undefined
        this.#restore('committed')
        return
      case 'savepoint':
        if (this.#commands.tables === undefined) transaction.isTangled = true
        // In a failed transaction, the server refuses all but ROLLBACK.
        if (!transaction.hasFailed) transaction.savepoints.push({ name, executed: transaction.executed.length })
        return
      case 'release':
        if (!transaction.hasFailed) release(transaction, name)
        return
      case 'rollback-to':
        undo(transaction, name)
        return
      case 'chain':
        transaction.isTangled = true
        return
      case 'forget':
        this.#prepared.clear()
    }
  }

  #complete(unit: Unit, time: Nanos): void {
    this.#open = undefined
    if (this.#isLost) return
    if (this.#transaction === undefined) unit.ends ??= 'commit'
    this.#options.requested(unit)
    const { transaction, ends } = unit
    if (ends === undefined) return
    const isNothing = ends === 'rollback' && !transaction.isTangled && this.#commands.tables === undefined
    this.#finish(transaction, isNothing ? [] : transaction.executed, time)
  }

  #finish(transaction: Transaction, executed: readonly Executed[], endedAt: Nanos): void {
    const { isTangled, isolation, request } = transaction
    const { areAtomic, tables, dialect } = this.#commands
    transaction.collapsed =
      tables === undefined
        ? collapsed(executed, { areAtomic, isTangled })
        : wholeOf(executed, { isTangled, endedAt, isolation, request, hasOneSnapshot: dialect === undefined })
    transaction.exchange.called(transaction.collapsed.understanding({ session: this.#session }))
  }

  get #session(): string | undefined {
    const { naming } = this.#options
    return naming.kind === 'fixed' ? naming.session : this.#applicationName
  }

  /** Notes that the transaction's end will never be requested. `executed`: the statements that may take effect. */
  cut(transaction: Transaction, executed: readonly Executed[] = []): void {
    if (transaction.collapsed === undefined) this.#finish(transaction, executed, nanos(0))
  }

  /** Forgets the statements that the server did not prepare. */
  answered(unit: Unit): void {
    for (const left of unit.expected)
      if (left.kind === 'parse' && left.isNew && this.#prepared.get(left.name) === left.prepared)
        this.#prepared.delete(left.name)
  }

  /** Forgets a transaction that the server did not begin. */
  refused(transaction: Transaction): void {
    if (this.#transaction === transaction) this.#transaction = undefined
  }

  end(): void {
    this.#open = undefined
    this.#transaction = undefined
  }
}

/**
 * A statement. Texts that differ only in their literals can share one cached `statement`. In that case, `literals` has
 * the literals of this text.
 */
interface RequestedStatement {
  readonly statement: Statement
  readonly literals?: readonly string[] | undefined
}

const NO_PARAMETERS: Portal = {
  ...{ prepared: unseen, formats: [], values: [], resultFormats: [], columns: undefined, wasExecuted: true },
}

/**
 * Returns the step of one FETCH from a cursor. A FETCH returns only some rows of the cursor's query, so a row that is
 * named by key may exist even if it is not returned.
 */
function partly(
  { what, rows: statement }: Extract<Statement, { readonly kind: 'cursor' }>,
  portal: Portal | undefined,
): RowStep {
  const isByKey = statement.does === 'read' && statement.rows.kind === 'keys'
  return isByKey
    ? { what, portal, statement: { ...statement, rows: { ...statement.rows, isPartial: true } } }
    : { what, portal, statement }
}

/** Removes a savepoint and all later ones. An earlier one of the same name applies again. */
function release({ savepoints }: Transaction, name: string): void {
  const at = lastNamed(savepoints, name)
  if (at !== -1) savepoints.length = at
}

const lastNamed = (savepoints: Transaction['savepoints'], name: string): number =>
  savepoints.findLastIndex((savepoint) => savepoint.name === name)

/** Undoes the statements since a savepoint. The savepoint remains. */
function undo({ savepoints, executed }: Transaction, name: string): void {
  const at = lastNamed(savepoints, name)
  const savepoint = savepoints[at]
  if (savepoint === undefined) return
  savepoints.length = at + 1
  for (const each of executed.slice(savepoint.executed)) each.isUndone = true
}
