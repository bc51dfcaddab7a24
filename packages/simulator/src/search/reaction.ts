import { type Fault, type Link, linksBetween, type NodeId } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import type { Moment } from '../moments.ts'

/** An action on a node at the nth vulnerable moment of a run. */
export interface Reaction {
  readonly moment: Moment
  /** Which occurrence of the moment triggers the action, counted from 1 over all nodes. */
  readonly occurrence: number
  /** Occurrences before this time are not counted; by default, all since the start of the scenario are counted. */
  readonly notBefore?: Nanos | undefined
  readonly harm: Harm
  readonly after: Nanos
  readonly duration: Nanos
}

export type Harm = 'kill' | 'pause' | 'isolate' | 'deafen' | 'silence' | 'kill-others' | 'kill-all'
export const harms: readonly Harm[] = ['kill', 'pause', 'isolate', 'deafen', 'silence', 'kill-others', 'kill-all']

export function faultOf(harm: Harm, node: NodeId, nodes: readonly NodeId[]): Fault {
  const others = nodes.filter((other) => other !== node)
  switch (harm) {
    case 'kill':
      return { kind: 'kill', nodes: [node] }
    case 'kill-others':
      return { kind: 'kill', nodes: others }
    case 'kill-all':
      return { kind: 'kill', nodes }
    case 'pause':
      return { kind: 'pause', nodes: [node] }
    case 'isolate':
      return cut(linksBetween([[node], others]))
    case 'deafen':
      return cut(others.map((from) => ({ from, to: node })))
    case 'silence':
      return cut(others.map((to) => ({ from: node, to })))
    default:
      return harm satisfies never
  }
}

const cut = (links: readonly Link[]): Fault => ({ kind: 'partition', links, mode: 'drop' })
