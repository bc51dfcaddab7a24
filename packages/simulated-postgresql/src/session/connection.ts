import type { Activity, ServerView } from '../catalogue/relation.ts'
import { isPlanned, type Plan } from '../execute/plan.ts'
import type { SessionFacts } from '../expressions/env.ts'
import { SqlError } from '../sql/error.ts'
import { parse, type Statement } from '../sql/parse.ts'
import { outermost } from '../storage/store.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { Backend } from '../storage/waiting.ts'
import type { TextContext } from '../types/registry.ts'
import type { SqlValue } from '../types/value.ts'
import { endsTransaction, executeCommand, resultColumnsOf } from './commands.ts'
import type { Cursor } from './cursors.ts'
import { sessionFunctions } from './functions.ts'
import type { Host } from './host.ts'
import { Names } from './names.ts'
import type { Notification, Subscriber } from './notifications.ts'
import { Planner } from './planner.ts'
import { Routines } from './routines.ts'
import { Runner } from './runner.ts'
import type { Compiled, Peer, Server } from './server.ts'
import type { Execution, Prepared, Session, SessionListener } from './session.ts'
import { Settings, startupSettings } from './settings.ts'
import { Transactions } from './transactions.ts'

const IDLE = {
  idle: 'idle',
  transaction: 'idle in transaction',
  failed: 'idle in transaction (aborted)',
} as const

/** A session: executes one statement at a time, receives notifications, and can be interrupted by other sessions. */
export class Connection implements Session, Subscriber, Host {
  readonly server: Server
  readonly pid: number
  readonly secret: number
  readonly settings: Settings
  readonly backend: Backend
  readonly transactions: Transactions
  readonly names: Names
  readonly planner: Planner
  readonly runner: Runner
  readonly routines: Routines
  readonly facts: SessionFacts
  readonly channels: Set<string> = new Set()
  readonly prepared: Map<string, Prepared> = new Map()
  readonly cursors: Map<string, Cursor> = new Map()
  readonly #listener: SessionListener
  readonly #inbox: Notification[] = []
  #ended = false
  #statementStart = 0n
  readonly #begunAt: bigint
  #query = ''
  #queryStart: bigint | null = null
  #stateChange: bigint
  #isRunning = false

  constructor(server: Server, pid: number, startup: ReadonlyMap<string, string>, listener: SessionListener) {
    this.server = server
    this.pid = pid
    this.secret = Math.floor(server.options.random() * 0x7fffffff)
    this.#listener = listener
    this.#begunAt = server.store.time.now()
    this.#stateChange = this.#begunAt
    const user = startup.get('user') ?? 'postgres'
    const defaults = new Map(server.options.settings)
    for (const [name, value] of startupSettings(startup)) defaults.set(name, value)
    defaults.set('session_authorization', user)
    this.settings = new Settings(defaults, (name, value) => listener.parameter(name, value))
    this.backend = {
      pid,
      grants: [],
      waiter: undefined,
      statementDeadline: undefined,
      waits: undefined,
      interrupt: undefined,
      milliseconds: (name) => this.settings.milliseconds(name),
    }
    this.transactions = new Transactions({
      server,
      backend: this.backend,
      settings: this.settings,
      temporaryTables: () => this.names.temporaryTables(),
      ended: () => this.#transactionEnded(),
    })
    this.names = new Names(server, this.settings, this.transactions, { user, pid })
    this.routines = new Routines(this)
    this.facts = this.#sessionFacts(user, startup.get('database') ?? user)
    this.planner = new Planner(server, this.settings, this.transactions, this.names, this.facts)
    this.runner = new Runner(this)
    // Authorization is not simulated: any user may connect.
    if (!server.catalogue.roles.isTaken(user, undefined)) server.catalogue.roles.add(user, user, undefined)
    server.notifications.subscribe(this)
  }

  #sessionFacts(user: string, database: string): SessionFacts {
    const { store, catalogue } = this.server
    const { transactions } = this
    return {
      get types() {
        return catalogue.typesOf(transactions.open)
      },
      calculator: this.server.options.calculator,
      setting: (name) => this.settings.get(name),
      now: () => this.transactions.open?.startedAt ?? store.time.now(),
      clock: () => store.time.now(),
      statementStart: () => this.#statementStart,
      random: store.random,
      user,
      database,
      pid: this.pid,
      functions: sessionFunctions(this),
      callRoutine: (oid, values, site) => this.routines.value(oid, values, site),
      routineRows: (oid, values, site) => this.routines.rows(oid, values, site),
      relation: (name) => this.names.relationOid(name),
      relationName: (oid) => this.names.relationName(oid),
    }
  }

  get context(): TextContext {
    return this.facts
  }

  get commits(): number {
    return this.transactions.commits
  }

  get hasWritten(): boolean {
    const { open } = this.transactions
    return open !== undefined && outermost(open).xid !== 0
  }

  get statementTimeoutMs(): number {
    return this.settings.milliseconds('statement_timeout')
  }

  parameters(): ReadonlyMap<string, string> {
    return this.settings.reported()
  }

  runs(text: string): void {
    this.#isRunning = true
    this.#query = text
    this.#queryStart = this.#stateChange = this.server.store.time.now()
  }

  ready(): void {
    this.#isRunning = false
    this.#stateChange = this.server.store.time.now()
  }

  get activity(): Activity {
    const { open, begun } = this.transactions
    const isOpen = open?.state === 'active'
    return {
      pid: this.pid,
      user: this.facts.user,
      application: this.settings.get('application_name') ?? '',
      begunAt: this.#begunAt,
      transactionStart: isOpen ? open.startedAt : null,
      queryStart: this.#queryStart,
      stateChange: this.#stateChange,
      state: this.#isRunning ? 'active' : IDLE[this.status()],
      xid: isOpen ? outermost(open).xid || null : null,
      xmin: isOpen && open.snapshot !== undefined ? open.xmin : null,
      query: this.#query,
      virtualTransaction: `${this.pid}/${isOpen ? begun : 0}`,
      backend: this.backend,
      waitsFor: () => {
        const { waits } = this.backend
        if (waits !== undefined) return [waits.kind === 'lock' ? 'Lock' : 'Timeout', waits.event]
        return this.#isRunning ? [null, null] : ['Client', 'ClientRead']
      },
    }
  }

  get serverView(): ServerView {
    const { store, isStandby, connections } = this.server
    const activity = () => Array.from(connections.values(), (each) => each.activity)
    return {
      store,
      isReplicated: isStandby || store.log.standby !== undefined,
      activity,
      activitySeen: () => (this.transactions.activity ??= activity()),
    }
  }

  status(): 'idle' | 'transaction' | 'failed' {
    return this.transactions.status()
  }

  parse(sql: string): readonly Statement[] {
    this.runs(sql)
    return this.#orFail(() => parse(sql))
  }

  *prepare(statement: Statement, parameterOids: readonly number[]): Coroutine<Prepared> {
    try {
      this.#refuseIfFailed(statement)
      this.#startStatement()
      return yield* this.compile(statement, parameterOids)
    } catch (error) {
      this.fail()
      throw error
    } finally {
      this.backend.statementDeadline = undefined
    }
  }

  *compile(statement: Statement, parameterOids: readonly number[]): Coroutine<Compiled> {
    const { version } = this.server.catalogue
    if (!isPlanned(statement.node))
      return { ...resultColumnsOf(this, statement.node), statement, plan: undefined, version }
    const compile = (): Plan & { readonly compiled: Compiled } => {
      const compiled = this.planner.compile(statement, parameterOids)
      return { ...compiled.plan, compiled }
    }
    return (this.runner.atOnce(compile) ?? (yield* this.runner.locked(compile))).compiled
  }

  *execute(given: Prepared | Statement, parameters: readonly SqlValue[], inParts = false): Execution {
    const prepared = 'node' in given ? yield* this.prepare(given, []) : given
    this.#startStatement()
    try {
      this.#refuseIfFailed(prepared.statement)
      if (!endsTransaction(prepared.statement.node)) this.transactions.begin()
      return yield* this.perform(prepared, parameters, inParts)
    } catch (error) {
      this.fail()
      throw error
    } finally {
      this.backend.statementDeadline = undefined
    }
  }

  #startStatement(): void {
    this.#statementStart = this.server.store.time.now()
    const limit = this.statementTimeoutMs
    this.backend.statementDeadline = limit > 0 ? this.#statementStart + BigInt(Math.round(limit * 1000)) : undefined
  }

  *perform(given: Prepared, parameters: readonly SqlValue[], inParts = false): Execution {
    const prepared = given as Compiled
    if (!isPlanned(prepared.statement.node)) return yield* executeCommand(this, prepared.statement, parameters)
    const compile = (): Plan => this.planner.current(prepared)
    const { sql } = prepared.statement
    const { tag, rows, plan, reportRead } = yield* this.runner.run(compile, parameters, sql, inParts)
    const { columns } = plan
    if (columns === undefined) return { kind: 'done', tag }
    const reportPart =
      reportRead && ((from: number, count: number) => reportRead(sql, (all) => all.slice(from, from + count)))
    return { kind: 'rows', tag, columns, rows, reportRead: reportPart }
  }

  #refuseIfFailed(statement: Statement): void {
    if (this.transactions.failed && !endsTransaction(statement.node))
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

  sync(): void {
    this.transactions.sync()
  }

  fail(): void {
    if (!this.#ended) this.transactions.fail()
  }

  end(): void {
    if (this.#ended) return
    const { locks } = this.server.store
    this.transactions.rollback()
    this.transactions.dropTemporaryTables()
    this.transactions.commit()
    this.#ended = true
    locks.releaseWhere(this.backend, () => true)
    const { waiter } = this.backend
    if (waiter !== undefined) locks.withdraw(waiter)
    this.backend.interrupt = undefined
    this.server.notifications.unsubscribe(this)
    this.server.connections.delete(this.pid)
  }

  #transactionEnded(): void {
    for (const [name, cursor] of this.cursors) if (!cursor.hold) this.cursors.delete(name)
    for (const notification of this.#inbox.splice(0)) this.deliver(notification)
  }

  interrupt(error: SqlError): void {
    this.backend.interrupt?.(error)
  }

  terminate(pid: number): boolean {
    const other = this.#other(pid)
    other?.terminated()
    return other !== undefined
  }

  #other(pid: number): Peer | undefined {
    const other = this.server.connections.get(pid)
    if (other === undefined) this.notice('WARNING', '01000', `PID ${pid} is not a PostgreSQL backend process`)
    return other
  }

  terminated(): void {
    const error = new SqlError('57P01', 'terminating connection due to administrator command', { severity: 'FATAL' })
    if (this.backend.interrupt !== undefined) this.interrupt(error)
    else this.#listener.terminated(error)
  }

  cancel(pid: number): boolean {
    const other = this.#other(pid)
    other?.interrupt(new SqlError('57014', 'canceling statement due to user request'))
    return other !== undefined
  }

  deliver(notification: Notification): void {
    const { pid, channel, payload } = notification
    if (this.status() !== 'idle' || this.transactions.open !== undefined) this.#inbox.push(notification)
    else this.#listener.notification(pid, channel, payload)
  }

  queueNotification(channel: string, payload: string): void {
    if (channel === '') throw new SqlError('22023', 'channel name cannot be empty')
    const { outbox } = this.transactions
    if (outbox.some((each) => each.channel === channel && each.payload === payload)) return
    const notification = { pid: this.pid, channel, payload }
    outbox.push(notification)
    this.transactions.begin().current.undo.push(() => {
      const at = outbox.indexOf(notification)
      if (at >= 0) outbox.splice(at, 1)
    })
  }

  notice(severity: 'NOTICE' | 'WARNING' | 'INFO', code: string, message: string): void {
    this.#listener.notice({ severity, code, message, fields: {} })
  }
}
