import { usageError } from '@chaosproxy/history'
import { schemaProblems } from '@chaosproxy/runner'
import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'

// These functions make the schemas of the arguments and results of tools.

export const text = (description: string): v.GenericSchema<string> =>
  v.pipe(v.string('must be a string'), v.nonEmpty('must be a string'), v.description(description))

export const describedText = (description: string): v.GenericSchema<string> =>
  v.pipe(v.string(), v.description(description))

export const texts = (description: string): v.GenericSchema<string[]> =>
  v.pipe(v.array(v.string('must be a string'), 'must be a list of strings'), v.description(description))

export const flag = (description: string): v.GenericSchema<boolean> =>
  v.pipe(v.boolean('must be true or false'), v.description(description))

export const whole = (description: string): v.GenericSchema<number> =>
  v.pipe(v.number(), v.integer(), v.description(description))

export const oneOf = <Value extends string>(values: readonly Value[], description: string): v.GenericSchema<Value> =>
  v.pipe(v.picklist(values, `must be one of ${values.join(', ')}`), v.description(description))

/** An object with any members. */
export const anyObject = (description: string): v.GenericSchema<Input> =>
  v.pipe(v.record(v.string(), v.unknown(), 'must be an object'), v.description(description))

export const objects = (description: string): v.GenericSchema<Input[]> =>
  v.pipe(v.array(v.record(v.string(), v.unknown())), v.description(description))

/** The arguments of a call. */
export type Input = { readonly [name: string]: unknown }

export const jsonSchemaOf = (schema: v.GenericSchema): object =>
  toJsonSchema(schema, { errorMode: 'ignore', typeMode: 'input' })

/**
 * The arguments, validated by a schema.
 *
 * @throws UserError (usage), with a line for each invalid argument and its valid values.
 */
export function requireInput(tool: string, schema: v.GenericSchema, input: Input): Input {
  const result = v.safeParse(schema, input)
  if (result.success) return result.output as Input
  throw usageError(schemaProblems(schema, result.issues, { where: tool, what: 'the input' }).join('\n'))
}
