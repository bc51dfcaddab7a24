import {
  definitionOf,
  type FaultKind,
  isEngineKind,
  isMachineKind,
  isNodeKind,
  type NodeFault,
  type Refusal,
  type SurroundingFault,
} from '@chaosproxy/faults'

export interface Handover {
  /**
   * Whether the fault took effect. It does not if there was nothing to affect, or if the node refused. For some faults,
   * this is known only after they are undone.
   */
  readonly done: boolean
  undo(): Promise<void>
}

/** The faults of a node's process. Kills and pauses are counted; only the last heal takes effect. */
export interface Victim {
  kill(): Promise<boolean>
  revive(): Promise<void>
  pause(): Promise<boolean>
  resume(): void | Promise<void>
  /** Lets the container engine or the machine inject the fault. Absent if the node has neither. */
  injectFault?(fault: SurroundingFault): Promise<Handover>
}

interface NodeHarm {
  /** Injects the fault. Resolves with whether there was a process to affect. */
  strike(node: Victim): boolean | Promise<boolean>
  heal(node: Victim): void | Promise<void>
}

export const nodeHarms: {
  readonly [Kind in Exclude<NodeFault['kind'], 'failover' | SurroundingFault['kind']>]?: NodeHarm
} = {
  kill: { strike: (node) => node.kill(), heal: (node) => node.revive() },
  pause: { strike: (node) => node.pause(), heal: (node) => node.resume() },
}

/** Defines how a user-defined kind of fault affects processes. */
export function addNodeHarm(kind: string, harm: NodeHarm): void {
  const open: { [kind: string]: NodeHarm | undefined } = nodeHarms
  open[kind] = harm
}

export function processRefusal(kind: FaultKind): Refusal | undefined {
  const { notInProcesses } = definitionOf(kind)
  if (notInProcesses !== undefined) return notInProcesses
  if (!isNodeKind(kind) || kind === 'failover' || Object.hasOwn(nodeHarms, kind)) return undefined
  if (kind === 'clock')
    return { not: 'all processes of a machine read the same clock', instead: ['pause'], elsewhere: 'simulator' }
  if (isMachineKind(kind))
    return {
      not: 'only programs that a run starts by their commands, outside containers, get a disk of their own',
      instead: ['kill', 'pause'],
    }
  if (isEngineKind(kind)) return { not: 'no container engine runs its nodes', instead: ['kill', 'pause'] }
  return { not: 'processes outside containers cannot suffer it', instead: ['kill', 'pause'], elsewhere: 'simulator' }
}
