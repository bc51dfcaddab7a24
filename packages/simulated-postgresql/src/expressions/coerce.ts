import { builtin } from '../functions/builtins.ts'
import type { CastContext } from '../functions/catalogue.ts'
import { errorAt, NotSupported, SqlError } from '../sql/error.ts'
import { mapElements } from '../types/array.ts'
import { fitBit, fitVarbit } from '../types/bits.ts'
import { roundMicros } from '../types/datetime.ts'
import { asArray, asInterval, asNumber, asNumeric, asString } from '../types/definitions.ts'
import { formatType } from '../types/format-type.ts'
import { fitInterval } from '../types/interval.ts'
import { fitNumeric } from '../types/numeric.ts'
import { OID } from '../types/oids.ts'
import type { Types } from '../types/registry.ts'
import { fitBpchar, fitVarchar } from '../types/text.ts'
import { typeNumbered } from '../types/types.ts'
import { type RecordColumn, SqlRecord, type SqlType, type SqlValue } from '../types/value.ts'
import type { Compiled, Env, Known, Scope, SessionFacts } from './env.ts'
import { constant, derived } from './fold.ts'
import { commonTypeOf, elementType, type Pathway, pathway } from './resolve.ts'

type Convert = (value: SqlValue, env: Env) => SqlValue

export function typeNamed(scope: Scope, oid: number, typmod = -1): SqlType {
  return typeNumbered(scope.context.types, oid, typmod)
}

/** Converts to a type. Throws 42846 if there is no such cast. */
export function coerce(
  compiled: Compiled,
  target: SqlType,
  context: CastContext,
  scope: Scope,
  location?: number,
): Compiled {
  if (target.domain !== undefined) return coerceToDomain(compiled, target, target.domain, context, scope, location)
  if (compiled.type.oid === OID.unknown) {
    if (target.oid === OID.unknown || target.oid === OID.any) return compiled
    const decided = decideUnknown(compiled, target, scope, location)
    if (decided !== undefined) return fitted(decided, target, context === 'e', scope)
  }
  const source = compiled.type
  if (source.oid === target.oid || target.oid === OID.any) return fitted(compiled, target, context === 'e', scope)
  const { types } = scope.context
  const { columns } = types.typeOf(target.oid)
  if (columns !== undefined && source.oid === OID.record) return coerceRow(compiled, target, columns, context, scope)
  const path = pathway(types, source.oid, target.oid, context)
  if (path === undefined) {
    if (types.typeOf(source.oid).columns !== undefined) throw new NotSupported('a cast from a composite type')
    if (target.oid === OID.record && compiled.columns !== undefined) return compiled
    throw errorAt(
      location,
      '42846',
      `cannot cast type ${formatType(types, source.oid)} to ${formatType(types, target.oid)}`,
    )
  }
  const convert = converter(scope, path, source.oid, target.oid, context, target.typmod)
  const type: SqlType = { ...target, typmod: -1 }
  if (convert === undefined) return fitted({ ...compiled, type }, target, context === 'e', scope)
  const evaluate = (env: Env): SqlValue => {
    const value = compiled.evaluate(env)
    return value === null ? null : convert(value, env)
  }
  const pure = isPure(path, source.oid, target.oid)
  return fitted(derived(type, [compiled], { strict: true, pure }, evaluate), target, context === 'e', scope)
}

function coerceRow(
  row: Compiled,
  target: SqlType,
  columns: readonly RecordColumn[],
  context: CastContext,
  scope: Scope,
): Compiled {
  const given =
    row.fields ??
    row.columns?.map(({ type }, i): Compiled => ({ type, evaluate: (env) => fieldOf(row.evaluate(env), i) }))
  if (given === undefined) throw new NotSupported('a cast from a row of unknown type')
  if (given.length !== columns.length)
    throw new SqlError('42846', `cannot cast type record to ${formatType(scope.context.types, target.oid)}`, {
      detail: `Input has too ${given.length < columns.length ? 'few' : 'many'} columns.`,
    })
  const fields = columns.map(({ type }, i) => coerce(given[i] ?? row, type, context, scope))
  return {
    type: target,
    evaluate: (env) => {
      if (row.fields === undefined && row.evaluate(env) === null) return null
      return new SqlRecord(
        columns,
        fields.map((field) => field.evaluate(env)),
      )
    },
  }
}

const fieldOf = (row: SqlValue, at: number): SqlValue => (row instanceof SqlRecord ? (row.values[at] ?? null) : null)

/** Converts a value to a domain's base type and checks it, even null. */
function coerceToDomain(
  compiled: Compiled,
  target: SqlType,
  oid: number,
  context: CastContext,
  scope: Scope,
  location: number | undefined,
): Compiled {
  if (compiled.type.domain === oid) return compiled
  if (compiled.parameter !== undefined) scope.parameter(compiled.parameter, target)
  const { domain: _, ...base } = target
  const inner = coerce(compiled, base, context, scope, location)
  const { domain } = scope.context.types.typeOf(oid)
  return derived(target, [inner], { strict: false, pure: false }, (env) => {
    const value = inner.evaluate(env)
    domain?.check(value, env.session)
    return value
  })
}

/** The types whose text form depends on no setting. */
const PURE_TEXTS = new Set<number>([
  OID.bool,
  OID.int2,
  OID.int4,
  OID.int8,
  OID.oid,
  OID.float4,
  OID.float8,
  OID.numeric,
  OID.text,
  OID.varchar,
  OID.bpchar,
  OID.name,
  OID.uuid,
  OID.bytea,
  OID.jsonb,
  OID.json,
])

/** Whether a cast is independent of settings. Most casts between texts and datetime types depend on them. */
function isPure(path: Pathway, source: number, target: number): boolean {
  // Settings affect the parsing of times and intervals, but not their text form.
  const written = PURE_TEXTS.has(source) || source === OID.time || source === OID.interval
  if (path.kind === 'text') return written && PURE_TEXTS.has(target)
  if (path.kind !== 'cast') return path.kind === 'same'
  if (path.cast.method === 'i') return PURE_TEXTS.has(source) && PURE_TEXTS.has(target)
  return path.cast.method === 'b' || !/timestamptz|regclass/.test(path.cast.function)
}

/** Parses a literal as a value of the type, or decides the type of a parameter. */
function decideUnknown(compiled: Compiled, target: SqlType, scope: Scope, location?: number): Compiled | undefined {
  if (compiled.parameter !== undefined) {
    const type = scope.parameter(compiled.parameter, { ...target, typmod: -1 })
    const index = compiled.parameter - 1
    return { type, evaluate: (env) => env.parameters[index] ?? null }
  }
  if (compiled.literal === undefined) return undefined
  if (compiled.literal === null) return constant({ ...target, typmod: -1 }, null)
  const definition = scope.context.types.typeOf(target.oid)
  try {
    // The type modifier of an interval affects the parsing of its text.
    const typmod = target.oid === OID.interval ? target.typmod : -1
    return constant({ ...target, typmod }, definition.input(compiled.literal, scope.context, typmod))
  } catch (error) {
    if (error instanceof SqlError && error.fields.position === undefined) {
      throw errorAt(compiled.location ?? location, error.code, error.message, error.fields)
    }
    throw error
  }
}

function converter(
  scope: Scope,
  path: Pathway,
  source: number,
  target: number,
  context: CastContext,
  typmod = -1,
): Convert | undefined {
  const { types } = scope.context
  switch (path.kind) {
    case 'same':
      return undefined
    case 'cast': {
      if (path.cast.method === 'b') {
        // The same 32 bits: an integer has a sign, and an oid has none.
        if (source === OID.int4) return (value) => asNumber(value) >>> 0
        return target === OID.int4 ? (value) => asNumber(value) | 0 : undefined
      }
      if (path.cast.method === 'i') return throughText(scope, source, target)
      const implementation = builtin(path.cast.function)
      if (implementation === undefined) {
        throw new NotSupported(`a cast from ${formatType(types, source)} to ${formatType(types, target)}`)
      }
      const call = { arguments: [typeNamed(scope, source)], result: typeNamed(scope, target) }
      return (value, env) => implementation([value, typmod], env, call)
    }
    case 'text':
      return throughText(scope, source, target)
    case 'elements': {
      const inner = pathway(types, path.source, path.target, context)
      const convert = inner === undefined ? undefined : converter(scope, inner, path.source, path.target, context)
      return (value, env) =>
        mapElements(asArray(value), (element) => (convert === undefined ? element : convert(element, env)), path.target)
    }
  }
}

function throughText(scope: Scope, source: number, target: number): Convert {
  const from = scope.context.types.typeOf(source)
  const to = scope.context.types.typeOf(target)
  return (value, env) => to.input(from.output(value, env.session), env.session, -1)
}

/** Applies the type modifier, such as a length. */
function fitted(compiled: Compiled, target: SqlType, explicit: boolean, { context }: Scope): Compiled {
  if (target.typmod < 0 || compiled.type.typmod === target.typmod) return compiled
  const fit = fitterOf(target, explicit, context.types)
  if (fit === undefined) return { ...compiled, type: target }
  const evaluate = (env: Env): SqlValue => {
    const value = compiled.evaluate(env)
    return value === null ? null : fit(value)
  }
  return derived(target, [compiled], { strict: true, pure: true }, evaluate)
}

function fitterOf(type: SqlType, explicit: boolean, types: Types): ((value: SqlValue) => SqlValue) | undefined {
  const { typmod } = type
  switch (type.oid) {
    case OID.varchar:
      return (value) => fitVarchar(asString(value), typmod, explicit)
    case OID.bpchar:
      return (value) => fitBpchar(asString(value), typmod, explicit)
    case OID.bit:
      return (value) => fitBit(asString(value), typmod, explicit)
    case OID.varbit:
      return (value) => fitVarbit(asString(value), typmod, explicit)
    case OID.numeric:
      return (value) => fitNumeric(asNumeric(value), typmod)
    case OID.interval:
      return (value) => fitInterval(asInterval(value), typmod)
    case OID.timestamp:
    case OID.timestamptz:
    case OID.time:
      return (value) => (typeof value === 'bigint' ? roundMicros(value, typmod) : value)
  }
  if (!type.name.startsWith('_')) return undefined
  const element = { oid: types.typeOf(type.oid).elementOid, name: type.name.slice(1), typmod }
  const fit = fitterOf(element, explicit, types)
  return fit && ((value) => mapElements(asArray(value), fit))
}

/** Converts a value for a column of INSERT, UPDATE or COPY. Throws 42804. */
export function coerceAssignment(
  compiled: Compiled,
  target: SqlType,
  column: string,
  scope: Scope,
  location?: number,
): Compiled {
  const { types } = scope.context
  const source = compiled.type.oid
  const isRow = source === OID.record && types.typeOf(target.oid).columns !== undefined
  const isKnown = source !== OID.unknown && source !== target.oid && !isRow
  if (isKnown && pathway(types, source, target.oid, 'a') === undefined) {
    throw errorAt(
      location,
      '42804',
      `column "${column}" is of type ${formatType(types, target.domain ?? target.oid)} but expression is of type ${formatType(types, source)}`,
      { hint: 'You will need to rewrite or cast the expression.' },
    )
  }
  return computed(coerce(compiled, target, 'a', scope, location), scope)
}

/** Computes the constant parts of an expression in advance. */
export function computed(compiled: Compiled, scope: Scope): Compiled {
  if (scope.context.isDiscarded !== true) knownValue(compiled, scope)
  return compiled
}

export function knownValue(compiled: Compiled, scope: Scope): Known | undefined {
  return compiled.fold?.({ row: [], parameters: [], session: scope.context as SessionFacts })
}

/**
 * Converts the condition of a clause to boolean. If the condition has another type, throws the error 42804, which names
 * the clause `what`.
 */
export function coerceBoolean(compiled: Compiled, what: string, scope: Scope, location?: number): Compiled {
  const { types } = scope.context
  const source = compiled.type.oid
  if (source !== OID.unknown && source !== OID.bool) {
    throw errorAt(location, '42804', `argument of ${what} must be type boolean, not type ${formatType(types, source)}`)
  }
  return coerce(compiled, typeNamed(scope, OID.bool), 'i', scope, location)
}

/** Makes a literal of unknown type a text. */
export function decideText(compiled: Compiled, scope: Scope): Compiled {
  return compiled.type.oid === OID.unknown ? coerce(compiled, typeNamed(scope, OID.text), 'i', scope) : compiled
}

/** Returns the common type of all expressions in the clause `what`. */
export function commonType(all: readonly Compiled[], what: string, scope: Scope, location?: number): SqlType {
  const { types } = scope.context
  const oids = all.map((each) => each.type.oid)
  const oid = commonTypeOf(types, oids)
  if (oid === undefined) throw noCommonType(types, oids, what, location)
  const only = all[0]?.type
  if (only?.domain !== undefined && all.every(({ type }) => type.domain === only.domain)) return only
  const first = only?.typmod ?? -1
  const same = all.every((each) => each.type.oid === oid && each.type.typmod === first)
  return typeNamed(scope, oid, same ? first : -1)
}

function noCommonType(
  types: Scope['context']['types'],
  oids: readonly number[],
  what: string,
  location?: number,
): SqlError {
  const known = oids.filter((oid) => oid !== OID.unknown)
  let chosen = known[0] ?? OID.text
  for (const oid of known) {
    const pair = commonTypeOf(types, [chosen, oid])
    if (pair === undefined) {
      const other = types.typeOf(chosen).category === types.typeOf(oid).category
      const [a, b] = [formatType(types, chosen), formatType(types, oid)]
      return other
        ? errorAt(location, '42846', `${what} could not convert type ${a} to ${b}`)
        : errorAt(location, '42804', `${what} types ${a} and ${b} cannot be matched`)
    }
    chosen = pair
  }
  return errorAt(location, '42804', `${what} types cannot be matched`)
}

export function coerceToCommon(
  all: readonly Compiled[],
  what: string,
  scope: Scope,
  location?: number,
): { readonly type: SqlType; readonly all: readonly Compiled[] } {
  const type = commonType(all, what, scope, location)
  return { type, all: all.map((each) => coerce(each, type, 'i', scope, location)) }
}

export function elementTypeOf(type: SqlType, scope: Scope): SqlType | undefined {
  const oid = elementType(scope.context.types, type.oid)
  return oid === undefined ? undefined : typeNamed(scope, oid, type.typmod)
}
