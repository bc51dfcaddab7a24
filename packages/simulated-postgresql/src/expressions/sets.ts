import type { CallTypes } from '../functions/builtin.ts'
import { calculatedSet, functionQuery, isCalculable } from '../functions/calculator.ts'
import type { FunctionSignature } from '../functions/catalogue.ts'
import type { SetFunction } from '../functions/set-function.ts'
import { setFunction } from '../functions/sets.ts'
import { errorAt, NotSupported } from '../sql/error.ts'
import { type Fields, refuseRest } from '../sql/nodes.ts'
import { REMEDY } from '../types/calculator.ts'
import { OID } from '../types/oids.ts'
import { type RecordColumn, SqlRecord, type SqlValue } from '../types/value.ts'
import { applied, functionName, type ResolvedCall, resolveCall } from './calls.ts'
import { typeNamed } from './coerce.ts'
import { compilerOf } from './compile.ts'
import type { Env, Scope } from './env.ts'

export interface SetCall {
  readonly columns: readonly RecordColumn[]
  /** Whether each row has a single column, whose type is the function's result type. */
  readonly scalar: boolean
  readonly isNamed: boolean
  rows(env: Env): Iterable<readonly SqlValue[]>
}

/**
 * Compiles a call that returns rows: any call in FROM, or a call of a set-returning function. A plain function returns
 * one row.
 * @param defined the column definition list of `AS (id int, …)`.
 */
export function compileSet(call: Fields<'FuncCall'>, scope: Scope, defined?: readonly RecordColumn[]): SetCall {
  const name = functionName(call, scope)
  if (name === 'unnest' && (call.args ?? []).length > 1) return unnestTogether(call, scope)
  refuseRest('FuncCall', call, ['funcname', 'args', 'func_variadic', 'funcformat'])
  const resolved = resolveCall(call, compilerOf(scope))
  if (resolved === undefined) throw new NotSupported(`${name} in FROM`)
  const { signature, arguments: all, types } = resolved
  if (signature.kind !== 'f') throw new NotSupported(`${name} in FROM`)
  const own = signature.routine === undefined ? setFunction(signature.source) : routineSet(signature, signature.routine)
  const isRow = types.result.oid === OID.record
  const composite = scope.context.types.typeOf(types.result.oid).columns
  const canBe = signature.returnsSet && isCalculable(signature, types)
  const { calculator } = scope.context
  const implementation =
    own ?? (canBe && calculator !== undefined ? calculatedSet(calculator, functionQuery(signature)) : undefined)
  const isPlain = !signature.returnsSet && !isRow
  if (!isPlain && implementation === undefined) throw new NotSupported(`the function ${name}${canBe ? REMEDY : ''}`)
  const resultColumns = definedColumns(resolved, defined, call.location)
  if (isPlain || implementation === undefined) {
    const compiled = applied(resolved, name, scope)
    const column = signature.columns[0]?.name ?? signature.name
    const isNamed = signature.columns.length > 0
    return {
      columns: [{ name: column, type: types.result }],
      isNamed,
      scalar: true,
      rows: (env) => [[compiled.evaluate(env)]],
    }
  }
  const columns =
    resultColumns ??
    (isRow
      ? signature.columns.map((column) => ({ name: column.name, type: typeNamed(scope, column.oid) }))
      : [{ name: signature.columns[0]?.name ?? signature.name, type: types.result }])
  const callTypes = { ...types, columns }
  if (composite !== undefined && signature.returnsSet)
    return ofRows(composite, all, signature.strict, implementation, callTypes)
  return {
    columns,
    scalar: !isRow,
    isNamed: signature.columns.length > 0,
    rows: (env) => {
      const values = all.map((argument) => argument.evaluate(env))
      if (signature.strict && values.includes(null)) return signature.returnsSet ? [] : [columns.map(() => null)]
      return implementation(values, env, callTypes)
    },
  }
}

function ofRows(
  columns: readonly RecordColumn[],
  all: ResolvedCall['arguments'],
  isStrict: boolean,
  implementation: SetFunction,
  call: CallTypes,
): SetCall {
  return {
    ...{ columns, scalar: false, isNamed: true },
    *rows(env) {
      const values = all.map((argument) => argument.evaluate(env))
      if (isStrict && values.includes(null)) return
      for (const row of implementation(values, env, call))
        yield row.length === columns.length ? row : columns.map(() => null)
    },
  }
}

/** Returns a function that calls a user-defined function and returns its rows. */
function routineSet(signature: FunctionSignature, routine: number): SetFunction | undefined {
  const site = {}
  if (!signature.returnsSet)
    return signature.result === OID.record
      ? (values, env) => [routineRow(signature, routine, values, env, site)]
      : undefined
  return (values, { session }) => {
    if (session.routineRows === undefined)
      throw new NotSupported(`a call of the function ${signature.name} at this place`)
    return session.routineRows(routine, values, site)
  }
}

function routineRow(
  { name, columns }: FunctionSignature,
  routine: number,
  values: readonly SqlValue[],
  { session }: Env,
  site: object,
): readonly SqlValue[] {
  if (session.callRoutine === undefined) throw new NotSupported(`a call of the function ${name} at this place`)
  const row = session.callRoutine(routine, values, site)
  return row instanceof SqlRecord ? row.values : columns.map(() => null)
}

/** Returns the columns of a function whose rows are defined by the call. */
function definedColumns(
  { signature, arguments: all, types }: ResolvedCall,
  defined: readonly RecordColumn[] | undefined,
  location: number | undefined,
): readonly RecordColumn[] | undefined {
  const open = types.result.oid === OID.record && signature.columns.length === 0
  const known = open ? all[0]?.columns : undefined
  if (defined !== undefined && (!open || known !== undefined))
    throw errorAt(
      location,
      '42601',
      signature.columns.length > 1
        ? 'a column definition list is redundant for a function with OUT parameters'
        : open
          ? 'a column definition list is redundant for a function returning a named composite type'
          : 'a column definition list is only allowed for functions returning "record"',
    )
  if (open && known === undefined && defined === undefined)
    throw errorAt(location, '42601', 'a column definition list is required for functions returning "record"')
  return defined ?? known
}

/** Compiles `unnest` of several arrays. Shorter ones are padded with NULL. */
function unnestTogether(call: Fields<'FuncCall'>, scope: Scope): SetCall {
  const parts = (call.args ?? []).map((argument) => compileSet({ ...call, args: [argument] }, scope))
  return {
    columns: parts.flatMap((part) => part.columns),
    scalar: false,
    isNamed: true,
    rows: (env) => {
      const lists = parts.map((part) => Array.from(part.rows(env)))
      const length = Math.max(...lists.map((list) => list.length))
      return Array.from({ length }, (_, row) => lists.map((list) => list[row]?.[0] ?? null))
    },
  }
}
