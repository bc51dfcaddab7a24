import type { Nemesis } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import {
  completeRun,
  type NamedPart,
  planRun,
  type Registries,
  type RunDraft,
  type RunSpec,
  type Target,
  usualWorkload,
} from '@chaosproxy/runner'
import { CALM, conditionFaults, networkFaults } from '@chaosproxy/scenarios'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { type Settings, settingsFor } from '@chaosproxy/workloads'

/** The settings that all runs of a comparison share. */
export interface ComparisonTerms {
  readonly sweep: string | undefined
  readonly network: string
  readonly real: boolean
  /** The number of nodes; by default the system's own. */
  readonly nodes: number | undefined
  readonly clients: number
  readonly rate: number
  readonly timeMs: Millis
  readonly timeoutMs: Millis
  readonly seeds: readonly number[]
  /** The clients' workload; by default registers and, in separate runs, sets. */
  readonly workload?: NamedPart | undefined
  /** The level that each system is checked against; by default the level that the system promises. */
  readonly expect?: string | undefined
  readonly checkMs?: number | undefined
  readonly registries: Registries
}

/** A comparison whose runs are known to be possible. */
export interface ComparisonPlan extends ComparisonTerms {
  readonly systems: readonly ComparedTarget[]
  readonly conditions: readonly string[]
}

/** A target with settings, and its runs. */
export interface ComparedTarget {
  /** The name in reports: `primary-replica sync=majority`. */
  readonly name: string
  /** As typed: `primary-replica:sync=majority`. */
  readonly typed: string
  readonly value: string | undefined
  readonly curve: string | undefined
  readonly nodes: number
  readonly cells: readonly PlannedCell[]
}

interface PlannedPair {
  /** The run that measures everything except losses. */
  readonly main: RunSpec
  /**
   * The run that measures losses. Its clients add elements to sets, where no element hides the loss of another.
   * Undefined without faults, for a system without sets, and if the user chose the workload.
   */
  readonly sets: RunSpec | undefined
}

export interface PlannedCell {
  readonly condition: string
  /** The promised level, or `nothing`. */
  readonly promised: string
  /** The runs, one pair per seed. */
  readonly pairs: readonly [PlannedPair, ...PlannedPair[]]
}

/** A system to compare, with validated settings. */
export interface ChosenSystem extends Pick<ComparedTarget, 'name' | 'typed' | 'value' | 'curve'> {
  readonly target: Target
  /** The name in specs, or the path of a file. */
  readonly reference: string
  readonly settings: Settings
}

/**
 * Plans every run of a system.
 *
 * @throws UserError (usage) for an impossible combination, with the reason.
 */
export async function planSystem(
  { name, typed, value, curve, target, reference: path, settings }: ChosenSystem,
  nemeses: readonly Nemesis[],
  terms: ComparisonTerms,
): Promise<ComparedTarget> {
  const { registries, expect, workload: chosen } = terms
  const reference = terms.real ? path : `${SIMULATED}${path}`
  const nodes = terms.nodes ?? target.defaultNodes
  const network = networkFaults(terms.network, nodes, terms.timeMs)
  const functions = target.functions(settingsFor(target, settings))
  const ofSets = await registries.workload(SETS.name)
  const hasSets = chosen === undefined && ofSets.functions.every((name) => functions.includes(name))
  const isReadOnly = usualWorkload(target, settings) === READS.name
  const planned = async (condition: string, nemesis: Nemesis | undefined): Promise<PlannedCell> => {
    const draftOf = (seed: number, workload: NamedPart): RunDraft => ({
      target: { name: reference, settings },
      workload,
      nodes,
      clients: terms.clients,
      rate: terms.rate,
      timeMs: terms.timeMs,
      timeoutMs: terms.timeoutMs,
      faults: [
        ...network,
        ...(nemesis === undefined ? [] : conditionFaults(nemesis, { nodes, timeMs: terms.timeMs, seed })),
      ],
      seed,
      expect,
      checkMs: terms.checkMs,
    })
    const where = `chaos compare: ${typed} under ${condition}`
    const complete = (seed: number, workload: NamedPart) =>
      completeRun(draftOf(seed, workload), registries, { where, seed })
    const pairs = await Promise.all(
      terms.seeds.map(async (seed): Promise<PlannedPair> => {
        const main = await complete(seed, chosen ?? (isReadOnly ? READS : REGISTERS))
        const sets = nemesis === undefined || !hasSets ? undefined : await complete(seed, SETS)
        return { main, sets }
      }),
    )
    const [first, ...others] = pairs
    if (first === undefined) throw new Error('the list of seeds is empty')
    const { expect: held } = await planRun(first.main, registries, where)
    return { condition, promised: held?.level ?? 'nothing', pairs: [first, ...others] }
  }
  const cells = [await planned(CALM, undefined)]
  for (const nemesis of nemeses) cells.push(await planned(nemesis.name, nemesis))
  return { name, typed, value, curve, nodes, cells }
}

/** There are few keys, so that clients conflict, and there is no cas, so that every level can be decided. */
const REGISTERS: NamedPart = { name: 'register', settings: { cas: 0, keys: 5 } }
/** The workload for a system whose clients can only read. */
const READS = { name: 'read-only', settings: { keys: 5 } } as const
const SETS = { name: 'set', settings: { removes: 0, reads: 0.2 } } as const
