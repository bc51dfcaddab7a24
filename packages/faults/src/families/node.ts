import { inputError } from '@chaosproxy/history'
import { type FaultDefinition, type HarmOf, isKindOf } from '../definition/definition.ts'
import { findDefinition, readHarm } from '../definition/family.ts'
import type { NodeId } from '../definition/link.ts'
import { readObject } from '../definition/read-parameters.ts'
import {
  clock,
  crash,
  failFsync,
  failover,
  fillDisk,
  flipBit,
  freezeDisk,
  kill,
  limitCpu,
  limitMemory,
  loseCommitReply,
  pause,
  powerLoss,
  refuseSessions,
  restart,
  serializationFailure,
  signal,
  slowFsync,
  slowStatements,
  stop,
} from '../kinds/nodes.ts'

const engineKinds = [stop, restart, signal, limitCpu, limitMemory, fillDisk, clock] as const
/** Faults of the machine under a process: its disk and its clock. */
const machineKinds = [powerLoss, flipBit, slowFsync, failFsync, freezeDisk, fillDisk, clock] as const
const databaseKinds = [loseCommitReply, serializationFailure, refuseSessions, slowStatements] as const
const kinds = [
  ...[kill, crash, pause, failover, powerLoss, flipBit, slowFsync, failFsync, freezeDisk],
  ...engineKinds,
  ...databaseKinds,
] as const

export type NodeHarm = HarmOf<(typeof kinds)[number]>
export type NodeFault = NodeHarm & { readonly nodes: readonly NodeId[] }
/** A visible effect of a node: writing to its disk, sending to another node, replying to a client. */
export type NodeEffect = Extract<NodeHarm, { readonly kind: 'crash' }>['before']

export const isNodeKind = isKindOf(kinds)

export type EngineFault = HarmOf<(typeof engineKinds)[number]> & { readonly nodes: readonly NodeId[] }

export const isEngineKind = isKindOf(engineKinds)

export type MachineFault = HarmOf<(typeof machineKinds)[number]> & { readonly nodes: readonly NodeId[] }

export const isMachineFault = (fault: { readonly kind: string }): fault is MachineFault => isMachineKind(fault.kind)

export const isMachineKind = isKindOf(machineKinds)

export type DatabaseFault = HarmOf<(typeof databaseKinds)[number]> & { readonly nodes: readonly NodeId[] }

export const isDatabaseKind = isKindOf(databaseKinds)

export const isEngineFault = (fault: { readonly kind: string }): fault is EngineFault => isEngineKind(fault.kind)

/** A fault that a container engine or a machine injects. */
export type SurroundingFault = EngineFault | MachineFault

export const isSurroundingFault = (fault: { readonly kind: string }): fault is SurroundingFault =>
  isEngineKind(fault.kind) || isMachineKind(fault.kind)

export const stopsNodes = (kind: string): boolean =>
  nodeFamily.kinds.some((definition: FaultDefinition) => definition.kind === kind && definition.stopsNodes === true)

/** Faults of whole nodes. The code that runs the nodes injects these faults, not the proxy. */
export const nodeFamily = {
  name: 'node',
  summary: 'whole nodes: their processes and clocks',
  kinds,
  has: isNodeKind,
  /** Parses `{"kind":"kill","nodes":["n1"]}`. @throws UserError (input) with a message that begins with `where`. */
  parse(value: unknown, where: string, beside: readonly string[] = []): NodeFault {
    const members = readObject(value, where)
    const definition = findDefinition(kinds, members['kind'], where, 'fault of nodes')
    const nodes = parseNodes(members['nodes'], `${where}: ${definition.kind}`)
    // The cast is safe, because the object has exactly the members of a fault of its kind.
    return { ...readHarm(definition, members, where, ['kind', 'nodes', ...beside]), nodes } as NodeFault
  },
} as const

function parseNodes(value: unknown, where: string): string[] {
  if (Array.isArray(value) && value.length > 0 && value.every((node) => typeof node === 'string' && node !== ''))
    return value
  throw inputError(`${where}: "nodes" must be a list of nodes, such as ["n1"].`)
}
