import type { NodeId } from '@chaosproxy/faults'
import { type AnyMachine, functionsOf, type ProtocolDefinition, type ProtocolSettingValue } from '@chaosproxy/protocols'
import { isStrongest, type Settings, type Workload } from '@chaosproxy/workloads'
import { createSimulatedCluster, type SimulatedCluster, type SimulationOptions } from '../cluster.ts'
import type { PlannedDelay } from '../replay/delays.ts'
import type { PlannedHold } from '../replay/holds.ts'
import type { NodesFor, TrialChoices } from './trial-choices.ts'

/** Instead of a level: only the protocol's own invariants are watched. */
export const NO_LEVEL = 'none'

/** What is searched: a protocol with its options, and the level its histories must meet. */
export interface SearchedProtocol {
  /** As in replay files: the protocol's name, or the path of its file. */
  readonly target: string
  readonly protocol: ProtocolDefinition
  readonly bug: string | undefined
  /** Chosen by the user; the search keeps them. */
  readonly targetSettings: { readonly [name: string]: ProtocolSettingValue }
  /** Or `NO_LEVEL`. */
  readonly level: string
  readonly workload: Workload
  /** As in replay files: the path of the workload's file, if it is the user's own. */
  readonly workloadReference?: string | undefined
  /** Workload settings chosen by the user; each trial draws the others. */
  readonly settings: Settings
  /** Undefined: each trial chooses. */
  readonly nodes: number | undefined
  /** Nodes that no client calls, but that faults hit like the others; when absent, none. */
  readonly besides?: readonly NodeId[] | undefined
  /** When absent, every kind of fault hits all nodes. */
  readonly nodesFor?: NodesFor | undefined
  /** Per trial. */
  readonly operations: number
  readonly choices?: TrialChoices | undefined
  /** The awaits of a program at which requests can be held, as holds name them; when absent, none. */
  readonly awaits?: readonly string[] | undefined
  /** Whether a program reports its coverage by assertions, which a search can follow; when absent, no. */
  readonly asserts?: boolean | undefined
  /** Starts a cluster of a subject that is no state machine; when absent, the protocol's. */
  readonly start?: Start | undefined
  /** A faster way to start the same cluster, for trials by the hundred; when absent, there is none. */
  readonly shortcut?: Shortcut | undefined
}

export type Asked = Pick<SearchedProtocol, 'workload' | 'level' | 'protocol' | 'settings' | 'targetSettings'>

/**
 * Whether the workload's settings for weaker checks apply: below its strongest level, and for protocols without some of its
 * functions.
 */
export function isForLess({ workload, level, protocol, targetSettings }: Omit<Asked, 'settings'>): boolean {
  const functions = functionsOf(protocol, targetSettings)
  return !isStrongest(workload, level) || !workload.functions.every((name) => functions.includes(name))
}

type Start = (options: ClusterOptions) => SimulatedCluster

/**
 * Starts clusters that reuse parts of earlier ones, and so behave like those of `start` unless a trial left something
 * behind. A failure in such a trial counts only if it also happens without the shortcut.
 */
export interface Shortcut {
  readonly start: Start
  /** A trial differed because of it: the shortcut is no longer used. */
  distrust(): void
}

/** The subject as most trials run it. */
export const hurried = (subject: SearchedProtocol): SearchedProtocol =>
  subject.shortcut === undefined ? subject : { ...subject, start: subject.shortcut.start }

export interface ClusterOptions extends Omit<SimulationOptions, 'machine'> {
  readonly targetSettings: { readonly [name: string]: ProtocolSettingValue }
  /** As in scenarios; for subjects that are no state machines. */
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
