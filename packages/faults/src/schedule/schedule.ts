import type { Json, Nanos } from '@chaosproxy/history'
import type { Link, NodeId } from '../definition/link.ts'
import type { NodeFault } from '../families/node.ts'
import type { TrafficFault } from '../families/registry.ts'

/** Selects nodes. Some selections, such as the leader, are known only on injection. */
export type NodeSelector = (typeof nodeSelectors)[number] | readonly NodeId[]

export const nodeSelectors = ['one', 'minority', 'leader', 'follower', 'all'] as const

export type PartitionShape = (typeof partitionShapes)[number]

const partitionShapes = ['halves', 'majority-ring', 'isolate-leader', 'isolate-one', 'one-way', 'bridge'] as const

/** Selects links: those of a cut, all links between nodes, or links of clients. */
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

/** A planned fault, whose nodes or links may be a selector. */
export type FaultPlan = Planned<NodeFault | TrafficFault>

/** The faults of a run with their times, as data; in order of `from`. */
export type Schedule = readonly ScheduledFault[]

export interface ScheduledFault {
  /**
   * The fault's name in reports: `fault-1`, `fault-2`, … If `plan` has a selector, the random stream that chooses the
   * nodes or links also has this name.
   */
  readonly id: string
  readonly from: Nanos
  readonly to: Nanos
  readonly plan: FaultPlan
}

export type PlannedFault = Omit<ScheduledFault, 'id'>

/** An item of `--faults`: the name of a nemesis or profile, or one scheduled fault. */
export type FaultChoice = string | { readonly [member: string]: Json }

/** Returns the name of the nemesis or profile, or the kind of the fault. */
export const nameOfChoice = (choice: FaultChoice): string =>
  typeof choice === 'string' ? choice : String(choice['kind'])
