import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Context } from '../execute/context.ts'
import type { Firing, OwedCheck, Run } from '../execute/model.ts'
import type { Plan } from '../execute/plan.ts'
import type { SessionFacts } from '../expressions/env.ts'
import type { RoutineVariables } from '../plpgsql/variables.ts'
import type { SqlError } from '../sql/error.ts'
import type { Fields, Node } from '../sql/nodes.ts'
import type { Statement } from '../sql/parse.ts'
import type { Snapshot, Subtransaction, Transaction } from '../storage/model.ts'
import type { LockMode } from '../storage/modes.ts'
import type { Sequence } from '../storage/sequence.ts'
import type { Store } from '../storage/store.ts'
import type { Backend } from '../storage/waiting.ts'
import type { TextContext } from '../types/registry.ts'
import type { SqlValue } from '../types/value.ts'
import type { Cursor } from './cursors.ts'
import type { Notifications } from './notifications.ts'
import type { EngineOptions, Execution, Prepared, Wait } from './session.ts'
import type { Settings } from './settings.ts'

/** What the sessions of a server share. */
export interface Server {
  readonly options: EngineOptions
  readonly store: Store
  readonly catalogue: Catalogue
  readonly notifications: Notifications
  readonly connections: Map<number, Peer>
  /** What statements were compiled to, by their text and what else it depends on. */
  readonly plans: Map<string, { readonly version: number; readonly plan: Plan }>
  /** The plans of the statements of routines. */
  readonly routinePlans: WeakMap<Statement, { readonly key: string; readonly version: number; readonly plan: Plan }>
  /** For expressions that belong to the database: index expressions. */
  readonly facts: SessionFacts
  readonly isStandby: boolean
}

/** A session as other sessions know it. */
export interface Peer {
  readonly secret: number
  /** Ends what it waits for. */
  interrupt(error: SqlError): void
  /** Ends it, as pg_terminate_backend does. */
  terminated(): void
  end(): void
}

/** A prepared statement with what it was compiled to; statements without a plan are read when they are executed. */
export interface Compiled extends Prepared {
  readonly plan: Plan | undefined
  /** The catalogue that it was compiled for. */
  readonly version: number
}

/** What calls routines. */
export interface RoutineCalls {
  /** DO. */
  block(fields: Fields<'DoStmt'>): Generator<Wait, string, void>
  /** Calls a function in an expression. */
  value(oid: number, values: readonly SqlValue[], site: object): SqlValue
  /** The rows of a function that returns a set. */
  rows(oid: number, values: readonly SqlValue[], site: object): readonly (readonly SqlValue[])[]
  /** Calls a trigger's function: see {@link Run}. */
  fire(firing: Firing): Generator<Wait, readonly SqlValue[] | undefined, void>
}

/** A session as its statements know it. */
export interface Host {
  readonly server: Server
  readonly pid: number
  readonly settings: Settings
  readonly backend: Backend
  /** The channels it listens to. */
  readonly channels: Set<string>
  readonly prepared: Map<string, Prepared>
  readonly context: TextContext
  readonly facts: SessionFacts
  readonly routines: RoutineCalls
  readonly cursors: Map<string, Cursor>
  readonly currentValues: Map<Sequence, bigint>
  readonly lastSequence: Sequence | undefined
  readonly transaction: Transaction | undefined
  /** Whether BEGIN opened the transaction; one without is committed by `sync`. */
  readonly inBlock: boolean
  failed: boolean
  /** A query was executed in the transaction: its level cannot change any more. */
  readonly queried: boolean
  /** The open savepoints, innermost last. One whose part was aborted by an error can still be rolled back to. */
  readonly savepoints: { readonly name: string; part: Subtransaction }[]
  /** SET CONSTRAINTS, by name; the empty name stands for ALL. */
  readonly deferring: Map<string, boolean>
  compile(statement: Statement, parameterOids: readonly number[]): Compiled
  perform(prepared: Prepared, parameters: readonly SqlValue[]): Execution
  runPlan(
    plan: Plan,
    parameters: readonly SqlValue[],
  ): Generator<Wait, { tag: string; rows: readonly (readonly SqlValue[])[] }, void>
  /** The plan of a statement of a routine; undefined for a command. */
  planInside(statement: Statement, variables: RoutineVariables): Plan | undefined
  /** Runs a plan as a command of its own within the one that is executed: it sees what was written so far, or if it is stable what that one sees. */
  runInside(
    plan: Plan,
    parameters: readonly SqlValue[],
    stable: boolean,
  ): Generator<Wait, { tag: string; rows: readonly (readonly SqlValue[])[] }, void>
  newContext(): Context
  newRun(transaction: Transaction, snapshot: Snapshot, parameters: readonly SqlValue[]): Run
  takeSnapshot(transaction: Transaction): Snapshot
  lockTable(table: object & { readonly oid: number }, mode: LockMode): Generator<Wait, void, void>
  tryLockTable(table: object & { readonly oid: number }, mode: LockMode): boolean
  dropTemporaryTables(): void
  payOwed(run: Run): Generator<Wait, void, void>
  payDeferred(of: (check: OwedCheck) => boolean): Generator<Wait, void, void>
  refuseReadOnly(verb: string): void
  /** @param what follows "cannot". */
  refuseInStandby(what: string, code?: string): void
  begin(block: boolean): Transaction
  commit(): void
  rollback(): void
  /** Aborts the transaction after an error. */
  fail(): void
  notice(severity: 'NOTICE' | 'WARNING' | 'INFO', code: string, message: string): void
  queueNotification(channel: string, payload: string): void
  noteSequence(sequence: Sequence): void
  serialSequence(table: string, column: string): string | undefined
  transactionId(): number
  transactionIdIfAssigned(): bigint | undefined
  showSetting(name: string, missingOk?: boolean): string | undefined
  setSetting(name: string, value: string | undefined, local: boolean): void
  evaluate(node: Node, oid: number): SqlValue
  typeNamed(name: Fields<'TypeName'>): number
  terminate(pid: number): boolean
  cancel(pid: number): boolean
}
