import type { OwedCheck, Run } from '../execute/model.ts'
import type { Plan } from '../execute/plan.ts'
import { compileFacts } from '../execute/table-facts.ts'
import { createMet } from '../execute/view.ts'
import type { SessionFacts } from '../expressions/env.ts'
import { SqlError } from '../sql/error.ts'
import type { Snapshot, Transaction } from '../storage/model.ts'
import type { LockMode } from '../storage/modes.ts'
import { nextValue, type Sequence } from '../storage/sequence.ts'
import { nextCommand } from '../storage/transaction.ts'
import type { Backend } from '../storage/waiting.ts'
import type { SqlValue } from '../types/value.ts'
import type { Planner } from './planner.ts'
import type { RoutineCalls, Server } from './server.ts'
import type { Wait } from './session.ts'
import type { Transactions } from './transactions.ts'

/** What a plan came to. */
export interface Ran {
  readonly tag: string
  readonly rows: readonly (readonly SqlValue[])[]
}

export interface RunnerOwner {
  readonly server: Server
  readonly backend: Backend
  readonly transactions: Transactions
  readonly planner: Planner
  readonly routines: RoutineCalls
  readonly facts: SessionFacts
  notice(severity: 'NOTICE' | 'WARNING', code: string, message: string): void
}

/** Runs the plans of a session: with their locks and snapshots, and the checks that they owe. */
export class Runner {
  readonly #owner: RunnerOwner
  /** The last value that the session took from each sequence. */
  readonly currentValues: Map<Sequence, bigint> = new Map()
  lastSequence: Sequence | undefined
  /** Of the statement that runs, also while it calls routines. */
  #sql = ''

  constructor(owner: RunnerOwner) {
    this.#owner = owner
  }

  /** @param sql what a watch shows for it. */
  *run(plan: Plan, parameters: readonly SqlValue[], sql = ''): Generator<Wait, Ran, void> {
    const { transactions, server } = this.#owner
    const transaction = transactions.begin(false)
    if (plan.writes !== undefined && !plan.isIdle) transactions.refuseReadOnly(plan.writes)
    // Above read committed the snapshot is older than the locks.
    if (transaction.isolation !== 'read committed') transactions.takeSnapshot(transaction)
    for (const [table, mode] of plan.tables) yield* this.lockTable(table, mode)
    const snapshot = transactions.takeSnapshot(transaction)
    const began = server.witness?.now()
    this.#sql = sql
    try {
      const run = this.newRun(transaction, snapshot, parameters)
      const result = yield* plan.execute(run)
      server.witness?.executed(plan, run, { sql, began, result })
      nextCommand(transaction)
      yield* this.payOwed(run)
      return result
    } finally {
      if (transaction.isolation === 'read committed') transaction.snapshot = undefined
    }
  }

  /** Runs a plan as a command of its own within the one that is executed: it sees what was written so far, or if it is stable what that one sees. */
  *runInside(plan: Plan, parameters: readonly SqlValue[], stable: boolean): Generator<Wait, Ran, void> {
    const { transactions, server } = this.#owner
    const transaction = transactions.begin(false)
    const { commandId } = transaction
    const began = server.witness?.now()
    if (stable && plan.writes !== undefined)
      throw new SqlError('0A000', `${plan.writes} is not allowed in a non-volatile function`)
    const around = transaction.snapshot
    if (plan.writes !== undefined && !plan.isIdle) transactions.refuseReadOnly(plan.writes)
    for (const [table, mode] of plan.tables) yield* this.lockTable(table, mode)
    if (!stable) nextCommand(transaction)
    const snapshot = stable && around !== undefined ? around : transactions.takeSnapshot(transaction)
    // The older one goes on: what it shows must stay.
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

  *lockTable(table: object & { readonly oid: number }, mode: LockMode): Generator<Wait, void, void> {
    const { server, backend, transactions } = this.#owner
    const { waiting, locks } = server.store
    if (locks.holds(backend, table, mode)) return
    yield* waiting.lock(backend, lockTarget(table), mode, transactions.begin(false).current)
  }

  tryLockTable(table: object & { readonly oid: number }, mode: LockMode): boolean {
    const { server, backend, transactions } = this.#owner
    return server.store.waiting.tryLock(backend, lockTarget(table), mode, transactions.begin(false).current)
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
      lockTable: (table, mode) => this.lockTable(table, mode),
      fire: (firing) => owner.routines.fire(firing),
      notice: (severity, code, message) => owner.notice(severity, code, message),
    }
  }

  noteValue(sequence: Sequence, value: bigint): void {
    this.currentValues.set(sequence, value)
    this.lastSequence = sequence
  }

  /** Checks what a statement owes; what is deferred is kept for the end of the transaction. */
  *payOwed(run: Run): Generator<Wait, void, void> {
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

  /** The deferred checks, at the end of the transaction or at SET CONSTRAINTS IMMEDIATE. */
  *payDeferred(of: (check: OwedCheck) => boolean): Generator<Wait, void, void> {
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

function lockTarget(table: object & { readonly oid: number }) {
  return { tag: table, name: `relation ${table.oid} of database 5`, event: 'relation' }
}
