import { didYouMean, printable, usageError } from '@chaosproxy/history'

export type SettingValue = number | boolean | string

/** A value for each setting of a workload. */
export interface Settings {
  readonly [name: string]: SettingValue
}

/** A choice that a workload or target offers, as `--set name=value`. */
export interface Setting {
  readonly name: string
  readonly summary: string
  readonly default: SettingValue
  /** The default for targets that promise less than linearizability. Absent if it equals `default`. */
  readonly ifWeaker?: SettingValue | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
  /** Whether a number may be a fraction, such as a share. */
  readonly fraction?: boolean | undefined
  readonly values?: readonly SettingValue[] | undefined
  /** The values that a search tries. With few keys, for example, more operations overlap. */
  readonly worthTrying?: readonly SettingValue[] | undefined
  /** Whether the setting is a lease time in milliseconds, after which a lock is free again. */
  readonly isLeaseMs?: true | undefined
}

/** Returns a setting with these values; the first one is the default. */
export const choice = (
  name: string,
  values: readonly [SettingValue, ...(readonly SettingValue[])],
  summary: string,
): Setting => ({ name, summary, default: values[0], values })

/** Returns a setting that is a share: a number from 0 to 1. */
export const shareSetting = (name: string, usual: number, summary: string): Setting => ({
  name,
  summary,
  default: usual,
  min: 0,
  max: 1,
  fraction: true,
})

interface Declaring {
  readonly name: string
  readonly settings: readonly Setting[]
}

/** Returns the default value, which may differ for targets that promise less than linearizability. */
export const usualValue = ({ default: usual, ifWeaker }: Setting, isWeaker: boolean): SettingValue =>
  isWeaker ? (ifWeaker ?? usual) : usual

/**
 * Completes the chosen values with the defaults.
 *
 * @throws UserError (usage) for an undeclared setting or an invalid value.
 */
export function settingsFor({ name, settings }: Declaring, chosen: Settings = {}, isWeaker = false): Settings {
  const values: { [name: string]: SettingValue } = {}
  for (const setting of settings) values[setting.name] = usualValue(setting, isWeaker)
  for (const [given, value] of Object.entries(chosen)) {
    const setting = settings.find((known) => known.name === given)
    if (setting === undefined) {
      const known = settings.map((each) => each.name)
      const all = known.length === 0 ? 'It has none.' : `It has: ${known.join(', ')}.`
      throw usageError(`${name} has no setting "${given}".${didYouMean(given, known)} ${all}`)
    }
    if (!isPossible(setting, value))
      throw usageError(
        `${name}: ${given}=${printable(String(value))} is not possible; give ${expectedText(setting)} (${setting.summary}).`,
      )
    values[given] = value
  }
  return values
}

/** @throws Error for a setting that the workload does not declare as a number. */
export function numberOf(settings: Settings, name: string): number {
  const value = settings[name]
  if (typeof value !== 'number') throw new Error(`the setting ${name} is ${value}, which is not a number`)
  return value
}

function isPossible(setting: Setting, value: SettingValue): boolean {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, fraction = false, values } = setting
  if (values !== undefined) return values.includes(value)
  if (typeof value !== typeof setting.default) return false
  return typeof value !== 'number' || (value >= min && value <= max && (fraction || Number.isInteger(value)))
}

/** Describes the allowed values of a setting, after the word "give". */
function expectedText({ default: usual, min = 0, max, fraction, values }: Setting): string {
  if (values !== undefined) return `one of ${values.join(', ')}`
  switch (typeof usual) {
    case 'number':
      return `a ${fraction === true ? 'number' : 'whole number'} ${max === undefined ? `from ${min}` : `between ${min} and ${max}`}`
    case 'boolean':
      return 'true or false'
    default:
      return `a string such as ${usual}`
  }
}
