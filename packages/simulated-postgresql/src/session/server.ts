import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Activity } from '../catalogue/relation.ts'
import type { Firing } from '../execute/model.ts'
import type { Plan } from '../execute/plan.ts'
import type { SessionFacts } from '../expressions/env.ts'
import type { SqlError } from '../sql/error.ts'
import type { Fields } from '../sql/nodes.ts'
import type { Statement } from '../sql/parse.ts'
import type { Store } from '../storage/store.ts'
import type { SqlValue } from '../types/value.ts'
import type { Witness } from '../witness/witness.ts'
import type { Notifications } from './notifications.ts'
import type { EngineOptions, Prepared, Wait } from './session.ts'

/** What the sessions of a server share. */
export interface Server {
  readonly options: EngineOptions
  readonly store: Store
  readonly catalogue: Catalogue
  readonly notifications: Notifications
  readonly connections: Map<number, Peer>
  /** What statements were compiled to, by their text and what else it depends on. */
  readonly plans: Map<string, { readonly version: number; readonly plan: Plan }>
  readonly routinePlans: WeakMap<Statement, { readonly key: string; readonly version: number; readonly plan: Plan }>
  /** For expressions that belong to the database: index expressions. */
  readonly facts: SessionFacts
  readonly isStandby: boolean
  /** Present if somebody asks what transactions read and wrote. */
  readonly witness: Witness | undefined
}

/** A session, as others meet it. */
export interface Peer {
  readonly secret: number
  readonly activity: Activity
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
