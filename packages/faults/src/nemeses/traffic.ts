import { millis } from '@chaosproxy/history'
import { fromClients, type Link, type NodeId, toClients } from '../definition/link.ts'
import { tcpFamily } from '../families/tcp.ts'
import { amongClients, amongNodes, type Nemesis, type Strategy, type Traffic } from './nemesis.ts'

// Strategies for faults in traffic between external servers and their clients.

/** Returns the nemesis for this kind of traffic, if the traffic supports the fault. */
export function nemesisIn(traffic: Traffic, nemesis: Nemesis): Nemesis | undefined {
  const instead = nemesis.inTraffic?.[traffic]
  if (instead !== undefined) return { ...instead, name: nemesis.name }
  const isFelt = nemesis.among === 'clients' && (traffic === 'requests' || tcpFamily.has(nemesis.kind))
  return isFelt ? nemesis : undefined
}

export const inAllTraffic = (strategy: Strategy) => ({ requests: strategy, streams: strategy })

export const clientLinks = (nodes: readonly NodeId[]): readonly Link[] =>
  nodes.flatMap((node) => [
    { from: 'clients', to: node },
    { from: node, to: 'clients' },
  ])

const modes = ['hold', 'drop'] as const

export const cutOffClients: Strategy = amongClients('partition', {
  summary: 'cut all clients off from one server, or from all of them',
  plan(random, nodes) {
    const cut = random.chance(0.5) ? nodes : [random.pick(nodes)]
    return { links: clientLinks(cut), mode: random.pick(modes) }
  },
})

export const loseClientPackets: Strategy = amongClients('packet-loss', {
  summary: 'lose 10% of the packets between clients and servers: TCP sends them again after 200 ms or more',
  plan: (_, nodes) => ({ links: clientLinks(nodes), probability: 0.1, retransmitMs: millis(200) }),
})

export const resetClients: Strategy = amongClients('reset', {
  summary: 'reset every connection of clients at once',
  plan: (_, nodes) => ({ links: fromClients(nodes) }),
})

/** Outside HTTP, single responses cannot be dropped. Drops all responses for a while, then resets the connections. */
export const loseAnswers: Strategy = amongClients('partition', {
  summary: 'pass client requests and drop the responses; then reset the connections',
  plan: (_, nodes) => ({ links: toClients(nodes), mode: 'drop' }),
})

export const loseQuestions: Strategy = amongClients('partition', {
  summary: 'drop client requests before they reach a server; then reset the connections',
  plan: (_, nodes) => ({ links: fromClients(nodes), mode: 'drop' }),
})

export const holdAnswers: Strategy = amongClients('latency', {
  summary: 'delay responses by 50 to 500 ms',
  plan: (random, nodes) => ({
    links: toClients(nodes),
    latencyMs: millis(50 + random.integer(451)),
    jitterMs: millis(0),
    distribution: 'uniform',
  }),
})

export const killServer: Strategy = amongNodes('kill', {
  summary: 'kill -9 one server that this run started, and start it again',
  plan: (random, nodes) => ({ nodes: [random.pick(nodes)] }),
})

export const pauseServer: Strategy = amongNodes('pause', {
  summary: 'suspend one server that this run started (SIGSTOP), and resume it',
  plan: (random, nodes) => ({ nodes: [random.pick(nodes)] }),
})
