import type { FunctionSignature } from '../functions/catalogue.ts'
import type { Body } from '../plpgsql/tree.ts'
import type { Node } from '../sql/nodes.ts'
import type { SqlType } from '../types/value.ts'

/** A function that a user wrote, in PL/pgSQL or SQL. */
export interface Routine {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly arguments: readonly { readonly name: string | undefined; readonly type: SqlType }[]
  returns: Returns
  /** What pg_proc.provolatile says; another than `v` sees what the statement around it sees. */
  volatility: 'v' | 's' | 'i'
  /** Null for a null argument, without a call. */
  strict: boolean
  /** SET: settings during a call. */
  settings: readonly (readonly [name: string, value: string])[]
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

const [VOID, TRIGGER] = [2278, 2279] as const
const SOURCE = 'routine '

/** A routine as one of the functions that calls choose from. */
export function signatureOf({ oid, name, arguments: all, returns, volatility, strict }: Routine): FunctionSignature {
  return {
    ...{ name, kind: 'f', volatility, strict, returnsSet: false, variadic: false, defaults: 0 },
    source: `${SOURCE}${oid}`,
    result: returns.kind === 'value' ? returns.type.oid : returns.kind === 'void' ? VOID : TRIGGER,
    arguments: all.map(({ type }) => type.oid),
    columns: [],
  }
}
