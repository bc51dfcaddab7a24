import { type Json, type Millis, millis } from '@chaosproxy/history'
import * as v from 'valibot'

export type ParameterUnit =
  | 'ms'
  | 'bytes'
  | 'bytes/s'
  | 'per second'
  | 'probability'
  | 'count'
  | 'text'
  | 'flag'
  | 'json'

/** The schema of one parameter, with its texts for help and error messages. */
export type ParameterSchema<Value> = v.GenericSchema<unknown, Value>

export type Parameters = Readonly<Record<string, ParameterSchema<unknown>>>

/** The type of the values that parsing yields for these parameters. */
export type ValuesOf<Entries extends Parameters> = Readonly<v.InferOutput<v.ObjectSchema<Entries, undefined>>>

type Default = number | string | boolean

/** One parameter as shown in help, error messages and OpenAPI; derived from its schema. */
export interface Parameter {
  readonly name: string
  readonly unit: ParameterUnit
  readonly summary: string
  /** The default value. A parameter without one is required, unless it is `optional`. */
  readonly default?: Default | undefined
  readonly optional?: true | undefined
  readonly least?: number | undefined
  readonly most?: number | undefined
  /** The allowed values of a restricted text. */
  readonly values?: readonly string[] | undefined
  /** Whether a text may also be given as a number, such as a status. */
  readonly orNumber?: true | undefined
}

interface Bounds {
  /** By default 0. */
  readonly least?: number | undefined
  readonly most?: number | undefined
}

type About = Pick<Parameter, 'unit' | 'summary' | 'least' | 'most' | 'values' | 'orNumber'>

const amount = (unit: ParameterUnit, summary: string, { least = 0, most }: Bounds) =>
  v.pipe(
    v.number(),
    v.minValue(least),
    v.maxValue(most ?? Number.MAX_SAFE_INTEGER),
    v.metadata({ unit, summary, least, most } satisfies About),
  )

/** A duration in milliseconds, possibly with a fraction. */
export const ms = (summary: string, bounds: Bounds = {}): ParameterSchema<Millis> =>
  v.pipe(amount('ms', summary, bounds), v.transform(millis))

export const bytes = (summary: string, bounds: Bounds = {}): ParameterSchema<number> =>
  v.pipe(amount('bytes', summary, bounds), v.safeInteger())

export const bytesPerSecond = (summary: string): ParameterSchema<number> => amount('bytes/s', summary, {})

export const wholeNumber = (summary: string, bounds: Bounds = {}): ParameterSchema<number> =>
  v.pipe(amount('count', summary, bounds), v.safeInteger())

/** A rate in events per second, possibly with a fraction. */
export const perSecond = (summary: string): ParameterSchema<number> => amount('per second', summary, { least: 0.001 })

export const probability = (summary: string): ParameterSchema<number> =>
  amount('probability', summary, { least: 0, most: 1 })

/** A non-empty text. */
export const text = (summary: string): ParameterSchema<string> =>
  v.pipe(v.string(), v.nonEmpty(), v.metadata({ unit: 'text', summary } satisfies About))

/** A text that users also write as a number: a status, a key, an SQLSTATE. */
export const textOrNumber = (summary: string): ParameterSchema<string> =>
  v.pipe(
    v.union([v.string(), v.number()]),
    v.transform(String),
    v.nonEmpty(),
    v.metadata({ unit: 'text', summary, orNumber: true } satisfies About),
  )

export const choice = <const Value extends string>(values: readonly Value[], summary: string): ParameterSchema<Value> =>
  v.pipe(v.picklist(values), v.metadata({ unit: 'text', summary, values } satisfies About))

export const flag = (summary: string): ParameterSchema<boolean> =>
  v.pipe(v.boolean(), v.metadata({ unit: 'flag', summary } satisfies About))

/** Any JSON value, including null. */
export const json = (summary: string): ParameterSchema<Json> =>
  v.pipe(
    v.custom<Json>(() => true),
    v.metadata({ unit: 'json', summary } satisfies About),
  )

export type OptionalParameter<Value> = v.OptionalSchema<ParameterSchema<Value>, undefined>

export const optional = <Value>(schema: ParameterSchema<Value>): OptionalParameter<Value> =>
  v.optional(schema, undefined)

export type DefaultedParameter<Value> = v.OptionalSchema<ParameterSchema<Value>, Default>

export const or = <Value>(schema: ParameterSchema<Value>, fallback: Default): DefaultedParameter<Value> =>
  v.optional(schema, fallback)

/**
 * Like `or`, but the type lets programs omit the parameter, because the code that injects the fault knows the default.
 */
export const usually = <Value>(schema: ParameterSchema<Value>, fallback: Default): OptionalParameter<Value> =>
  // The cast hides that the parameter is optional, because parsed faults always have it.
  v.optional(schema, fallback as unknown as undefined)

export const parametersOf = (entries: Parameters): readonly Parameter[] =>
  Object.entries(entries).map(([name, schema]) => parameterOf(name, schema))

function parameterOf(name: string, schema: ParameterSchema<unknown>): Parameter {
  if (!isOptional(schema)) return { name, ...aboutOf(schema) }
  const { wrapped, default: fallback } = schema
  const usual = fallback === undefined ? { optional: true as const } : { default: fallback }
  return { name, ...aboutOf(wrapped), ...usual }
}

const isOptional = (
  schema: ParameterSchema<unknown>,
): schema is v.OptionalSchema<ParameterSchema<unknown>, Default | undefined> => schema.type === 'optional'

/** Every schema in this file has this metadata. */
const aboutOf = (schema: ParameterSchema<unknown>): About => v.getMetadata(schema) as unknown as About

// Parameters that kinds in several families have.

export const delay = {
  delayMs: ms('the delay'),
  jitterMs: or(ms('uniform jitter: ± this much'), 0),
}

export const copies = or(wholeNumber('number of extra copies', { least: 1, most: 100 }), 1)

export const bits = or(wholeNumber('number of bits to flip', { least: 1, most: 64 }), 1)

export const status = wholeNumber('the status that the client receives', { least: 200, most: 599 })
