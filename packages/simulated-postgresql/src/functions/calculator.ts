import { NotSupported, SqlError } from '../sql/error.ts'
import type { Calculator } from '../types/calculator.ts'
import type { Builtin } from './builtin.ts'
import type { FunctionSignature } from './catalogue.ts'

/** The number of the first object of a user: a calculator knows none of them. */
const FIRST_OF_USERS = 16_384

/** Whether a function depends on its arguments alone, and returns one value. */
export const isCalculable = ({ volatility, returnsSet, kind, source, arguments: oids }: FunctionSignature): boolean =>
  kind === 'f' &&
  volatility === 'i' &&
  !returnsSet &&
  !source.startsWith('routine ') &&
  oids.every((oid) => oid < FIRST_OF_USERS)

/** Computes a function by a calculator. @throws SqlError as PostgreSQL does */
export const calculatedBy =
  (calculator: Calculator, { name }: FunctionSignature): Builtin =>
  (values, { session }, call) => {
    const { types } = session
    const oids = call.arguments.map(({ oid }) => oid)
    if ([...oids, call.result.oid].some((oid) => oid >= FIRST_OF_USERS))
      throw new NotSupported(`the function ${name} of a type of one's own`)
    const texts = values.map((value, at) =>
      value === null ? null : types.typeOf(oids[at] ?? 0).output(value, session),
    )
    const places = texts.map((_, at) => `$${at + 1}`).join(', ')
    const answer = calculator.value(`select pg_catalog."${name}"(${places})`, oids, texts)
    if ('code' in answer) throw new SqlError(answer.code, answer.message)
    return answer.text === null ? null : types.typeOf(call.result.oid).input(answer.text, session, -1)
  }
