import type { NodeId } from '@chaosproxy/faults'
import type { AnyMachine, KnobValue, ProtocolDefinition } from '@chaosproxy/protocols'
import type { Settings, Workload } from '@chaosproxy/workloads'
import { createSimulatedCluster, type SimulatedCluster, type SimulationOptions } from '../cluster.ts'
import type { PlannedDelay } from '../replay/delays.ts'
import type { PlannedHold } from '../replay/holds.ts'
import type { TrialChoices } from './trial-choices.ts'

/** In place of a level: only the protocol's own invariants are watched. */
export const NO_LEVEL = 'none'

/** What is searched: a protocol with its options, and the level its histories must meet. */
export interface SearchedProtocol {
  /** As in replay files: the protocol's name, or the path of its file. */
  readonly target: string
  readonly protocol: ProtocolDefinition
  readonly bug: string | undefined
  /** Chosen by the user; the search keeps them. */
  readonly knobs: { readonly [name: string]: KnobValue }
  /** Or `NO_LEVEL`. */
  readonly level: string
  readonly workload: Workload
  /** As in replay files: the path of the workload's file, if it is the user's own. */
  readonly workloadReference?: string | undefined
  /** Workload settings chosen by the user; each trial draws the others. */
  readonly settings: Settings
  /** If undefined, each trial chooses. */
  readonly nodes: number | undefined
  /** Nodes that no client asks, and that faults hit like the others; absent: none. */
  readonly besides?: readonly NodeId[] | undefined
  /** Per trial. */
  readonly operations: number
  readonly choices?: TrialChoices | undefined
  /** The awaits of a program at which requests can be held, as holds name them; absent: none. */
  readonly awaits?: readonly string[] | undefined
  /** Whether a program says by assertions what it reaches, which a search can follow; absent: no. */
  readonly asserts?: boolean | undefined
  /** Starts a cluster of something that is no state machine; absent: the protocol's. */
  readonly start?: Start | undefined
  /** A faster way to start the same, for trials by the hundred; absent: none. */
  readonly shortcut?: Shortcut | undefined
}

type Start = (options: ClusterOptions) => SimulatedCluster

/**
 * Clusters that use again what an earlier one has made, and so behave as those that `start` starts unless something of a
 * trial is left in it. What such a trial finds counts only if it happens without the shortcut, too.
 */
export interface Shortcut {
  readonly start: Start
  /** A trial was different by it: from now on it is none. */
  distrust(): void
}

/** The subject as most trials run it. */
export const hurried = (subject: SearchedProtocol): SearchedProtocol =>
  subject.shortcut === undefined ? subject : { ...subject, start: subject.shortcut.start }

/** What a trial asks of the cluster that it runs on. */
export interface ClusterOptions extends Omit<SimulationOptions, 'machine'> {
  readonly knobs: { readonly [name: string]: KnobValue }
  /** As in scenarios; for what is no state machine. */
  readonly delays?: readonly PlannedDelay[] | undefined
  readonly holds?: readonly PlannedHold[] | undefined
  /** Told how long each packet takes. */
  readonly delayed?: ((delay: PlannedDelay) => void) | undefined
}

/** The cluster that a trial of this subject runs on. */
export const clusterOf = (subject: SearchedProtocol, options: ClusterOptions): SimulatedCluster =>
  subject.start === undefined
    ? createSimulatedCluster({ ...options, machine: machineOf(subject, options.knobs) })
    : subject.start(options)

export const machineOf = (
  { protocol, bug, workload }: SearchedProtocol,
  knobs: { readonly [name: string]: KnobValue },
): AnyMachine => protocol.create({ bug, object: workload.object, knobs })
