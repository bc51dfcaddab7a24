import { type Fault, type FaultKind, familyOf, nemeses } from '@chaosproxy/faults'
import type { Suffering } from '@chaosproxy/runner'
import type { LinkFault } from './world/network.ts'

/** Faults that simulated programs can suffer. */
export type ServiceFault = LinkFault | Extract<Fault, { readonly kind: 'reset' | 'kill' | 'pause' | 'clock' }>

const kinds: { readonly [Kind in ServiceFault['kind']]: true } = {
  partition: true,
  blackhole: true,
  latency: true,
  bandwidth: true,
  reset: true,
  kill: true,
  pause: true,
  clock: true,
}

const instead: { readonly [kind in FaultKind]?: string } = {
  crash: 'kill',
  'drop-message': 'latency, which is what TCP makes of loss, or partition',
  'delay-message': 'latency',
  'reorder-message': 'latency: every connection has delays of its own',
  'duplicate-message': 'reset, after which programs send again',
  'lose-request': 'partition of the link from clients',
  'lose-reply': 'partition of the link to clients',
  'delay-request': 'latency',
  'delay-reply': 'latency',
  timeout: 'blackhole',
  'reset-peer': 'reset',
  'half-open': 'blackhole',
}

export function serviceSuffers(kind: FaultKind): Suffering {
  if (Object.hasOwn(kinds, kind)) return true
  const family = familyOf(kind)?.name
  const not =
    family === 'message' || family === 'http'
      ? 'programs exchange bytes over connections, in which the simulator does not look for messages yet'
      : 'it is not simulated for programs yet'
  return { not, instead: instead[kind] ?? 'run it on real processes: chaos run' }
}

export const isServiceFault = (fault: Fault): fault is ServiceFault => Object.hasOwn(kinds, fault.kind)

/** What a search injects unless it is told: every fault among nodes that programs can suffer. */
export const usualServiceFaults: readonly string[] = nemeses
  .filter(({ among, kind }) => among === 'nodes' && serviceSuffers(kind) === true)
  .map(({ name }) => name)
