import type { ServerView } from '../catalogue/relation.ts'
import type { Table } from '../catalogue/table.ts'
import {
  type Lockable,
  type Locking,
  type Named,
  type ObjectKind,
  type OwedCheck,
  objectLock,
  type Rows,
  type Run,
} from '../execute/model.ts'
import type { Plan } from '../execute/plan.ts'
import { compileFacts } from '../execute/table-facts.ts'
import { createMet } from '../execute/view.ts'
import type { SessionFacts } from '../expressions/env.ts'
import { SqlError } from '../sql/error.ts'
import type { Snapshot, Subtransaction, Transaction } from '../storage/model.ts'
import type { LockMode } from '../storage/modes.ts'
import { nextValue, type Sequence } from '../storage/sequence.ts'
import { nextCommand } from '../storage/transaction.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { Backend } from '../storage/waiting.ts'
import type { SqlValue } from '../types/value.ts'
import type { Planner } from './planner.ts'
import type { RoutineCalls, Server } from './server.ts'
import type { Transactions } from './transactions.ts'

export interface Ran {
  readonly tag: string
  readonly rows: Rows
}

/** Reports a fetch of some rows of a query, as if it were a separate statement. */
export type ReportRead = (sql: string, part: (rows: Rows) => Rows) => void

export interface RunnerOwner {
  readonly server: Server
  readonly backend: Backend
  readonly transactions: Transactions
  readonly planner: Planner
  readonly routines: RoutineCalls
  readonly facts: SessionFacts
  readonly serverView: ServerView
  notice(severity: 'NOTICE' | 'WARNING', code: string, message: string): void
}

/** Runs the plans of a session with their locks, snapshots and scheduled checks. */
export class Runner {
  readonly #owner: RunnerOwner
  /** The last value that the session took from each sequence. */
  readonly currentValues: Map<Sequence, bigint> = new Map()
  lastSequence: Sequence | undefined
  /** The text of the running statement. It does not change during calls of routines. */
  #sql = ''

  constructor(owner: RunnerOwner) {
    this.#owner = owner
  }

  /**
   * @param sql the text of the statement, which the witness records
   * @param inParts If true, the rows of a query count as read only when `reportRead` reports them.
   */
  *run(
    compile: () => Plan,
    parameters: readonly SqlValue[],
    sql = '',
    inParts = false,
  ): Coroutine<Ran & { readonly plan: Plan; readonly reportRead: ReportRead | undefined }> {
    const { transactions, server } = this.#owner
    const transaction = transactions.begin()
    const plan = yield* this.locked(compile)
    const snapshot = transactions.takeSnapshot(transaction)
    const began = server.witness?.now()
    this.#sql = sql
    try {
      const run = this.newRun(transaction, snapshot, parameters)
      const result = yield* plan.execute(run)
      const isReported = !inParts || (plan.writes !== undefined && plan.writes !== 'SELECT FOR UPDATE')
      if (isReported) server.witness?.executed(plan, run, { sql, began, result })
      nextCommand(transaction)
      yield* this.payOwed(run)
      const reportRead: ReportRead = (by, part) =>
        server.witness?.readPart(plan, run, { sql: by, rows: result.rows, part })
      return { ...result, plan, reportRead: isReported ? undefined : reportRead }
    } finally {
      if (transaction.isolation === 'read committed') transaction.snapshot = undefined
    }
  }

  /**
   * Runs a plan as a command nested in the current statement. If `stable`, it uses the statement's snapshot; otherwise
   * it sees all writes so far.
   */
  *runInside(plan: Plan, parameters: readonly SqlValue[], stable: boolean): Coroutine<Ran> {
    const { transactions, server } = this.#owner
    const transaction = transactions.begin()
    const { commandId } = transaction
    const began = server.witness?.now()
    if (stable && plan.writes !== undefined)
      throw new SqlError('0A000', `${plan.writes} is not allowed in a non-volatile function`)
    const around = transaction.snapshot
    if (!stable) nextCommand(transaction)
    const snapshot = stable && around !== undefined ? around : transactions.takeSnapshot(transaction)
    // At read committed, the transaction keeps `around`, the snapshot of the surrounding statement. Vacuum then keeps
    // the rows that are visible to it.
    if (transaction.isolation === 'read committed') transaction.snapshot = around ?? snapshot
    try {
      const run = this.newRun(transaction, snapshot, parameters)
      const result = yield* plan.execute(run)
      server.witness?.executed(plan, run, { sql: this.#sql, began, result })
      if (!stable) nextCommand(transaction)
      yield* this.payOwed(run)
      return result
    } finally {
      transaction.commandId = commandId
      if (transaction.isolation === 'read committed' || around !== undefined) transaction.snapshot = around
    }
  }

  /**
   * Locks the tables of a plan. After a wait, compiles the statement again, because its names may resolve differently.
   * If an uncommitted definition prevents the compilation, waits for its transaction.
   */
  *locked<T extends Locking>(compile: () => T): Coroutine<T> {
    const { transactions, server } = this.#owner
    const taken = new Map<Table, LockMode>()
    while (true) {
      const { version } = server.catalogue
      const { plan, tables } = this.#compiled(compile)
      if (plan?.writes !== undefined && !plan.isIdle) transactions.refuseReadOnly(plan.writes)
      // At repeatable read and above, PostgreSQL takes the snapshot before it locks the tables.
      const transaction = transactions.begin()
      if (transaction.isolation !== 'read committed' && transaction.snapshot === undefined)
        transactions.takeSnapshot(transaction)
      for (const [table, mode] of taken) if (!tables.has(table)) this.#unlock(table, mode)
      for (const [table, mode] of tables) if (yield* this.lockTable(table, mode)) taken.set(table, mode)
      if (plan !== undefined && server.catalogue.version === version) return plan
    }
  }

  /** Returns a plan if all of its locks are available without a wait; otherwise undefined. */
  atOnce<T extends Locking>(compile: () => T): T | undefined {
    const { plan, tables } = this.#compiled(compile)
    return this.#mustWait(tables) ? undefined : plan
  }

  #compiled<T extends Locking>(compile: () => T): Pick<T, 'tables'> & { readonly plan?: T } {
    try {
      const plan = compile()
      return { plan, tables: plan.tables }
    } catch (error) {
      const { looked: tables } = this.#owner.planner
      if (error instanceof SqlError && this.#mustWait(tables)) return { tables }
      throw error
    }
  }

  #mustWait(tables: ReadonlyMap<Table, LockMode>): boolean {
    const { server, backend } = this.#owner
    return [...tables].some(([table, mode]) => server.store.locks.isDenied(backend, table, mode))
  }

  /**
   * Locks a table. Returns false if the session already holds the lock.
   *
   * @param scope The subtransaction at whose end the lock is released.
   */
  *lockTable(target: Lockable, mode: LockMode, scope: Subtransaction = this.#scope): Coroutine<boolean> {
    const { server, backend, transactions } = this.#owner
    const { waiting, locks } = server.store
    if (locks.holds(backend, target, mode)) return false
    yield* waiting.lock(backend, lockTarget(target), mode, scope)
    if (DEFINING.has(mode)) server.catalogue.preserved.objects(partsOf(target), transactions.begin())
    return true
  }

  tryLockTable(target: Lockable, mode: LockMode, scope: Subtransaction = this.#scope): boolean {
    const { server, backend } = this.#owner
    return server.store.waiting.tryLock(backend, lockTarget(target), mode, scope)
  }

  get #scope(): Subtransaction {
    return this.#owner.transactions.begin().current
  }

  #unlock(target: Lockable, mode: LockMode): void {
    const { server, backend, transactions } = this.#owner
    server.store.locks.release(backend, target, mode, transactions.begin().current)
  }

  /**
   * Locks the object that a name resolves to. After a wait, the name may resolve to another object
   * (RangeVarGetRelidExtended).
   */
  *lockNamed<T extends Named>(find: () => T, mode: LockMode, kind?: ObjectKind): Coroutine<T> {
    let found = find()
    while (found !== undefined) {
      const { oid } = found
      const target = kind === undefined ? found : objectLock(kind, oid)
      const isNew = yield* this.lockTable(target, mode)
      found = find()
      if (found?.oid === oid) break
      if (isNew) this.#unlock(target, mode)
    }
    return found
  }

  newRun(transaction: Transaction, snapshot: Snapshot, parameters: readonly SqlValue[]): Run {
    const owner = this.#owner
    const { store, catalogue, facts, options } = owner.server
    return {
      ...owner.facts,
      store,
      catalogue,
      backend: owner.backend,
      transaction,
      snapshot,
      parameters,
      memo: new Map(),
      server: owner.serverView,
      met: owner.server.witness === undefined ? undefined : createMet(),
      view: undefined,
      shuffles: options.shuffles !== false,
      owed: [],
      engineFacts: facts,
      isDeferred: (constraint) => owner.transactions.isDeferred(constraint),
      latestSnapshot: () =>
        transaction.isolation === 'read committed'
          ? store.takeSnapshot(transaction)
          : { commitNumber: snapshot.commitNumber, commandId: transaction.commandId },
      factsOf: (table) => compileFacts(table, owner.planner.newContext()),
      nextValue: (sequence) => {
        owner.transactions.refuseReadOnly('nextval()')
        const value = nextValue(sequence)
        this.noteValue(sequence, value)
        return value
      },
      locked: (compile) => this.locked(compile),
      lockTable: (target, mode) => this.lockTable(target, mode),
      lockNamed: (...given) => this.lockNamed(...given),
      fire: (firing) => owner.routines.fire(firing),
      notice: (severity, code, message) => owner.notice(severity, code, message),
    }
  }

  noteValue(sequence: Sequence, value: bigint): void {
    this.currentValues.set(sequence, value)
    this.lastSequence = sequence
  }

  *payOwed(run: Run): Coroutine {
    for (let at = 0; at < run.owed.length; at++) {
      const check = run.owed[at]
      if (check === undefined) continue
      if (check.deferred) this.#owner.transactions.owed.push(check)
      else {
        yield* check.run(run)
        nextCommand(run.transaction)
      }
    }
  }

  /** Runs deferred checks. */
  *payDeferred(of: (check: OwedCheck) => boolean): Coroutine {
    const { transactions } = this.#owner
    const { open, owed } = transactions
    if (open === undefined) return
    const due = owed.filter(of)
    owed.splice(0, owed.length, ...owed.filter((check) => !of(check)))
    if (due.length === 0) return
    const run = this.newRun(open, transactions.takeSnapshot(open), [])
    for (const check of due) {
      yield* check.run(run)
      nextCommand(open)
    }
    yield* this.payOwed(run)
  }
}

/** The lock modes of commands that change a relation, except CREATE INDEX. Any two of these modes conflict. */
const DEFINING: ReadonlySet<LockMode> = new Set([
  'ShareUpdateExclusiveLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
])

/** Returns the objects that a command may change while it holds a lock on a relation: the relation and its parts. */
function partsOf(target: Lockable): readonly object[] {
  if (typeof target === 'string') return []
  if ('entries' in target) return [target]
  if (!('foreignKeys' in target)) return []
  const { columns, checks, foreignKeys, indexes } = target as Table
  return [target, ...columns, ...checks, ...foreignKeys, ...indexes]
}

function lockTarget(target: Lockable) {
  return typeof target === 'string'
    ? { tag: target, name: target, event: 'object' }
    : { tag: target, name: `relation ${target.oid} of database 5`, event: 'relation' }
}
