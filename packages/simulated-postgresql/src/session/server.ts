import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Activity } from '../catalogue/relation.ts'
import type { Firing } from '../execute/model.ts'
import type { Plan } from '../execute/plan.ts'
import type { SessionFacts } from '../expressions/env.ts'
import type { SqlError } from '../sql/error.ts'
import type { Fields } from '../sql/nodes.ts'
import type { Statement } from '../sql/parse.ts'
import type { Store } from '../storage/store.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { Rows, SqlValue } from '../types/value.ts'
import type { Witness } from '../witness/witness.ts'
import type { Notifications } from './notifications.ts'
import type { EngineOptions, Prepared } from './session.ts'

/** The state that the sessions of a server share. */
export interface Server {
  readonly options: EngineOptions
  readonly store: Store
  readonly catalogue: Catalogue
  readonly notifications: Notifications
  readonly connections: Map<number, Peer>
  /** The compiled statements. A statement's key contains everything on which its compilation depends. */
  readonly plans: Map<string, { readonly version: number; readonly plan: Plan }>
  readonly routinePlans: WeakMap<Statement, { readonly key: string; readonly version: number; readonly plan: Plan }>
  /** The data for functions in expressions that belong to the database and to no session, such as index expressions. */
  readonly facts: SessionFacts
  readonly isStandby: boolean
  /** Records what transactions read and wrote; undefined without an observer. */
  readonly witness: Witness | undefined
}

/** A session as other sessions see it. */
export interface Peer {
  readonly secret: number
  readonly activity: Activity
  interrupt(error: SqlError): void
  /** Ends the session, as pg_terminate_backend does. */
  terminated(): void
  end(): void
}

/** A prepared statement with its plan, if it has one. */
export interface Compiled extends Prepared {
  readonly plan: Plan | undefined
  readonly version: number
}

export interface RoutineCalls {
  /** DO. */
  block(fields: Fields<'DoStmt'>): Coroutine<string>
  value(oid: number, values: readonly SqlValue[], site: object): SqlValue
  rows(oid: number, values: readonly SqlValue[], site: object): Rows
  fire(firing: Firing): Coroutine<readonly SqlValue[] | undefined>
}
