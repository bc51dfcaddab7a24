import { type Parameter, type Parameters, parametersOf } from '@chaosproxy/faults'
import type { ApiRoute } from '../server/api.ts'

export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | undefined
  readonly description?: string | undefined
  readonly properties?: { readonly [name: string]: Schema } | undefined
  readonly required?: readonly string[] | undefined
  readonly additionalProperties?: boolean | Schema | undefined
  readonly items?: Schema | undefined
  readonly enum?: readonly (string | number)[] | undefined
  readonly const?: string | undefined
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
  readonly minItems?: number | undefined
  readonly default?: number | string | boolean | undefined
  readonly oneOf?: readonly Schema[] | undefined
  readonly $ref?: string | undefined
}

export interface DescribedRoute extends ApiRoute {
  /** Its unique operationId. */
  readonly operation: string
  readonly summary: string
  readonly body?: Schema | undefined
  readonly query?: readonly Parameter[] | undefined
  readonly success: {
    readonly status: 200 | 201 | 204
    /** The description of status 201, if the route may also create the resource. */
    readonly created?: string | undefined
    readonly description: string
    readonly schema?: Schema | undefined
    /** JSON by default. */
    readonly contentType?: string | undefined
  }
  /** Error statuses in addition to 400, 401, 403, 413 and 503, which every route may return. */
  readonly errors?: readonly number[] | undefined
}

export const reference = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

export const listOf = (items: Schema): Schema => ({ type: 'array', items })

export function schemaOfParameter({ unit, summary, values, orNumber, least = 0, most, ...rest }: Parameter): Schema {
  const described = {
    description: unitOf(unit, summary),
    ...(rest.default === undefined ? {} : { default: rest.default }),
  }
  switch (unit) {
    case 'json':
      return described
    case 'flag':
      return { ...described, type: 'boolean' }
    case 'text':
      if (orNumber === true) return { ...described, oneOf: [{ type: 'string' }, { type: 'number' }] }
      return { ...described, type: 'string', ...(values === undefined ? {} : { enum: values }) }
    case 'probability':
      return { ...described, type: 'number', minimum: 0, maximum: 1 }
    case 'ms':
    case 'bytes/s':
    case 'per second':
      return { ...described, type: 'number', minimum: least, ...(most === undefined ? {} : { maximum: most }) }
    case 'bytes':
    case 'count':
      return { ...described, type: 'integer', minimum: least, ...(most === undefined ? {} : { maximum: most }) }
  }
}

const unitOf = (unit: Parameter['unit'], summary: string): string =>
  unit === 'ms' || unit === 'bytes' || unit === 'bytes/s' ? `${summary} (${unit})` : summary

export function schemaOfParameters(entries: Parameters, beside: { readonly [name: string]: Schema } = {}): Schema {
  const parameters = parametersOf(entries)
  const required = parameters.filter((parameter) => parameter.default === undefined && parameter.optional !== true)
  return {
    type: 'object',
    properties: {
      ...Object.fromEntries(parameters.map((parameter) => [parameter.name, schemaOfParameter(parameter)])),
      ...beside,
    },
    required: required.map(({ name }) => name),
    additionalProperties: false,
  }
}
