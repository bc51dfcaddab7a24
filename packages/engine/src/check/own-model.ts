import { findModel, type Model } from '@chaosproxy/checker'
import { type UserError, usageError } from '@chaosproxy/history'
import { definitionIn, importUserFile } from '@chaosproxy/targets/user-file'
import { type Kind, misshapen, type Shape } from '../extend/shape.ts'

/** The optional members of a model, and the type of each. */
const optional: { readonly [member in keyof Model<unknown>]?: Kind } & Shape = {
  summary: 'a string',
  aliases: 'a list of strings',
  functions: 'a list of strings',
  reads: 'a list of strings',
  from: 'a function',
  shard: 'a function',
  perProcess: 'true or false',
  integers: 'an object',
}

/**
 * The model that a user's file exports as its default.
 *
 * @throws UserError (usage) if there is no such file or it exports no model, (input) if it does not run.
 */
export const loadModel = async (path: string): Promise<Model<unknown>> =>
  asModel(definitionIn(await importUserFile(path), 'model'), path)

function asModel(exported: unknown, path: string): Model<unknown> {
  const wrong = (what: string): UserError =>
    usageError(`${path}: ${what}. Its default export must be { name, initial, apply, key } (type Model).`)
  if (exported === null || typeof exported !== 'object') throw wrong('its default export is missing or not an object')
  const model = exported as { readonly [member: string]: unknown }
  if (!['name', 'initial', 'apply', 'key'].some((member) => member in model))
    throw wrong('its default export is not a model')
  if (typeof model['name'] !== 'string' || model['name'] === '') throw wrong('"name" is not a string')
  if (!('initial' in model)) throw wrong('"initial" is missing')
  for (const member of ['apply', 'key'])
    if (typeof model[member] !== 'function') throw wrong(`"${member}" is not a function`)
  const misfit = misshapen(model, {}, optional)
  if (misfit !== undefined) throw wrong(misfit)
  const { integers } = model
  if (integers !== undefined && !isIntegerModel(integers)) throw wrong('"integers" is not { initial, encode, step }')
  const taken = findModel(model['name'])
  if (taken !== undefined)
    throw wrong(
      taken.isOwn === true
        ? `chaos.config.ts has a model "${model['name']}" already: give --model ${model['name']}, or choose another name`
        : `"${model['name']}" is the name of a built-in model; choose another`,
    )
  return exported as Model<unknown>
}

function isIntegerModel(value: unknown): boolean {
  const { initial, encode, step } = value as { readonly [member: string]: unknown }
  return Number.isInteger(initial) && typeof encode === 'function' && typeof step === 'function'
}
