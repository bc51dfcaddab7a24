import { type UserError, usageError } from '@chaosproxy/history'

/** Returns the error for a wrong default export. */
export type Wrong = (what: string) => UserError

export const refusing =
  (path: string, form: string): Wrong =>
  (what) =>
    usageError(`${path}: ${what}. Its default export must be ${form}.`)

/** @throws UserError (usage) if the export is not an object. */
export function objectIn<Module>(exported: unknown, wrong: Wrong): Partial<Module> {
  if (exported !== null && typeof exported === 'object') return exported
  throw wrong('it has no default export that is an object')
}

export const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

export const hasDefault = (setting: { readonly default?: unknown }): boolean =>
  ['number', 'boolean', 'string'].includes(typeof setting.default)
