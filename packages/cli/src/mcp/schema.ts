import { didYouMean, UserError } from '@chaosproxy/history'

/** The part of JSON Schema that describes what tools take and return. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean'
  readonly description?: string
  readonly properties?: { readonly [name: string]: Schema }
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly items?: Schema
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
}

/** The members of an object. All are optional unless `required` names them. */
export const objectOf = (
  properties: { readonly [name: string]: Schema },
  required: readonly string[] = [],
): Schema => ({ type: 'object', properties, required, additionalProperties: false })

export const text = (description: string): Schema => ({ type: 'string', description })
export const texts = (description: string): Schema => ({ type: 'array', items: { type: 'string' }, description })
export const flag = (description: string): Schema => ({ type: 'boolean', description })
export const whole = (description: string, bounds: { minimum?: number; maximum?: number } = {}): Schema => ({
  type: 'integer',
  description,
  ...bounds,
})
/** An object whose members are not described further. */
export const anyObject = (description: string): Schema => ({ type: 'object', description })
export const oneOf = (values: readonly string[], description: string): Schema => ({
  type: 'string',
  enum: values,
  description,
})

/** The arguments of a call. */
export type Input = { readonly [name: string]: unknown }

/** @throws UserError (usage) that names the first argument that does not fit, and what would. */
export function requireInput(tool: string, { properties = {}, required = [] }: Schema, input: Input): void {
  const known = Object.keys(properties)
  for (const [name, value] of Object.entries(input)) {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (schema === undefined)
      throw new UserError(
        'usage',
        `${tool} has no argument "${name}".${didYouMean(name, known)} It has: ${known.join(', ')}.`,
      )
    const problem = problemOf(schema, value)
    if (problem !== undefined)
      throw new UserError('usage', `${tool}: "${name}" is ${shortened(value)}, but must be ${problem}.`)
  }
  const missing = required.find((name) => input[name] === undefined)
  if (missing !== undefined)
    throw new UserError('usage', `${tool} needs "${missing}": ${properties[missing]?.description ?? ''}.`)
}

/** What the value must be, if it does not fit. */
function problemOf({ type, items, enum: values, minimum, maximum }: Schema, value: unknown): string | undefined {
  switch (type) {
    case 'string':
      if (values !== undefined) return values.some((each) => each === value) ? undefined : `one of ${values.join(', ')}`
      return typeof value === 'string' && value !== '' ? undefined : 'a text'
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false'
    case 'integer': {
      const [least, most] = [minimum ?? 0, maximum ?? Number.MAX_SAFE_INTEGER]
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      return fits ? undefined : `a whole number from ${least} to ${most}`
    }
    case 'array':
      return Array.isArray(value) && value.every((item) => problemOf(items ?? {}, item) === undefined)
        ? undefined
        : 'a list of texts'
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object'
    default:
      return undefined
  }
}

const LONGEST = 60

function shortened(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value)
  return json.length > LONGEST ? `${json.slice(0, LONGEST)}…` : json
}
