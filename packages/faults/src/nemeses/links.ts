import { millis } from '@chaosproxy/history'
import type { Random } from '../schedule/random.ts'
import type { FaultPlan } from '../schedule/schedule.ts'
import { amongClients, amongNodes, type Nemesis } from './nemesis.ts'
import { inAllTraffic, loseClientPackets, resetClients } from './traffic.ts'

export const links: readonly Nemesis[] = [
  amongNodes('latency', {
    name: 'delay',
    summary: 'delay every message between nodes by 20 to 200 ms, with jitter',
    plan: (random) => ({ ...latency(random), links: 'between-nodes' }),
  }),
  amongNodes('bandwidth', {
    name: 'slow',
    summary: 'limit traffic between nodes to 2 to 20 KB/s',
    plan: (random) => ({ links: 'between-nodes', bytesPerSecond: 2_000 + random.integer(18_001), shared: false }),
  }),
  amongNodes('packet-loss', {
    summary: 'lose 10% of the packets between nodes: TCP sends them again after 200 ms or more',
    plan: () => ({ links: 'between-nodes', probability: 0.1, retransmitMs: millis(200) }),
    inTraffic: inAllTraffic(loseClientPackets),
  }),
  amongNodes('reset', {
    summary: 'reset every connection between nodes at once',
    plan: () => ({ links: 'between-nodes' }),
    inTraffic: inAllTraffic(resetClients),
  }),
]

export const delayClients: Nemesis = amongClients('latency', {
  name: 'delay-clients',
  summary: 'delay client traffic by 20 to 200 ms, with jitter',
  plan: (random) => ({ ...latency(random), links: 'with-clients' }),
})

function latency(random: Random): Omit<Extract<FaultPlan, { readonly kind: 'latency' }>, 'kind' | 'links'> {
  const latencyMs = 20 + random.integer(181)
  return {
    latencyMs: millis(latencyMs),
    jitterMs: millis(Math.round(latencyMs / 2)),
    distribution: 'uniform',
  }
}
