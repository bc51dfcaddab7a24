import { isAbsolute, relative, resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { mergeDrafts, type NamedPart, nameIn, type Registries, type RunDraft } from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator'
import { declaredTarget, targetOf, targets, workloadFrom, workloadOf } from '@chaosproxy/targets'
import { workloads } from '@chaosproxy/workloads'
import type { Config } from './config.ts'

/** Systems and workloads of one's own, and where they are from. */
export interface OwnNames extends Pick<Config, 'targets' | 'workloads'> {
  /** Begins messages: the name of a file. */
  readonly where: string
  /** Files are relative to it. */
  readonly directory: string
}

/** Finds what runs name, and knows all the names there are. */
export interface NamedRegistries extends Registries {
  readonly targetNames: readonly string[]
  readonly workloadNames: readonly string[]
}

/** Everything that a run can name: what comes with this program, the user's own files, and what is named here. */
export function registriesOf({
  targets: ownTargets = {},
  workloads: ownWorkloads = {},
  ...own
}: OwnNames): NamedRegistries {
  return {
    targetNames: [...targets.map(({ name }) => name), ...Object.keys(ownTargets)],
    workloadNames: [...workloads.map(({ name }) => name), ...Object.keys(ownWorkloads)],
    async target(reference) {
      const simulated = reference.startsWith(SIMULATED)
      const name = simulated ? reference.slice(SIMULATED.length) : reference
      const declared = ownOf(ownTargets, name)
      if (declared === undefined) return targetOf(reference)
      if (typeof declared === 'string') {
        const path = pathFrom(own.directory, declared)
        return targetOf(simulated ? `${SIMULATED}${path}` : path)
      }
      if (simulated)
        throw new UserError('usage', `${reference}: only protocols can be simulated; ${name} is a cluster.`)
      const { directory, where } = own
      return declaredTarget({ name, ...declared }, { where: `${where}: targets.${name}`, directory })
    },
    async workload(name) {
      const given = ownOf(ownWorkloads, name)
      if (given === undefined) return workloadOf(name)
      if (typeof given === 'string') return workloadOf(pathFrom(own.directory, given))
      return workloadFrom(given, `${own.where}: workloads.${name}`)
    },
  }
}

/** The names that stand for files replaced by those, so that the run can be had again without whoever named them. */
export function withPaths(
  draft: RunDraft,
  { targets: ownTargets, workloads: ownWorkloads, directory }: OwnNames,
): RunDraft {
  const pathOf = (own: { readonly [name: string]: unknown } | undefined, part: string | NamedPart | undefined) => {
    const written = nameIn(part)
    const simulated = written?.startsWith(SIMULATED) === true
    const given = ownOf(own ?? {}, (simulated ? written?.slice(SIMULATED.length) : written) ?? '')
    if (typeof given !== 'string') return part
    const path = pathFrom(directory, given)
    return { ...(typeof part === 'string' ? {} : part), name: simulated ? `${SIMULATED}${path}` : path }
  }
  return mergeDrafts(
    { ...draft, target: undefined, workload: undefined },
    { target: pathOf(ownTargets, draft.target), workload: pathOf(ownWorkloads, draft.workload) },
  )
}

const ownOf = <Of>(own: { readonly [name: string]: Of }, name: string): Of | undefined =>
  Object.hasOwn(own, name) ? own[name] : undefined

/** As it is typed from here: a path, with something in it that no name has. */
function pathFrom(directory: string, path: string): string {
  const absolute = resolve(directory, path)
  const here = relative('.', absolute)
  return here.startsWith('..') || isAbsolute(here) ? absolute : `./${here}`
}
