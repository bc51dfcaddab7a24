import { UserError } from '@chaosproxy/history'
import { DEFAULT_WORKLOAD, type Registries } from '@chaosproxy/runner'
import { type Subject, whyUnaskable } from '@chaosproxy/simulator'
import { workloadOf } from '@chaosproxy/targets'
import { type Settings, type Workload, workloads } from '@chaosproxy/workloads'
import { type ParsedOptions, textOf, textsOf } from '../command.ts'
import { parseSettings } from './names.ts'
import { oneOf } from './one-of.ts'
import type { Option } from './option.ts'

export const WORKLOAD_TEXT = 'what clients do: a name that chaos workloads lists, or a file of your own'

/** A workload, and the reference by which saved files, other threads and processes find it. */
export interface ChosenWorkload {
  readonly workload: Workload
  readonly reference: string
}

/** The options of every command with clients. */
export const workloadOptions: { readonly [name: string]: Option } = {
  workload: {
    type: 'string',
    describe: `${WORKLOAD_TEXT} [default: ${DEFAULT_WORKLOAD}]`,
    requiresArg: true,
  },
  'workload-set': {
    type: 'string',
    array: true,
    nargs: 1,
    describe: 'change a setting of the workload, such as --workload-set keys=5',
    requiresArg: true,
  },
}

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

/** @throws UserError (usage) for a workload that asks for what the protocol's clients cannot ask for. */
export function requireAskable(subject: Pick<Subject, 'workload' | 'level' | 'protocol' | 'settings' | 'knobs'>): void {
  const why = whyUnaskable(subject)
  if (why === undefined) return
  const { protocol, workload } = subject
  const fitting = workloads.filter((each) => whyUnaskable({ ...subject, workload: each, settings: {} }) === undefined)
  const instead =
    fitting.length === 0
      ? 'Say in its "functions" what it can be asked, and give a workload of your own that asks for it.'
      : `Workloads that suit it: ${fitting.map(({ name }) => name).join(', ')}.`
  throw new UserError('usage', `${protocol.name} ${why}, as the workload ${workload.name} does. ${instead}`)
}

/**
 * The settings that `--workload-set` gives, with their values as typed. The workload must have settings of these names.
 *
 * @throws UserError (usage)
 */
export function parseWorkloadSettings(workload: Workload, options: ParsedOptions): Settings {
  const names = workload.settings.map(({ name }) => name)
  const settings = parseSettings(textsOf(options, 'workload-set'), 'workload-set', 'keys=5')
  for (const name of Object.keys(settings)) {
    if (names.length === 0)
      throw new UserError('usage', `--workload-set ${name}: the workload ${workload.name} has no settings.`)
    oneOf('workload-set', `setting of the workload ${workload.name}`, name, names)
  }
  return settings
}
