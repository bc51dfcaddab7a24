import type { Body } from '../plpgsql/tree.ts'
import type { Node } from '../sql/nodes.ts'
import type { SqlType } from '../types/value.ts'

/** A function that a user wrote, in PL/pgSQL. */
export interface Routine {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly arguments: readonly { readonly name: string | undefined; readonly type: SqlType }[]
  readonly returns: Returns
  /** CREATE OR REPLACE changes it, also for the triggers that call it. */
  body: Body
  /** As it was written. */
  text: string
}

export type Returns =
  | { readonly kind: 'trigger' }
  | { readonly kind: 'void' }
  | { readonly kind: 'value'; readonly type: SqlType }

export type TriggerEvent = 'INSERT' | 'UPDATE' | 'DELETE'

export interface Trigger {
  readonly name: string
  readonly timing: 'BEFORE' | 'AFTER'
  readonly level: 'ROW' | 'STATEMENT'
  readonly events: ReadonlySet<TriggerEvent>
  /** UPDATE OF: the places of columns, one of which must be assigned; none: any. */
  readonly columns: readonly number[]
  readonly when: Node | undefined
  readonly routine: Routine
  readonly arguments: readonly string[]
}
