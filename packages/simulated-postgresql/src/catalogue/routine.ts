import type { FunctionSignature } from '../functions/catalogue.ts'
import type { Body } from '../plpgsql/tree.ts'
import type { Node } from '../sql/nodes.ts'
import type { RecordColumn, SqlType } from '../types/value.ts'

/** A function that a user wrote, in PL/pgSQL or SQL. */
export interface Routine {
  readonly oid: number
  readonly schema: string
  readonly name: string
  arguments: readonly Argument[]
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

export interface Argument {
  readonly name: string | undefined
  readonly type: SqlType
  /** What it is where a call leaves it out. */
  readonly default: Node | undefined
  /** INOUT: it is one of the results too. */
  readonly out: boolean
}

export type Returns =
  | { readonly kind: 'trigger' }
  | { readonly kind: 'void' }
  /** `name` is that of an OUT parameter. */
  | { readonly kind: 'value'; readonly type: SqlType; readonly name: string | undefined }
  /** Several OUT parameters: one row. */
  | { readonly kind: 'record'; readonly columns: readonly RecordColumn[] }
  | {
      readonly kind: 'set'
      readonly columns: readonly RecordColumn[]
      /** SETOF of a type that is no row: values, not rows. */
      readonly scalar: boolean
      /** Whether the columns are variables too: OUT parameters, RETURNS TABLE. */
      readonly named: boolean
    }

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

const RECORD = 2249

/** A routine as one of the functions that calls choose from. */
export function signatureOf({ oid, name, arguments: all, returns, volatility, strict }: Routine): FunctionSignature {
  const set = returns.kind === 'set' ? returns : undefined
  const defaults = all.flatMap((each) => each.default ?? [])
  return {
    ...{ name, kind: 'f', volatility, strict, returnsSet: set !== undefined, variadic: false },
    ...{ defaults: defaults.length, defaultValues: defaults, argumentNames: all.map((each) => each.name) },
    source: `${SOURCE}${oid}`,
    result: resultOid(returns),
    arguments: all.map(({ type }) => type.domain ?? type.oid),
    columns: shownColumns(returns).map(({ name: column, type }) => ({ name: column, oid: type.domain ?? type.oid })),
  }
}

/** The columns that have names of their own, rather than the function's. */
function shownColumns(returns: Returns): readonly RecordColumn[] {
  if (returns.kind === 'record') return returns.columns
  if (returns.kind === 'set') return returns.scalar && !returns.named ? [] : returns.columns
  return returns.kind === 'value' && returns.name !== undefined ? [{ name: returns.name, type: returns.type }] : []
}

function resultOid(returns: Returns): number {
  switch (returns.kind) {
    case 'trigger':
      return TRIGGER
    case 'void':
      return VOID
    case 'value':
      return returns.type.oid
    case 'record':
      return RECORD
    case 'set':
      return returns.scalar ? (returns.columns[0]?.type.oid ?? RECORD) : RECORD
  }
}
