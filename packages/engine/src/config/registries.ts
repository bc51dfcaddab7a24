import { usageError } from '@chaosproxy/history'
import { mergeDrafts, type NamedPart, nameIn, type Registries, type RunDraft } from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { isUserFile, workloadFrom, workloadOf } from '@chaosproxy/targets/named'
import { workloads } from '@chaosproxy/workloads'
import { knownName } from '../known-name.ts'
import { fullReference, partsOf, pathFrom, serviceTargets } from '../references/services.ts'
import { targetNames as builtIn } from '../worlds/databases.ts'
import { targetNamed } from '../worlds/registry.ts'
import type { Config } from './config.ts'

export interface OwnNames extends Pick<Config, 'targets' | 'workloads' | 'services'> {
  /** The name of the file that contains the declarations, for messages. */
  readonly where: string
  readonly directory: string
}

/** Resolves the names in a run's spec, and lists all known names. */
export interface NamedRegistries extends Registries {
  readonly targetNames: readonly string[]
  readonly workloadNames: readonly string[]
  /**
   * Returns a reference to a target that needs no configuration.
   *
   * @throws UserError (usage)
   */
  reference(target: string): string
}

/** Returns registries of the built-in names, the user's files and the given names. */
export function registriesOf({
  targets: ownTargets = {},
  workloads: ownWorkloads = {},
  ...own
}: OwnNames): NamedRegistries {
  return {
    targetNames: [...builtIn, ...Object.keys(ownTargets), ...serviceTargets(own)],
    workloadNames: [...workloads.map(({ name }) => name), ...Object.keys(ownWorkloads)],
    reference: (target) => fullReference(target, own),
    async target(reference) {
      const { simulated, name } = partsOf(reference)
      const declared = ownOf(ownTargets, name)
      if (declared === undefined) return targetNamed(fullReference(reference, own))
      if (typeof declared === 'string') {
        const path = pathFrom(own.directory, declared)
        return targetNamed(simulated ? `${SIMULATED}${path}` : path)
      }
      if (simulated)
        throw usageError(
          `${reference}: only protocols can be simulated, and ${name} is a cluster. Test it on real processes: --target ${name}.`,
        )
      const { directory, where } = own
      const { declaredTarget } = await import('@chaosproxy/targets')
      return declaredTarget({ name, ...declared }, { where: `${where}: targets.${name}`, directory })
    },
    async workload(name) {
      const given = ownOf(ownWorkloads, name)
      if (given === undefined) {
        const own = Object.keys(ownWorkloads)
        if (own.length > 0 && !isUserFile(name))
          knownName(name, 'workload', name, [...workloads.map((each) => each.name), ...own])
        return workloadOf(name)
      }
      if (typeof given === 'string') return workloadOf(pathFrom(own.directory, given))
      return workloadFrom(given, `${own.where}: workloads.${name}`)
    },
  }
}

/** Replaces names by paths, so that the run needs no configuration. */
export function withPaths(
  draft: RunDraft,
  { targets: ownTargets, workloads: ownWorkloads, ...own }: OwnNames,
): RunDraft {
  const pathOf = (named: { readonly [name: string]: unknown } | undefined, part: string | NamedPart | undefined) => {
    const { simulated, name } = partsOf(nameIn(part) ?? '')
    const given = ownOf(named ?? {}, name)
    if (typeof given !== 'string') return part
    const path = pathFrom(own.directory, given)
    return { ...(typeof part === 'string' ? {} : part), name: simulated ? `${SIMULATED}${path}` : path }
  }
  return mergeDrafts(
    { ...draft, target: undefined, workload: undefined },
    {
      target: withFullReference(pathOf(ownTargets, draft.target), own),
      workload: pathOf(ownWorkloads, draft.workload),
    },
  )
}

function withFullReference(part: string | NamedPart | undefined, own: OwnNames): string | NamedPart | undefined {
  const name = nameIn(part)
  return name === undefined ? part : { ...(typeof part === 'string' ? {} : part), name: fullReference(name, own) }
}

const ownOf = <Of>(own: { readonly [name: string]: Of }, name: string): Of | undefined =>
  Object.hasOwn(own, name) ? own[name] : undefined
