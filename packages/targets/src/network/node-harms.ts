import { type FaultKind, isNodeKind, type NodeFault } from '@chaosproxy/faults'
import type { Suffering } from '@chaosproxy/runner'

/** The faults of a node's process. Kills and pauses are counted; only the last heal takes effect. */
export interface Victim {
  /** Resolves with whether there was a process to kill. */
  kill(): Promise<boolean>
  revive(): Promise<void>
  /** Resolves with whether there was a process to pause. */
  pause(): Promise<boolean>
  resume(): void | Promise<void>
}

interface NodeHarm {
  /** Resolves with whether there was a process to harm. */
  strike(node: Victim): Promise<boolean>
  heal(node: Victim): void | Promise<void>
}

/** Every kind of fault that the processes of nodes can suffer, and what it does. */
export const nodeHarms: { readonly [Kind in Exclude<NodeFault['kind'], 'failover'>]?: NodeHarm } = {
  kill: { strike: (node) => node.kill(), heal: (node) => node.revive() },
  pause: { strike: (node) => node.pause(), heal: (node) => node.resume() },
}

/** Why no process can suffer a fault of nodes; undefined if processes can, or if it is none. */
export function processRefusal(kind: FaultKind): Exclude<Suffering, true> | undefined {
  if (!isNodeKind(kind) || kind === 'failover' || Object.hasOwn(nodeHarms, kind)) return undefined
  return { not: 'processes of a machine cannot suffer it', instead: 'kill or pause, or with --sim' }
}
