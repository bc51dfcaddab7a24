import { nemeses } from '@chaosproxy/faults'
import { notPromisedUnder, type ProtocolDefinition, type ProtocolSettingValue } from '@chaosproxy/protocols'
import { simulatorFaultSupport } from '../fault-support.ts'
import { nemesesOf } from './trial-choices.ts'

/** The settings under which a bug is likely to appear, unless the user chose others. */
export interface SettingForBug {
  readonly targetSettings: { readonly [name: string]: ProtocolSettingValue }
  /** The workload; absent if the default workload exposes the bug. */
  readonly workload?: string | undefined
  /** The names of faults that trials use in addition to the default ones. */
  readonly besides: readonly string[]
  /** All faults that trials draw from; undefined for the default faults. */
  readonly faults?: readonly string[] | undefined
}

/**
 * Returns the settings that a bug declares, except those that the user chose. The bug's faults are added to the default
 * faults: together they find more than the bug's faults alone.
 */
export function settingForBug(
  protocol: ProtocolDefinition,
  bug: string | undefined,
  chosen: SettingForBug['targetSettings'] = {},
): SettingForBug {
  const { faults = [], workload, ...under } = protocol.bugs.find(({ name }) => name === bug)?.under ?? {}
  const declared = Object.entries({ ...under.settings, ...under.trialSettings })
  const targetSettings = Object.fromEntries(declared.filter(([name]) => !Object.hasOwn(chosen, name)))
  const notUnder = notPromisedUnder(protocol, { ...targetSettings, ...chosen })
  const drawn = nemesesOf({})
    .filter(({ kind }) => !notUnder.includes(kind) || (kind === 'clock' && protocol.clocks !== undefined))
    .map(({ name }) => name)
  const besides = nemeses
    .filter(({ name, kind }) => faults.includes(name) && !drawn.includes(name) && simulatorFaultSupport(kind) === true)
    .map(({ name }) => name)
  return { targetSettings, workload, besides, faults: besides.length === 0 ? undefined : [...drawn, ...besides] }
}
