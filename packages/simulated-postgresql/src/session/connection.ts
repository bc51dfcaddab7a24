import { temporarySchema } from '../catalogue/catalogue.ts'
import { columnsOf, type Table } from '../catalogue/table.ts'
import { dropTogether } from '../define/drop.ts'
import { empty } from '../define/truncate.ts'
import { Context, type ContextOptions } from '../execute/context.ts'
import type { Deferrable, OwedCheck, Run } from '../execute/model.ts'
import { COMPILERS, compilePlan, isPlanned, type Plan } from '../execute/plan.ts'
import { QueryScope } from '../execute/scope.ts'
import { compileFacts } from '../execute/table-facts.ts'
import { compileExpression } from '../expressions/compile.ts'
import type { SessionFacts } from '../expressions/env.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import type { RoutineVariables } from '../plpgsql/variables.ts'
import { SqlError } from '../sql/error.ts'
import { type Fields, kindOf, type Node } from '../sql/nodes.ts'
import { parse, type Statement } from '../sql/parse.ts'
import type { Isolation, Snapshot, Subtransaction, Transaction } from '../storage/model.ts'
import type { LockMode } from '../storage/modes.ts'
import { nextValue, type Sequence } from '../storage/sequence.ts'
import { outermost } from '../storage/store.ts'
import { beginTransaction, nextCommand } from '../storage/transaction.ts'
import type { Backend } from '../storage/waiting.ts'
import type { TextContext } from '../types/registry.ts'
import type { SqlValue } from '../types/value.ts'
import { endsTransaction, executeCommand, resultColumnsOf } from './commands.ts'
import type { Cursor } from './cursors.ts'
import { sessionFunctions } from './functions.ts'
import type { Compiled, Host, Server } from './host.ts'
import type { Notification, Subscriber } from './notifications.ts'
import { Routines } from './routines.ts'
import type { Execution, Prepared, Session, SessionListener, Wait } from './session.ts'
import { Settings } from './settings.ts'

/** A session: its transaction, its settings, what it listens to. */
export class Connection implements Session, Subscriber, Host {
  readonly server: Server
  readonly pid: number
  readonly secret: number
  readonly settings: Settings
  readonly backend: Backend
  readonly listener: SessionListener
  readonly context: TextContext
  readonly facts: SessionFacts
  readonly routines: Routines = new Routines(this)
  readonly channels: Set<string> = new Set()
  readonly prepared: Map<string, Prepared> = new Map()
  readonly cursors: Map<string, Cursor> = new Map()
  readonly currentValues: Map<Sequence, bigint> = new Map()
  lastSequence: Sequence | undefined
  transaction: Transaction | undefined
  /** Whether BEGIN opened the transaction; one without is committed by `sync`. */
  inBlock = false
  failed = false
  /** A query was executed in the transaction: its level cannot change any more. */
  queried = false
  /** Undone at the end of the transaction: SET LOCAL. */
  readonly localUndo: (() => void)[] = []
  readonly outbox: Notification[] = []
  readonly #inbox: Notification[] = []
  readonly owed: OwedCheck[] = []
  /** The open savepoints, innermost last. One whose part was aborted by an error can still be rolled back to. */
  readonly savepoints: { readonly name: string; part: Subtransaction }[] = []
  /** SET CONSTRAINTS, by name; the empty name stands for ALL. */
  readonly deferring: Map<string, boolean> = new Map()
  readonly #user: string
  readonly #database: string
  commits = 0
  #ended = false
  #statementStart = 0n

  constructor(server: Server, pid: number, startup: ReadonlyMap<string, string>, listener: SessionListener) {
    this.server = server
    this.pid = pid
    this.secret = Math.floor(server.options.random() * 0x7fffffff)
    this.listener = listener
    this.#user = startup.get('user') ?? 'postgres'
    this.#database = startup.get('database') ?? this.#user
    const defaults = new Map(server.options.settings)
    for (const [name, value] of startupSettings(startup)) defaults.set(name, value)
    defaults.set('session_authorization', this.#user)
    this.settings = new Settings(defaults, (name, value) => listener.parameter(name, value))
    this.backend = {
      pid,
      grants: [],
      waiter: undefined,
      statementDeadline: undefined,
      interrupt: undefined,
      milliseconds: (name) => this.settings.milliseconds(name),
    }
    this.facts = this.#sessionFacts()
    this.context = this.facts
    // Whoever connects has a role: who may is not simulated.
    server.catalogue.roles.add(this.#user)
    server.notifications.subscribe(this)
  }

  #sessionFacts(): SessionFacts {
    const { store, catalogue } = this.server
    return {
      types: catalogue.types,
      setting: (name) => this.settings.get(name),
      now: () => this.transaction?.startedAt ?? store.time.now(),
      clock: () => store.time.now(),
      statementStart: () => this.#statementStart,
      random: store.random,
      user: this.#user,
      database: this.#database,
      pid: this.pid,
      functions: sessionFunctions(this),
      callRoutine: (oid, values, site) => this.routines.value(oid, values, site),
      routineRows: (oid, values, site) => this.routines.rows(oid, values, site),
      relation: (name) => this.#relationOid(name),
      relationName: (oid) => {
        const found = catalogue.relationByOid(oid, this.transaction)
        if (found === undefined) return undefined
        const plain = catalogue.relation(this.searchPath(), found.name, this.transaction) === found
        return plain ? quoted(found.name) : `${quoted(found.schema)}.${quoted(found.name)}`
      },
    }
  }

  #relationOid(text: string): number {
    if (/^\d+$/.test(text)) return Number(text)
    const names = splitName(text)
    const name = names.at(-1) ?? ''
    const schema = names.at(-2)
    const path = schema === undefined ? this.searchPath() : [schema]
    const { catalogue } = this.server
    const found = catalogue.relation(path, name, this.transaction)
    if (found !== undefined) return found.oid
    const index = catalogue.index(path, name, this.transaction)
    const indexOid = index?.table.indexes[index.at]?.oid
    if (indexOid !== undefined) return indexOid
    throw new SqlError('42P01', `relation "${names.join('.')}" does not exist`)
  }

  parameters(): ReadonlyMap<string, string> {
    return this.settings.reported()
  }

  searchPath(): readonly string[] {
    const path = splitList(this.settings.get('search_path') ?? '').map((name) => (name === '$user' ? this.#user : name))
    const all = path.includes('pg_catalog') ? path : ['pg_catalog', ...path]
    return this.#temporaryTables().length === 0 ? all : [temporarySchema(this.pid), ...all]
  }

  #temporaryTables(): readonly Table[] {
    const { catalogue } = this.server
    const schema = temporarySchema(this.pid)
    return catalogue.hasTemporary
      ? catalogue.visibleTables(this.transaction).filter((each) => each.schema === schema)
      : []
  }

  status(): 'idle' | 'transaction' | 'failed' {
    return this.failed ? 'failed' : this.inBlock ? 'transaction' : 'idle'
  }

  parse(sql: string): readonly Statement[] {
    return this.#orFail(() => parse(sql))
  }

  prepare(statement: Statement, parameterOids: readonly number[]): Prepared {
    return this.#orFail(() => {
      this.#refuseIfFailed(statement)
      return this.compile(statement, parameterOids)
    })
  }

  compile(statement: Statement, parameterOids: readonly number[]): Compiled {
    const { catalogue } = this.server
    if (!isPlanned(statement.node)) {
      const described = resultColumnsOf(this, statement.node)
      return {
        statement,
        parameterOids: described.parameterOids,
        columns: described.columns,
        plan: undefined,
        version: catalogue.version,
      }
    }
    const plan = this.#plan(statement, parameterOids)
    return { statement, parameterOids: plan.parameterOids, columns: plan.columns, plan, version: catalogue.version }
  }

  /** Plans are shared among sessions, as long as nobody changes the catalogue. */
  #plan(statement: Statement, parameterOids: readonly number[]): Plan {
    const { catalogue, plans } = this.server
    const changing = this.transaction !== undefined && catalogue.isChanging(this.transaction)
    const key = `${this.#planKey()}|${parameterOids.join()}|${kindOf(statement.node)}|${statement.sql}`
    const known = plans.get(key)
    if (known !== undefined && known.version === catalogue.version && !changing) return known.plan
    const plan = compilePlan(statement.node, { ...this.#planOptions(), parameterOids })
    // `'now'::timestamp` is read when the statement is compiled.
    if (!changing && !/\b(?:now|today|tomorrow|yesterday)\b(?!\s*\()/i.test(statement.sql)) {
      if (plans.size > 5_000) plans.clear()
      plans.set(key, { version: catalogue.version, plan })
    }
    return plan
  }

  /** A context for a command that defines something. */
  newContext(): Context {
    return new Context({ ...this.#planOptions(), parameterOids: [], compilers: COMPILERS })
  }

  #planOptions(): Omit<ContextOptions, 'compilers' | 'parameterOids'> {
    return {
      catalogue: this.server.catalogue,
      session: this.facts,
      own: this.transaction,
      searchPath: this.searchPath(),
      temporarySchema: temporarySchema(this.pid),
      database: this.#database,
    }
  }

  /** The settings that a plan depends on. */
  #planKey(): string {
    const { settings } = this
    return `${this.searchPath()}|${settings.get('TimeZone')}|${settings.get('DateStyle')}|${this.#user}`
  }

  *execute(prepared: Prepared, parameters: readonly SqlValue[]): Execution {
    this.#statementStart = this.server.store.time.now()
    const limit = this.settings.milliseconds('statement_timeout')
    this.backend.statementDeadline = limit > 0 ? this.#statementStart + BigInt(Math.round(limit * 1000)) : undefined
    try {
      this.#refuseIfFailed(prepared.statement)
      if (!endsTransaction(prepared.statement.node)) this.begin(false)
      return yield* this.perform(prepared, parameters)
    } catch (error) {
      this.fail()
      throw error
    } finally {
      this.backend.statementDeadline = undefined
    }
  }

  *perform(given: Prepared, parameters: readonly SqlValue[]): Execution {
    const prepared = given as Compiled
    if (!isPlanned(prepared.statement.node)) return yield* executeCommand(this, prepared.statement, parameters)
    const compiled = this.#current(prepared)
    const result = yield* this.runPlan(compiled, parameters)
    const { columns } = compiled
    if (columns === undefined) return { kind: 'done', tag: result.tag }
    return { kind: 'rows', tag: result.tag, columns, rows: result.rows }
  }

  /** Compiles again if the catalogue changed: the result must have the same columns. */
  #current(prepared: Compiled): Plan {
    const { plan, version, statement, parameterOids } = prepared
    if (plan !== undefined && version === this.server.catalogue.version) return plan
    const again = this.#plan(statement, parameterOids)
    const types = (columns: Plan['columns']): string =>
      (columns ?? []).map((column) => `${column.name} ${column.type.oid} ${column.type.typmod}`).join()
    if (types(again.columns) !== types(prepared.columns))
      throw new SqlError('0A000', 'cached plan must not change result type')
    return again
  }

  *runPlan(
    plan: Plan,
    parameters: readonly SqlValue[],
  ): Generator<Wait, { tag: string; rows: readonly (readonly SqlValue[])[] }, void> {
    const transaction = this.begin(false)
    if (plan.writes !== undefined) this.refuseReadOnly(plan.writes)
    // Above read committed the snapshot is older than the locks.
    if (transaction.isolation !== 'read committed') this.takeSnapshot(transaction)
    for (const [table, mode] of plan.tables) yield* this.lockTable(table, mode)
    const snapshot = this.takeSnapshot(transaction)
    try {
      const run = this.newRun(transaction, snapshot, parameters)
      const result = yield* plan.execute(run)
      nextCommand(transaction)
      yield* this.payOwed(run)
      return result
    } finally {
      if (transaction.isolation === 'read committed') transaction.snapshot = undefined
    }
  }

  planInside(statement: Statement, variables: RoutineVariables): Plan | undefined {
    if (!isPlanned(statement.node)) return undefined
    const { catalogue, routinePlans } = this.server
    const key = `${this.#planKey()}|${variables.signature}`
    const known = routinePlans.get(statement)
    const changing = this.transaction !== undefined && catalogue.isChanging(this.transaction)
    if (known?.key === key && known.version === catalogue.version && !changing) return known.plan
    const plan = compilePlan(statement.node, {
      ...this.#planOptions(),
      parameterOids: variables.parameterOids,
      variables,
    })
    if (!changing) routinePlans.set(statement, { key, version: catalogue.version, plan })
    return plan
  }

  *runInside(
    plan: Plan,
    parameters: readonly SqlValue[],
    stable: boolean,
  ): Generator<Wait, { tag: string; rows: readonly (readonly SqlValue[])[] }, void> {
    const transaction = this.begin(false)
    const { commandId } = transaction
    if (stable && plan.writes !== undefined)
      throw new SqlError('0A000', `${plan.writes} is not allowed in a non-volatile function`)
    const around = transaction.snapshot
    if (plan.writes !== undefined) this.refuseReadOnly(plan.writes)
    for (const [table, mode] of plan.tables) yield* this.lockTable(table, mode)
    if (!stable) nextCommand(transaction)
    const snapshot = stable && around !== undefined ? around : this.takeSnapshot(transaction)
    // The older one goes on: what it shows must stay.
    if (transaction.isolation === 'read committed') transaction.snapshot = around ?? snapshot
    try {
      const run = this.newRun(transaction, snapshot, parameters)
      const result = yield* plan.execute(run)
      if (!stable) nextCommand(transaction)
      yield* this.payOwed(run)
      return result
    } finally {
      transaction.commandId = commandId
      if (transaction.isolation === 'read committed' || around !== undefined) transaction.snapshot = around
    }
  }

  *lockTable(table: object & { readonly oid: number }, mode: LockMode): Generator<Wait, void, void> {
    const { waiting, locks } = this.server.store
    if (locks.holds(this.backend, table, mode)) return
    const target = { tag: table, name: `relation ${table.oid} of database 5`, event: 'relation' }
    yield* waiting.lock(this.backend, target, mode, this.begin(false).current)
  }

  tryLockTable(table: object & { readonly oid: number }, mode: LockMode): boolean {
    const target = { tag: table, name: `relation ${table.oid} of database 5`, event: 'relation' }
    return this.server.store.waiting.tryLock(this.backend, target, mode, this.begin(false).current)
  }

  /** The value of an argument of EXECUTE. */
  evaluate(node: Node, oid: number): SqlValue {
    const context = this.newContext()
    const scope = new QueryScope(context, undefined)
    scope.place = 'EXECUTE parameters'
    const type = context.type(oid)
    const compiled = context.assignedValue(compileExpression(node, scope, type), scope, { name: '', type })
    return compiled.evaluate({ row: [], parameters: [], session: this.facts })
  }

  typeNamed(name: Fields<'TypeName'>): number {
    return resolveTypeName(name, this.server.catalogue.types).oid
  }

  takeSnapshot(transaction: Transaction): Snapshot {
    const { store } = this.server
    this.queried = true
    const known = transaction.snapshot
    if (transaction.isolation === 'read committed' || known === undefined) {
      if (transaction.isolation === 'serializable') transaction.reader = store.serializable.begin(transaction)
      transaction.snapshot = store.takeSnapshot(transaction)
    } else transaction.snapshot = { commitNumber: known.commitNumber, commandId: transaction.commandId }
    return transaction.snapshot
  }

  newRun(transaction: Transaction, snapshot: Snapshot, parameters: readonly SqlValue[]): Run {
    const { store, catalogue, facts, options } = this.server
    return {
      ...this.facts,
      store,
      catalogue,
      backend: this.backend,
      transaction,
      snapshot,
      parameters,
      memo: new Map(),
      shuffles: options.shuffles !== false,
      owed: [],
      engineFacts: facts,
      isDeferred: (constraint) => this.#isDeferred(constraint),
      latestSnapshot: () =>
        transaction.isolation === 'read committed'
          ? store.takeSnapshot(transaction)
          : { commitNumber: snapshot.commitNumber, commandId: transaction.commandId },
      factsOf: (table) => compileFacts(table, this.newContext()),
      nextValue: (sequence) => {
        this.refuseReadOnly('nextval()')
        const value = nextValue(sequence)
        this.currentValues.set(sequence, value)
        this.lastSequence = sequence
        return value
      },
      lockTable: (table, mode) => this.lockTable(table, mode),
      fire: (firing) => this.routines.fire(firing),
      notice: (severity, code, message) => this.notice(severity, code, message),
    }
  }

  #isDeferred(constraint: Deferrable): boolean {
    if (!constraint.deferrable || !this.inBlock) return false
    return this.deferring.get(constraint.name) ?? this.deferring.get('') ?? constraint.initiallyDeferred
  }

  /** Checks what a statement owes; what is deferred is kept for the end of the transaction. */
  *payOwed(run: Run): Generator<Wait, void, void> {
    for (let at = 0; at < run.owed.length; at++) {
      const check = run.owed[at]
      if (check === undefined) continue
      if (check.deferred) this.owed.push(check)
      else {
        yield* check.run(run)
        nextCommand(run.transaction)
      }
    }
  }

  /** The deferred checks, at the end of the transaction or at SET CONSTRAINTS IMMEDIATE. */
  *payDeferred(of: (check: OwedCheck) => boolean): Generator<Wait, void, void> {
    const { transaction } = this
    if (transaction === undefined) return
    const due = this.owed.filter(of)
    this.owed.splice(0, this.owed.length, ...this.owed.filter((check) => !of(check)))
    if (due.length === 0) return
    const run = this.newRun(transaction, this.takeSnapshot(transaction), [])
    for (const check of due) {
      yield* check.run(run)
      nextCommand(transaction)
    }
    yield* this.payOwed(run)
  }

  get statementTimeoutMs(): number {
    return this.settings.milliseconds('statement_timeout')
  }

  refuseInStandby(what: string, code = '0A000'): void {
    if (this.server.isStandby) throw new SqlError(code, `cannot ${what}`)
  }

  refuseReadOnly(verb: string): void {
    if (this.transaction?.readOnly === true)
      throw new SqlError('25006', `cannot execute ${verb} in a read-only transaction`)
  }

  /** The open transaction; begins one if there is none. */
  begin(block: boolean): Transaction {
    if (block) this.inBlock = true
    const { transaction } = this
    if (transaction !== undefined) return transaction
    const { store } = this.server
    const level = (this.settings.get('default_transaction_isolation') ?? 'read committed').toLowerCase()
    const isolation = (level === 'read uncommitted' ? 'read committed' : level) as Isolation
    const begun = beginTransaction(this.pid, store.time.now(), isolation)
    if (isolation === 'serializable') this.refuseInStandby('use serializable mode in a hot standby')
    begun.readOnly = this.server.isStandby || this.settings.get('default_transaction_read_only') === 'on'
    begun.deferrable = this.settings.get('default_transaction_deferrable') === 'on'
    this.transaction = begun
    store.active.add(begun)
    return begun
  }

  sync(): void {
    if (this.transaction === undefined || this.inBlock) return
    try {
      this.commit()
    } catch (error) {
      this.fail()
      throw error
    }
  }

  /** Commits; the deferred checks were made. */
  commit(): void {
    const { transaction } = this
    if (transaction !== undefined) {
      const { store, catalogue, notifications, options } = this.server
      this.#endTemporaryTables(transaction)
      const published = this.outbox.splice(0)
      const wrote = outermost(transaction).xid !== 0
      store.commit(this.backend, transaction, this.#durability(transaction))
      catalogue.committed(transaction)
      this.transaction = undefined
      this.#finish()
      notifications.publish(published)
      if (wrote) {
        this.commits++
        options.committed?.(store.log.flushedOf(store.commits) === store.commits)
      }
      return
    }
    this.#finish()
  }

  /** ON COMMIT */
  #endTemporaryTables({ current }: Transaction): void {
    for (const table of this.#temporaryTables())
      if (table.onCommit === 'drop') dropTogether([table], current, this.server.catalogue)
      else if (table.onCommit === 'delete rows') empty(table, current)
  }

  #durability({ isPermanent }: Transaction): 'synchronous' | 'asynchronous' | 'permanent' {
    if (isPermanent) return 'permanent'
    return this.settings.get('synchronous_commit') === 'off' ? 'asynchronous' : 'synchronous'
  }

  rollback(): void {
    const { transaction } = this
    this.transaction = undefined
    if (transaction !== undefined) {
      this.server.store.abort(this.backend, transaction)
      this.server.catalogue.aborted(transaction)
    }
    this.#finish()
  }

  #finish(): void {
    this.inBlock = false
    this.failed = false
    this.queried = false
    this.outbox.length = 0
    this.owed.length = 0
    this.savepoints.length = 0
    this.deferring.clear()
    for (const undo of this.localUndo.splice(0).toReversed()) undo()
    for (const [name, cursor] of this.cursors) if (!cursor.hold) this.cursors.delete(name)
    for (const notification of this.#inbox.splice(0)) this.deliver(notification)
  }

  /** An error aborts the transaction: its locks go now, its block stays until ROLLBACK. */
  fail(): void {
    const { inBlock, transaction } = this
    if (this.#ended || this.failed) return
    if (!inBlock) {
      this.rollback()
      return
    }
    if (transaction !== undefined && transaction.state === 'active') {
      // After a savepoint everything up to it can still be kept.
      if (transaction.current.parent === undefined) {
        this.server.store.abort(this.backend, transaction)
        this.server.catalogue.aborted(transaction)
      } else this.server.store.abortTo(this.backend, transaction, transaction.current)
    }
    this.failed = true
  }

  #refuseIfFailed(statement: Statement): void {
    if (this.failed && !endsTransaction(statement.node))
      throw new SqlError('25P02', 'current transaction is aborted, commands ignored until end of transaction block')
  }

  #orFail<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      this.fail()
      throw error
    }
  }

  end(): void {
    if (this.#ended) return
    this.rollback()
    this.dropTemporaryTables()
    this.commit()
    this.#ended = true
    this.server.store.locks.releaseWhere(this.backend, () => true)
    const { waiter } = this.backend
    if (waiter !== undefined) this.server.store.locks.withdraw(waiter)
    this.backend.interrupt = undefined
    this.server.notifications.unsubscribe(this)
    this.server.connections.delete(this.pid)
  }

  dropTemporaryTables(): void {
    const tables = this.#temporaryTables()
    if (tables.length > 0) dropTogether(tables, this.begin(false).current, this.server.catalogue)
  }

  interrupt(error: SqlError): void {
    this.backend.interrupt?.(error)
  }

  terminate(pid: number): boolean {
    const other = this.server.connections.get(pid)
    if (other === undefined) {
      this.notice('WARNING', '01000', `PID ${pid} is not a PostgreSQL backend process`)
      return false
    }
    other.terminated()
    return true
  }

  terminated(): void {
    const error = new SqlError('57P01', 'terminating connection due to administrator command', { severity: 'FATAL' })
    if (this.backend.interrupt !== undefined) this.interrupt(error)
    else this.listener.terminated(error)
  }

  cancel(pid: number): boolean {
    this.server.connections.get(pid)?.interrupt(new SqlError('57014', 'canceling statement due to user request'))
    return this.server.connections.has(pid)
  }

  deliver(notification: Notification): void {
    if (this.status() !== 'idle' || this.transaction !== undefined) this.#inbox.push(notification)
    else this.listener.notification(notification.pid, notification.channel, notification.payload)
  }

  queueNotification(channel: string, payload: string): void {
    if (channel === '') throw new SqlError('22023', 'channel name cannot be empty')
    if (this.outbox.some((each) => each.channel === channel && each.payload === payload)) return
    const notification = { pid: this.pid, channel, payload }
    this.outbox.push(notification)
    this.begin(false).current.undo.push(() => {
      const at = this.outbox.indexOf(notification)
      if (at >= 0) this.outbox.splice(at, 1)
    })
  }

  notice(severity: 'NOTICE' | 'WARNING' | 'INFO', code: string, message: string): void {
    this.listener.notice({ severity, code, message, fields: {} })
  }

  noteSequence(sequence: Sequence): void {
    this.currentValues.set(sequence, sequence.lastValue)
    this.lastSequence = sequence
  }

  serialSequence(table: string, column: string): string | undefined {
    const { catalogue } = this.server
    const found = catalogue.relationByOid(this.#relationOid(table), this.transaction)
    const attribute =
      found !== undefined && 'columns' in found
        ? columnsOf(found).find((each) => each.name === column)?.attribute
        : undefined
    if (found === undefined || attribute === undefined)
      throw new SqlError('42703', `column "${column}" of relation "${table}" does not exist`)
    for (const sequence of catalogue.visibleSequences(this.transaction))
      if (sequence.owner?.table === found && sequence.owner.attribute === attribute)
        return `${quoted(sequence.schema)}.${quoted(sequence.name)}`
    return undefined
  }

  transactionId(): number {
    let part = this.begin(false).current
    while (part.parent !== undefined) part = part.parent
    return this.server.store.xidOf(this.backend, part)
  }

  transactionIdIfAssigned(): bigint | undefined {
    let part = this.begin(false).current
    while (part.parent !== undefined) part = part.parent
    return part.xid === 0 ? undefined : BigInt(part.xid)
  }

  showSetting(name: string, missingOk = false): string | undefined {
    const { transaction } = this
    const key = name.toLowerCase()
    if (transaction !== undefined && key === 'transaction_isolation') return transaction.isolation
    if (transaction !== undefined && key === 'transaction_read_only') return transaction.readOnly ? 'on' : 'off'
    if (transaction !== undefined && key === 'transaction_deferrable') return transaction.deferrable ? 'on' : 'off'
    return missingOk ? this.settings.get(name) : this.settings.show(name)
  }

  /** SET: undone if the transaction aborts, or with LOCAL at its end. */
  setSetting(name: string, value: string | undefined, local: boolean): void {
    const restore = this.settings.set(name, value)
    let undone = false
    const undo = (): void => {
      if (!undone) restore()
      undone = true
    }
    const { transaction } = this
    if (transaction === undefined) return
    if (local) this.localUndo.push(undo)
    transaction.current.undo.push(undo)
  }
}

/** The settings of a StartupMessage: parameters, and `-c name=value` in `options`. */
function startupSettings(startup: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of startup)
    if (!['user', 'database', 'options', 'replication'].includes(name) && !name.startsWith('_pq_'))
      found.set(name, value)
  for (const [, name = '', value = ''] of (startup.get('options') ?? '').matchAll(
    /(?:-c\s*|--)([\w.]+)=((?:\\.|[^\s\\])*)/g,
  ))
    found.set(name.replaceAll('-', '_'), value.replaceAll(/\\(.)/g, '$1'))
  return found
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** The parts of a qualified name: `public."My Table"`. */
function splitName(text: string): readonly string[] {
  return [...text.matchAll(/"((?:[^"]|"")*)"|([^."]+)/g)].map(([, exact, folded = '']) =>
    exact === undefined ? folded.trim().toLowerCase() : exact.replaceAll('""', '"'),
  )
}

function splitList(text: string): readonly string[] {
  return [...text.matchAll(/"((?:[^"]|"")*)"|([^,"\s]+)/g)].map(([, exact, folded = '']) =>
    exact === undefined ? folded.toLowerCase() : exact.replaceAll('""', '"'),
  )
}
