import { levelNames, levelsInWords } from '@chaosproxy/checker'
import { knownName } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'

/** The typed name, if it is known; otherwise throws a usage error that suggests the nearest name. */
export const oneOf = <Name extends string>(option: string, what: string, typed: string, known: readonly Name[]): Name =>
  knownName(`--${option} ${typed}`, what, typed, known)

export const namesOf = <Name extends string>(named: readonly { readonly name: Name }[]): Name[] =>
  named.map(({ name }) => name)

/** Splits a typed list at its commas. */
export const listed = (typed: string): readonly string[] => typed.split(',').map((word) => word.trim())

/** Parses the name of a level. A later check verifies that the model has this level. */
export const parseLevel = (option: string, typed: string): string => oneOf(option, 'level', typed, levelNames())

export const levelsText = (): string => levelsInWords(levelNames())

/** Settings in typed form: `sync=1`. */
export const printSettings = (settings: { readonly [name: string]: unknown }): readonly string[] =>
  Object.entries(settings).map(([name, value]) => `${name}=${value}`)

/** Parses `--set name=value`. A value is a number, true, false or text. */
export function parseSettings(
  settings: readonly string[],
  option = 'set',
  example = 'sync=1',
): { [name: string]: number | boolean | string } {
  const parsed: { [name: string]: number | boolean | string } = {}
  for (const setting of settings) {
    const at = setting.indexOf('=')
    if (at <= 0) throw usageError(`--${option} ${setting}: write it as name=value, such as --${option} ${example}.`)
    const value = setting.slice(at + 1)
    parsed[setting.slice(0, at)] =
      value === 'true'
        ? true
        : value === 'false'
          ? false
          : value !== '' && Number.isFinite(Number(value))
            ? Number(value)
            : value
  }
  return parsed
}
