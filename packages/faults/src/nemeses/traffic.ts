import { millis } from '@chaosproxy/history'
import type { Link, NodeId } from '../definition/link.ts'
import { tcpFamily } from '../families/tcp.ts'
import { just, type Nemesis, type Strategy, type Traffic } from './nemesis.ts'

// What nemeses do where clients and servers are somebody else's, and only what passes between them can be hurt.

/** The nemesis as it is in such traffic; undefined if it cannot hurt that. */
export function nemesisIn(traffic: Traffic, nemesis: Nemesis): Nemesis | undefined {
  const instead = nemesis.inTraffic?.[traffic]
  if (instead !== undefined) return { name: nemesis.name, ...instead }
  const isFelt = nemesis.among === 'clients' && (traffic === 'requests' || tcpFamily.has(nemesis.kind))
  return isFelt ? nemesis : undefined
}

/** The same in all traffic. */
export const inAllTraffic = (strategy: Strategy) => ({ requests: strategy, streams: strategy })

/** The links between clients and these nodes, in both directions. */
export const clientLinks = (nodes: readonly NodeId[]): readonly Link[] =>
  nodes.flatMap((node) => [
    { from: 'clients', to: node },
    { from: node, to: 'clients' },
  ])

const fromClients = (nodes: readonly NodeId[]): readonly Link[] => nodes.map((to) => ({ from: 'clients', to }))
const toClients = (nodes: readonly NodeId[]): readonly Link[] => nodes.map((from) => ({ from, to: 'clients' }))

const modes = ['hold', 'drop'] as const

export const cutOffClients: Strategy = {
  summary: 'cut all clients off from one server, or from all of them',
  kind: 'partition',
  among: 'clients',
  plan(random, nodes) {
    const cut = random.chance(0.5) ? nodes : [random.pick(nodes)]
    return just({ kind: 'partition', links: clientLinks(cut), mode: random.pick(modes) })
  },
}

export const resetClients: Strategy = {
  summary: 'reset every connection of clients at once',
  kind: 'reset',
  among: 'clients',
  plan: (_, nodes) => just({ kind: 'reset', links: fromClients(nodes) }),
}

/**
 * Replies cannot be dropped one at a time in a stream that is not HTTP: all are dropped for a while, then connections
 * reset.
 */
export const loseAnswers: Strategy = {
  summary: 'let what clients ask be done, and lose the answers; then reset the connections',
  kind: 'partition',
  among: 'clients',
  plan: (_, nodes) => just({ kind: 'partition', links: toClients(nodes), mode: 'drop' }),
}

export const loseQuestions: Strategy = {
  summary: 'lose what clients ask before it reaches a server; then reset the connections',
  kind: 'partition',
  among: 'clients',
  plan: (_, nodes) => just({ kind: 'partition', links: fromClients(nodes), mode: 'drop' }),
}

export const holdAnswers: Strategy = {
  summary: 'hold answers back for 50 to 500 ms',
  kind: 'latency',
  among: 'clients',
  plan: (random, nodes) =>
    just({
      kind: 'latency',
      links: toClients(nodes),
      latencyMs: millis(50 + random.integer(451)),
      jitterMs: millis(0),
      distribution: 'uniform',
    }),
}

export const killServer: Strategy = {
  summary: 'kill -9 one server that this run started, and start it again',
  kind: 'kill',
  among: 'nodes',
  plan: (random, nodes) => just({ kind: 'kill', nodes: [random.pick(nodes)] }),
}

export const pauseServer: Strategy = {
  summary: 'stop one server that this run started in mid-step (SIGSTOP), and resume it',
  kind: 'pause',
  among: 'nodes',
  plan: (random, nodes) => just({ kind: 'pause', nodes: [random.pick(nodes)] }),
}
