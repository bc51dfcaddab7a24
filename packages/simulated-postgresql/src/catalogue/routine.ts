import type { FunctionSignature } from '../functions/catalogue.ts'
import type { Body } from '../plpgsql/tree.ts'
import type { Node } from '../sql/nodes.ts'
import type { RecordColumn, SqlType } from '../types/value.ts'

/** A user-defined function in PL/pgSQL or SQL. */
export interface Routine {
  readonly oid: number
  readonly schema: string
  readonly name: string
  arguments: readonly Argument[]
  returns: Returns
  /** The value of pg_proc.provolatile. A function other than `v` uses the snapshot of the calling statement. */
  volatility: 'v' | 's' | 'i'
  /** Whether a null argument makes the result null. The function is then not called. */
  strict: boolean
  /** The settings that the SET clauses apply during a call. */
  settings: readonly (readonly [name: string, value: string])[]
  /** The body. CREATE OR REPLACE changes the body for existing triggers too. */
  body: Body
  text: string
}

export interface Argument {
  readonly name: string | undefined
  readonly type: SqlType
  readonly default: Node | undefined
  /** INOUT: the argument is also a result. */
  readonly out: boolean
}

export type Returns =
  | { readonly kind: 'trigger' }
  | { readonly kind: 'void' }
  | { readonly kind: 'value'; readonly type: SqlType; readonly name: string | undefined }
  /** Several OUT parameters, returned as one row. */
  | { readonly kind: 'record'; readonly columns: readonly RecordColumn[] }
  | {
      readonly kind: 'set'
      readonly columns: readonly RecordColumn[]
      /** Whether the SETOF result has scalar values instead of rows. */
      readonly scalar: boolean
      /** Whether `columns` are OUT or TABLE parameters. If so, they are variables in the function's body, too. */
      readonly named: boolean
    }

export type TriggerEvent = 'INSERT' | 'UPDATE' | 'DELETE'

export interface Trigger {
  readonly name: string
  readonly timing: 'BEFORE' | 'AFTER'
  readonly level: 'ROW' | 'STATEMENT'
  readonly events: ReadonlySet<TriggerEvent>
  /** The indexes of the columns in UPDATE OF; empty if every update fires the trigger. */
  readonly columns: readonly number[]
  readonly when: Node | undefined
  readonly routine: Routine
  readonly arguments: readonly string[]
}

const [VOID, TRIGGER] = [2278, 2279] as const

const RECORD = 2249

/** Returns a routine as a candidate for the resolution of a call. */
export function signatureOf({ oid, name, arguments: all, returns, volatility, strict }: Routine): FunctionSignature {
  const set = returns.kind === 'set' ? returns : undefined
  const defaults = all.flatMap((each) => each.default ?? [])
  return {
    ...{ name, kind: 'f', volatility, strict, returnsSet: set !== undefined, variadic: false },
    ...{ defaults: defaults.length, defaultValues: defaults, argumentNames: all.map((each) => each.name) },
    source: '',
    routine: oid,
    result: resultOid(returns),
    arguments: all.map(({ type }) => type.domain ?? type.oid),
    columns: resultColumns(returns).map(({ name: column, type }) => ({ name: column, oid: type.domain ?? type.oid })),
  }
}

/** Returns the result columns. An unnamed scalar result has none. */
function resultColumns(returns: Returns): readonly RecordColumn[] {
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
