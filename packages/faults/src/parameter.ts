import type { Json, Millis } from '@chaosproxy/history'
import { millis } from '@chaosproxy/history'
import * as v from 'valibot'

/** What a parameter is a number of; `text`, `flag` and `json` (any value) are no numbers. */
export type ParameterUnit = 'ms' | 'bytes' | 'bytes/s' | 'probability' | 'count' | 'text' | 'flag' | 'json'

/** The schema of one parameter. It carries what help and messages say of it. */
export type ParameterSchema<Value> = v.GenericSchema<unknown, Value>

/** Parameters by name. */
export type Parameters = Readonly<Record<string, ParameterSchema<unknown>>>

/** What a program gets once the parameters have been read: defaults filled in, members that may be absent optional. */
export type ValuesOf<Entries extends Parameters> = Readonly<v.InferOutput<v.ObjectSchema<Entries, undefined>>>

/** As files spell it. */
type Default = number | string | boolean

/** One parameter as help, messages and OpenAPI show it; derived from its schema. */
export interface Parameter {
  readonly name: string
  readonly unit: ParameterUnit
  readonly summary: string
  /** Without a default the parameter must be given, unless it is optional. */
  readonly default?: Default | undefined
  readonly optional?: true | undefined
  readonly least?: number | undefined
  readonly most?: number | undefined
  /** For a text: the only values allowed. */
  readonly values?: readonly string[] | undefined
}

interface Bounds {
  /** 0 by default. */
  readonly least?: number | undefined
  readonly most?: number | undefined
}

type About = Pick<Parameter, 'unit' | 'summary' | 'least' | 'most' | 'values'>

const amount = (unit: ParameterUnit, summary: string, { least = 0, most }: Bounds) =>
  v.pipe(
    v.number(),
    v.minValue(least),
    v.maxValue(most ?? Number.MAX_SAFE_INTEGER),
    v.metadata({ unit, summary, least, most } satisfies About),
  )

/** A duration in milliseconds, fractions allowed. */
export const ms = (summary: string, bounds: Bounds = {}): ParameterSchema<Millis> =>
  v.pipe(amount('ms', summary, bounds), v.transform(millis))

/** A whole number of bytes. */
export const bytes = (summary: string, bounds: Bounds = {}): ParameterSchema<number> =>
  v.pipe(amount('bytes', summary, bounds), v.safeInteger())

export const bytesPerSecond = (summary: string): ParameterSchema<number> => amount('bytes/s', summary, {})

/** A whole number of things. */
export const count = (summary: string, bounds: Bounds = {}): ParameterSchema<number> =>
  v.pipe(amount('count', summary, bounds), v.safeInteger())

/** A number from 0 to 1. */
export const probability = (summary: string): ParameterSchema<number> =>
  amount('probability', summary, { least: 0, most: 1 })

/** A text that is not empty. */
export const text = (summary: string): ParameterSchema<string> =>
  v.pipe(v.string(), v.nonEmpty(), v.metadata({ unit: 'text', summary } satisfies About))

export const choice = <const Value extends string>(values: readonly Value[], summary: string): ParameterSchema<Value> =>
  v.pipe(v.picklist(values), v.metadata({ unit: 'text', summary, values } satisfies About))

export const flag = (summary: string): ParameterSchema<boolean> =>
  v.pipe(v.boolean(), v.metadata({ unit: 'flag', summary } satisfies About))

/** Any JSON value, null among them. */
export const json = (summary: string): ParameterSchema<Json> =>
  v.pipe(
    v.custom<Json>(() => true),
    v.metadata({ unit: 'json', summary } satisfies About),
  )

/** May be left out. */
export type OptionalParameter<Value> = v.OptionalSchema<ParameterSchema<Value>, undefined>

export const optional = <Value>(schema: ParameterSchema<Value>): OptionalParameter<Value> =>
  v.optional(schema, undefined)

/** May be left out, and has its default then. */
export type DefaultedParameter<Value> = v.OptionalSchema<ParameterSchema<Value>, Default>

export const or = <Value>(schema: ParameterSchema<Value>, fallback: Default): DefaultedParameter<Value> =>
  v.optional(schema, fallback)

/** As `or`; but a program, too, may leave it out where it makes a fault itself: whoever carries that out knows the default. */
export const usually = <Value>(schema: ParameterSchema<Value>, fallback: Default): OptionalParameter<Value> =>
  // What is read from outside never lacks it, which is less than the type allows.
  v.optional(schema, fallback as unknown as undefined)

/** The parameters of a declaration, in order, as help shows them. */
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

/** Every schema of this file has metadata of this shape. */
const aboutOf = (schema: ParameterSchema<unknown>): About => v.getMetadata(schema) as unknown as About
