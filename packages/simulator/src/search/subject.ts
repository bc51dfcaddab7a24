import type { NodeId } from '@chaosproxy/faults'
import { type AnyMachine, functionsOf, type ProtocolDefinition, type ProtocolSettingValue } from '@chaosproxy/protocols'
import { isStrongest, type Settings, type Workload } from '@chaosproxy/workloads'
import { createSimulatedCluster, type SimulatedCluster, type SimulationOptions } from '../cluster.ts'
import type { PlannedDelay } from '../replay/delays.ts'
import type { PlannedHold } from '../replay/holds.ts'
import type { NodesFor, TrialChoices } from './trial-choices.ts'

/** The value of `level` if no consistency level is checked, but only the protocol's own invariants. */
export const NO_LEVEL = 'none'

/** A protocol with its options, and the consistency level that its histories must satisfy. */
export interface SearchedProtocol {
  /** The protocol's name or the path of its file, as in replay files. */
  readonly target: string
  readonly protocol: ProtocolDefinition
  readonly bug: string | undefined
  /** The settings that the user chose; the search keeps them. */
  readonly targetSettings: { readonly [name: string]: ProtocolSettingValue }
  /** Or `NO_LEVEL`. */
  readonly level: string
  readonly workload: Workload
  /** The path of the workload's file, as in replay files. */
  readonly workloadReference?: string | undefined
  /** The workload settings that the user chose. Each trial draws the others. */
  readonly settings: Settings
  /** The number of nodes; undefined if each trial chooses it. */
  readonly nodes: number | undefined
  /** Further nodes, into which faults are injected although no client calls them. */
  readonly besides?: readonly NodeId[] | undefined
  /** The nodes that each kind of fault can hit; absent for all nodes. */
  readonly nodesFor?: NodesFor | undefined
  /** Per trial. */
  readonly operations: number
  readonly choices?: TrialChoices | undefined
  /** The awaits at which a program's requests can be held. */
  readonly awaits?: readonly string[] | undefined
  /** Whether the assertions of a program report its coverage. A search can then follow the coverage. */
  readonly asserts?: boolean | undefined
  /** Starts the subject's cluster; absent for a state machine. */
  readonly start?: Start | undefined
  /** A faster way to start the same cluster, for hundreds of trials. */
  readonly shortcut?: Shortcut | undefined
}

export type SearchSubject = Pick<SearchedProtocol, 'workload' | 'level' | 'protocol' | 'settings' | 'targetSettings'>

/**
 * Whether a subject is checked for less than its workload can show: at a weaker level than the workload's strongest, or
 * without some of its functions. The workload then uses other default settings.
 */
export function isForLess({ workload, level, protocol, targetSettings }: Omit<SearchSubject, 'settings'>): boolean {
  const functions = functionsOf(protocol, targetSettings)
  return !isStrongest(workload, level) || !workload.functions.every((name) => functions.includes(name))
}

type Start = (options: ClusterOptions) => SimulatedCluster

/**
 * Starts clusters that reuse parts of earlier clusters. They behave like those of `start`, unless a trial has left
 * state behind. A failure therefore counts only if it also occurs without the shortcut.
 */
export interface Shortcut {
  readonly start: Start
  /**
   * Stops the reuse of parts of earlier clusters. Called after the reuse has, or may have, changed the result of a
   * trial.
   */
  distrust(): void
}

export const hurried = (subject: SearchedProtocol): SearchedProtocol =>
  subject.shortcut === undefined ? subject : { ...subject, start: subject.shortcut.start }

export interface ClusterOptions extends Omit<SimulationOptions, 'machine'> {
  readonly targetSettings: { readonly [name: string]: ProtocolSettingValue }
  /** The planned delays and holds, for subjects that are not state machines. */
  readonly delays?: readonly PlannedDelay[] | undefined
  readonly holds?: readonly PlannedHold[] | undefined
  readonly delayed?: ((delay: PlannedDelay) => void) | undefined
}

export const clusterOf = (subject: SearchedProtocol, options: ClusterOptions): SimulatedCluster =>
  subject.start === undefined
    ? createSimulatedCluster({ ...options, machine: machineOf(subject, options.targetSettings) })
    : subject.start(options)

export const machineOf = (
  { protocol, bug, workload }: SearchedProtocol,
  targetSettings: { readonly [name: string]: ProtocolSettingValue },
): AnyMachine => protocol.create({ bug, object: workload.object, settings: targetSettings })
