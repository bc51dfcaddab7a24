import { usageError } from '@chaosproxy/history'
import { nameIn, settingsIn } from '@chaosproxy/runner'
import type { Settings } from '@chaosproxy/workloads'
import { typedMembers } from '../arguments/declare.ts'
import { printFaults } from '../arguments/faults.ts'
import type { OwnConfig } from '../config/own.ts'
import type { Options, Typed } from '../option.ts'

/**
 * Returns the configuration as values of options.
 *
 * @throws UserError (usage) if the configuration gives the times of faults.
 */
export function configuredTexts({ loaded }: OwnConfig, declared: Options): Typed<Options> {
  if (loaded === undefined) return {}
  const { faults, ...members } = loaded.config
  if (faults?.some((fault) => typeof fault !== 'string'))
    throw usageError(
      `${loaded.path}: "faults" gives times, but chaos compare chooses the times itself. Give only kinds of faults, with --faults, such as --faults kill,pause.`,
    )
  return { ...typedMembers(members, declared), faults: printFaults(faults) }
}

/** Returns the targets that the configuration declares, or else the target of its runs. */
export function configuredTargets({ loaded }: OwnConfig): readonly string[] {
  const own = Object.keys(loaded?.config.targets ?? {})
  const named = nameIn(loaded?.config.target)
  return own.length > 0 || named === undefined ? own : [named]
}

/** The settings in the configuration for the target of its runs. */
export function configuredSettings({ loaded }: OwnConfig, name: string): Settings {
  const part = loaded?.config.target
  return nameIn(part) === name ? settingsIn(part) : {}
}
