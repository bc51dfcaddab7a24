import type { Level } from '@chaos/checker'
import type { AnyMachine, KnobValue, ProtocolDefinition } from '@chaos/protocols'
import type { Settings, Workload } from '@chaos/workloads'

/** What is searched: a protocol as it was asked for, and the level that its histories are held to. */
export interface Subject {
  /** As replay files name it: the protocol's name, or the path of its file. */
  readonly target: string
  readonly protocol: ProtocolDefinition
  readonly bug: string | undefined
  /** Chosen by the user; a search leaves them as they are. */
  readonly knobs: { readonly [name: string]: KnobValue }
  readonly level: Level
  readonly workload: Workload
  /** As replay files name it, where that is the path of its file. */
  readonly workloadReference?: string | undefined
  /** Of the workload, chosen by the user; each trial draws the others. */
  readonly settings: Settings
  /** By default each trial chooses. */
  readonly nodes: number | undefined
  /** Of one trial. */
  readonly operations: number
}

export const machineOf = (
  { protocol, bug, workload }: Subject,
  knobs: { readonly [name: string]: KnobValue },
): AnyMachine => protocol.create({ bug, object: workload.object, knobs })
