import type { NamedRegistries } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import { DEFAULT_WORKLOAD, type Registries } from '@chaosproxy/runner'
import { workloadOf } from '@chaosproxy/targets/named'
import type { Settings, Workload } from '@chaosproxy/workloads'
import { type ParsedOptions, textOf, textsOf } from '../command.ts'
import type { Options, Typed } from '../option.ts'
import { word, words } from './declare.ts'
import { namesOf, oneOf, parseSettings, printSettings } from './names.ts'

export interface ChosenWorkload {
  readonly workload: Workload
  readonly reference: string
}

export const modelNameOf = ({ model }: Pick<Workload, 'model'>): string =>
  typeof model === 'string' ? model : model.name

/** Returns the properties of a workload that are printed in lists of workloads, apart from its name. */
export const describedWorkload = ({ settings, ...workload }: Workload): object => ({
  summary: workload.summary,
  model: modelNameOf(workload),
  levels: workload.levels,
  functions: workload.functions,
  settings: settings.map(({ name, summary: text, default: usual, values, min, max }) => ({
    ...{ name, summary: text, default: usual, values, min, max },
  })),
})

/** Every workload, under the name by which it is known. */
export const workloadsIn = ({ workloadNames, workload }: NamedRegistries): Promise<readonly Workload[]> =>
  Promise.all(workloadNames.map(async (name) => ({ ...(await workload(name)), name })))

export const workloadOptions = (usual: string = DEFAULT_WORKLOAD): Options => ({
  workload: word('the workload that clients run: a name that chaos workloads lists, or a file', usual),
  'workload-set': words('change a setting of the workload, such as --workload-set keys=5'),
})

/** @throws UserError (usage, input) */
export async function chooseWorkload(
  options: ParsedOptions,
  {
    find = workloadOf,
    usual = DEFAULT_WORKLOAD,
  }: { readonly find?: Registries['workload']; readonly usual?: string | undefined } = {},
): Promise<ChosenWorkload> {
  const reference = textOf(options, 'workload') ?? usual
  return { workload: await find(reference), reference }
}

export const workloadTyped = (workload: string | undefined, settings: Settings): Typed<Options> => ({
  workload,
  'workload-set': printSettings(settings),
})

/** @throws UserError (usage) if settings of a workload are given without a workload. */
export function requireNoWorkloadSettings(options: ParsedOptions): void {
  if (textsOf(options, 'workload-set').length > 0)
    throw usageError('--workload-set needs --workload. Without --workload, several workloads are compared.')
}

/**
 * Returns the settings typed with `--workload-set`, and the setting that `--keys` abbreviates. The workload must have
 * settings of these names.
 *
 * @throws UserError (usage)
 */
export function parseWorkloadSettings(workload: Workload, options: ParsedOptions, keys?: number): Settings {
  const names = namesOf(workload.settings)
  const settings = parseSettings(textsOf(options, 'workload-set'), 'workload-set', 'keys=5')
  for (const name of Object.keys(settings)) {
    if (names.length === 0)
      throw usageError(
        `--workload-set ${name}: the workload ${workload.name} has no settings. Leave --workload-set out.`,
      )
    oneOf('workload-set', `setting of the workload ${workload.name}`, name, names)
  }
  if (keys === undefined) return settings
  if (!names.includes('keys'))
    throw usageError(`--keys ${keys}: the workload ${workload.name} has no keys. Leave --keys out.`)
  return { ...settings, keys }
}
