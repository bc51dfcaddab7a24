import { type Millis, printable, type UserError, usageError } from '@chaosproxy/history'
import {
  type AnyMachine,
  type Bug,
  type BugSetting,
  DEFAULT_OBJECT,
  type ProtocolDefinition,
  type ProtocolOptions,
  type ProtocolSetting,
  type ProtocolSettingValue,
} from './definition.ts'
import type { AnyObject } from './objects/object.ts'
import { findObject, objects } from './objects/registry.ts'

type Declared = Pick<ProtocolDefinition, 'name' | 'settings' | 'bugs' | 'objects'>

export interface Subject {
  readonly object: AnyObject
  readonly bug: string | undefined
}

/** The options of a run: `retry-ms` becomes `retryMs`. Settings that the user did not choose have their defaults. */
type Chosen<Settings extends ProtocolSettings> = Subject & {
  readonly [Name in keyof Settings & string as CamelCase<Name>]: ValueOf<Name, Settings[Name]>
}

type CamelCase<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name

type ValueOf<Name, Setting> = Setting extends { readonly values: readonly (infer Value)[] }
  ? Value
  : Setting extends { readonly default: boolean }
    ? boolean
    : Name extends `${string}-ms`
      ? Millis
      : number

const objectNames = objects.map(({ name }) => name)

export type ProtocolSettings<Name extends string = string> = {
  readonly [Each in Name]: Omit<ProtocolSetting, 'name'>
}

interface Declaration<Settings extends ProtocolSettings>
  extends Omit<ProtocolDefinition, 'objects' | 'create' | 'marks' | 'settings' | 'bugs'> {
  /** The supported objects; if absent, all. */
  readonly objects?: readonly string[]
  readonly settings: Settings
  readonly bugs: { readonly [name: string]: Omit<Bug, 'name'> }
  create(chosen: Chosen<Settings>): AnyMachine
}

/** Declares a bug, which is likely to take effect under the given faults and conditions. */
export const bug = (summary: string, faults: readonly string[] = [], under: BugSetting = {}): Omit<Bug, 'name'> => {
  const setting = faults.length === 0 ? under : { ...under, faults }
  return Object.keys(setting).length === 0 ? { summary } : { summary, under: setting }
}

/**
 * Defines one of this package's protocols. When a bug of such a protocol takes effect, the protocol emits a mark (see
 * `ProtocolDefinition.marks`).
 */
export function defineProtocol<const Settings extends ProtocolSettings>({
  create,
  ...declaration
}: Declaration<Settings>): ProtocolDefinition {
  const [settings, bugs] = [namedIn(declaration.settings), namedIn(declaration.bugs)]
  const declared = { objects: objectNames, ...declaration, settings, bugs, marks: true }
  return { ...declared, create: (options) => create(chooseOptions(declared, options) as Chosen<Settings>) }
}

const namedIn = <Item>(items: { readonly [name: string]: Item }): readonly (Item & { readonly name: string })[] =>
  Object.entries(items).map(([name, item]) => ({ name, ...item }))

/** @throws UserError (usage) for an unknown bug, setting or object, or an invalid setting value. */
function chooseOptions(protocol: Declared, options: ProtocolOptions): Subject {
  const { bug } = options
  if (bug !== undefined && !protocol.bugs.some((known) => known.name === bug))
    throw usageError(`${protocol.name} has no bug "${bug}". It has: ${names(protocol.bugs)}.`)
  for (const [name, value] of Object.entries(options.settings)) {
    const setting = protocol.settings.find((known) => known.name === name)
    if (setting === undefined)
      throw usageError(`${protocol.name} has no setting "${name}". It has: ${names(protocol.settings)}.`)
    checkValue(protocol.name, setting, value)
  }
  const values = protocol.settings.map((setting) => [
    setting.name.replaceAll(/-./g, ([, letter = '']) => letter.toUpperCase()),
    options.settings[setting.name] ?? setting.default,
  ])
  return { bug, object: objectFor(protocol, options.object), ...Object.fromEntries(values) }
}

function objectFor({ name, objects }: Declared, wanted: string = DEFAULT_OBJECT): AnyObject {
  const object = objects.includes(wanted) ? findObject(wanted) : undefined
  if (object !== undefined) return object
  throw usageError(`${name} cannot replicate "${wanted}". It replicates: ${objects.join(', ')}.`)
}

function checkValue(protocol: string, setting: ProtocolSetting, value: ProtocolSettingValue): void {
  const wrong = (expected: string): UserError =>
    usageError(
      `${protocol}: ${setting.name}=${printable(String(value))} is not possible; give ${expected} (${setting.summary}).`,
    )
  if (setting.values !== undefined) {
    if (!setting.values.includes(value)) throw wrong(`one of ${setting.values.join(', ')}`)
    return
  }
  if (typeof value !== typeof setting.default) throw wrong(`a ${typeof setting.default} such as ${setting.default}`)
  if (typeof value !== 'number') return
  const zeroIsPossible = setting.default === 0
  if (!(Number.isFinite(value) && (value > 0 || (zeroIsPossible && value === 0))))
    throw wrong(zeroIsPossible ? 'a number from 0' : 'a number above 0')
}

const names = (items: readonly { readonly name: string }[]): string => items.map((item) => item.name).join(', ')
