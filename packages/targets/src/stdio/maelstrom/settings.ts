import { type Millis, millis } from '@chaosproxy/history'
import type { ProtocolSettingValue } from '@chaosproxy/protocols'
import { choice, type Setting } from '@chaosproxy/workloads'
import { topologyNames, USUAL_TOPOLOGY } from './topology.ts'

const CONSTANT = 'constant'

/** Maelstrom's options for the network. Programs have the same settings in real and in virtual time. */
export const networkSettings: readonly Setting[] = [
  {
    name: 'latency',
    summary: 'mean delay of a message between nodes, in ms; messages of clients have no delay',
    default: 0,
    min: 0,
    max: 10_000,
    fraction: true,
  },
  choice('latency-dist', ['uniform', CONSTANT], 'whether each message is delayed alike, or by 0 to twice the mean'),
  {
    name: 'topology',
    summary: 'which nodes are neighbours, as the topology message of broadcast says',
    default: USUAL_TOPOLOGY,
    values: topologyNames,
  },
]

/** The delay of a message between nodes: `delayMs`, plus a random part of `jitterMs`. */
export interface Latency {
  readonly delayMs: Millis
  readonly jitterMs: Millis
}

export interface NetworkSettings {
  readonly latency: Latency
  readonly topology: string
}

export function networkOf(settings: { readonly [name: string]: ProtocolSettingValue }): NetworkSettings {
  const mean = Number(settings['latency'] ?? 0)
  const isConstant = settings['latency-dist'] === CONSTANT
  return {
    latency: { delayMs: millis(isConstant ? mean : 0), jitterMs: millis(isConstant ? 0 : 2 * mean) },
    topology: String(settings['topology'] ?? USUAL_TOPOLOGY),
  }
}
