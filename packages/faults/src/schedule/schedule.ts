import type { Json, Nanos } from '@chaosproxy/history'
import type { Link, NodeId } from '../definition/link.ts'
import type { NodeFault } from '../families/node.ts'
import type { TrafficFault } from '../families/registry.ts'

/** Selects nodes, such as the leader, which is known only once the fault is injected. */
export type NodeSelector = (typeof nodeSelectors)[number] | readonly NodeId[]

export const nodeSelectors = ['one', 'minority', 'leader', 'follower', 'all'] as const

export type PartitionShape = (typeof partitionShapes)[number]

const partitionShapes = ['halves', 'majority-ring', 'isolate-leader', 'isolate-one', 'one-way', 'bridge'] as const

/** Selects links: those of a cut, all between nodes, or those of clients. */
export type LinkSelector = (typeof linkSelectors)[number] | readonly Link[]

export const linkSelectors = [
  ...partitionShapes,
  'between-nodes',
  'from-clients',
  'to-clients',
  'with-clients',
  'from-clients-to-one',
  'from-clients-to-leader',
] as const

type Planned<Of> = Of extends { readonly nodes: unknown }
  ? Omit<Of, 'nodes'> & { readonly nodes: NodeSelector }
  : Omit<Of, 'links'> & { readonly links: LinkSelector }

/** A planned fault: its nodes or links may be a selector, which is resolved on injection. */
export type FaultPlan = Planned<NodeFault | TrafficFault>

/** What breaks and when, as data: printable, replayable, shrinkable. In order of `from`. */
export type Schedule = readonly ScheduledFault[]

export interface ScheduledFault {
  /** `fault-1`, `fault-2`, …: its name in the history and the report, and of the random stream that resolves it. */
  readonly id: string
  readonly from: Nanos
  readonly to: Nanos
  readonly plan: FaultPlan
}

export type PlannedFault = Omit<ScheduledFault, 'id'>

/** An item of `--faults`: a nemesis or profile, whose faults follow from the seed, or one scheduled fault. */
export type FaultChoice = string | { readonly [member: string]: Json }

/** The name of the nemesis, or the kind of the fault. */
export const nameOfChoice = (choice: FaultChoice): string =>
  typeof choice === 'string' ? choice : String(choice['kind'])
