import { NotSupported, SqlError } from '../sql/error.ts'
import { FIRST_OF_USERS } from '../sql/undefined.ts'
import { type Calculator, NotComputed } from '../types/calculator.ts'
import { OID } from '../types/oids.ts'
import { type Rows, SqlArray, type SqlValue } from '../types/value.ts'
import type { Accumulator } from './accumulator.ts'
import type { Builtin, CallTypes } from './builtin.ts'
import type { FunctionSignature } from './catalogue.ts'
import type { Env } from './session-facts.ts'
import type { SetFunction } from './set-function.ts'

/** Row types, and types whose text form is the name of an object, depend on the database. */
const OF_THE_DATABASE: ReadonlySet<number> = new Set([
  ...[24, 2202, 2203, 2204, 2205, 2206, 4089, 4096, 4191, 3734, 3769, OID.record, 2287],
])

/** Whether a calculator knows a type: it knows no user-defined ones. */
const isKnown = (oid: number): boolean => oid < FIRST_OF_USERS && !OF_THE_DATABASE.has(oid)

/** Matches functions that depend on settings, of which only the time zone can vary here. */
const BY_SETTINGS =
  /timestamptz|^(?:date_timestamptz|text_(?:concat|format)|to_(?:date|timestamp|jsonb?)|quote_|array_to_|json|pg_convert)|_(?:to_char|to_number|at_local)$/

/** Whether a call depends only on its arguments and the time zone. */
export const isCalculable = (
  { volatility, source }: Pick<FunctionSignature, 'volatility' | 'source'>,
  call: CallTypes,
): boolean =>
  (volatility === 'i' || (volatility === 's' && BY_SETTINGS.test(source))) &&
  call.arguments.every(({ oid }) => isKnown(oid))

/**
 * Returns the SQL text of a query that computes a function or an operator. `places` are the SQL texts of the arguments.
 */
export type Query = (places: readonly string[]) => string

export const functionQuery =
  ({ name, variadic, returnsSet, arguments: oids }: FunctionSignature): Query =>
  (places) => {
    const isPacked = variadic && oids.at(-1) !== OID.any
    const all = isPacked ? places.with(-1, `variadic ${places.at(-1)}`) : places
    return `select ${returnsSet ? '* from ' : ''}pg_catalog."${name}"(${all.join(', ')})`
  }

export const operatorQuery =
  (name: string): Query =>
  (places) =>
    ['select', ...places.slice(0, -1), `operator(pg_catalog.${name})`, ...places.slice(-1)].join(' ')

/** Returns this package's implementation. If it throws NotComputed, the calculator computes the result. */
export function computed(
  own: Builtin | undefined,
  calculator: Calculator | undefined,
  query: Query,
): Builtin | undefined {
  if (calculator === undefined) return own
  const calculated: Builtin = (values, env, call) =>
    answered(calculator, query, values, env, call, [call.result.oid])[0]?.[0] ?? null
  if (own === undefined) return calculated
  return (values, env, call) => {
    try {
      return own(values, env, call)
    } catch (error) {
      if (error instanceof NotComputed) return calculated(values, env, call)
      throw error
    }
  }
}

export const calculatedSet =
  (calculator: Calculator, query: Query): SetFunction =>
  (values, env, call) =>
    answered(calculator, query, values, env, call, call.columns?.map(({ type }) => type.oid) ?? [])

/** Returns the rows of a call. @throws SqlError as PostgreSQL does */
function answered(
  calculator: Calculator,
  query: Query,
  values: readonly SqlValue[],
  { session }: Env,
  call: CallTypes,
  results: readonly number[],
): Rows {
  const { types } = session
  const oids = call.arguments.map(({ oid }) => (oid === OID.unknown ? OID.text : oid))
  const sql = query(oids.map((_, at) => `$${at + 1}`))
  const strange = [...oids, ...results].find((oid) => !isKnown(oid))
  if (strange !== undefined)
    throw new NotSupported(`${sql.slice('select '.length)} of the type ${types.typeOf(strange).name}`)
  const texts = values.map((value, at) => (value === null ? null : types.typeOf(oids[at] ?? 0).output(value, session)))
  const answer = calculator.rows(sql, oids, texts, session.setting('TimeZone') ?? 'UTC')
  if ('code' in answer) throw new SqlError(answer.code, answer.message)
  return answer.rows.map((row) =>
    row.map((text, at) => (text === null ? null : types.typeOf(results[at] ?? 0).input(text, session, -1))),
  )
}

export function calculatedAggregate(calculator: Calculator, name: string, call: CallTypes, env: Env): Accumulator {
  const { types } = env.session
  const arrays = call.arguments.map(({ oid, name: type }) => {
    const { arrayOid } = types.typeOf(oid)
    if (arrayOid === 0) throw new NotSupported(`the aggregate ${name} of the type ${type}`)
    return types.typeOf(arrayOid)
  })
  const columns: SqlValue[][] = arrays.map(() => [])
  const names = columns.map((_, at) => `c${at}`).join(', ')
  const query: Query = (places) => `select pg_catalog."${name}"(${names}) from unnest(${places.join(', ')}) t(${names})`
  return {
    add: (values) => {
      for (const [at, column] of columns.entries()) column.push(values[at] ?? null)
    },
    result: (now) => {
      const values = columns.map((column, at) => new SqlArray(call.arguments[at]?.oid ?? 0, column))
      const types = { arguments: arrays.map(({ oid, name }) => ({ oid, name, typmod: -1 })), result: call.result }
      return answered(calculator, query, values, now, types, [call.result.oid])[0]?.[0] ?? null
    },
  }
}
