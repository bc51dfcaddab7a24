import { millis } from '@chaosproxy/history'
import type { Random } from '../schedule/random.ts'
import type { FaultPlan } from '../schedule/schedule.ts'
import { just, type Nemesis } from './nemesis.ts'
import { inAllTraffic, loseClientPackets, resetClients } from './traffic.ts'

export const delay: Nemesis = {
  name: 'delay',
  summary: 'delay every message between nodes by 20 to 200 ms, with jitter',
  kind: 'latency',
  among: 'nodes',
  plan: (random) => just({ ...latency(random), links: 'between-nodes' }),
}

export const delayClients: Nemesis = {
  name: 'delay-clients',
  summary: 'delay client traffic by 20 to 200 ms, with jitter',
  kind: 'latency',
  among: 'clients',
  plan: (random) => just({ ...latency(random), links: 'with-clients' }),
}

function latency(random: Random): Omit<Extract<FaultPlan, { readonly kind: 'latency' }>, 'links'> {
  const latencyMs = 20 + random.integer(181)
  return {
    kind: 'latency',
    latencyMs: millis(latencyMs),
    jitterMs: millis(Math.round(latencyMs / 2)),
    distribution: 'uniform',
  }
}

export const slow: Nemesis = {
  name: 'slow',
  summary: 'limit traffic between nodes to 2 to 20 KB/s',
  kind: 'bandwidth',
  among: 'nodes',
  plan: (random) =>
    just({
      kind: 'bandwidth',
      links: 'between-nodes',
      bytesPerSecond: 2_000 + random.integer(18_001),
      shared: false,
    }),
}

export const reset: Nemesis = {
  name: 'reset',
  summary: 'reset every connection between nodes at once',
  kind: 'reset',
  among: 'nodes',
  plan: () => just({ kind: 'reset', links: 'between-nodes' }),
  inTraffic: inAllTraffic(resetClients),
}

export const packetLoss: Nemesis = {
  name: 'packet-loss',
  summary: 'lose 10% of the packets between nodes: TCP sends them again after 200 ms or more',
  kind: 'packet-loss',
  among: 'nodes',
  plan: () => just({ kind: 'packet-loss', links: 'between-nodes', probability: 0.1, retransmitMs: millis(200) }),
  inTraffic: inAllTraffic(loseClientPackets),
}
