import { type Nemesis, type NodeId, nemeses, planSchedule, type Random, type Schedule } from '@chaosproxy/faults'
import { didYouMean, millis, millisToNanos, nanos, UserError } from '@chaosproxy/history'
import type { Carriage } from '@chaosproxy/proxy/control'
import { clientLinks } from './traffic-cluster.ts'

type Episode = ReturnType<Nemesis['plan']>

const just = (plan: Episode['parts'][number]['plan']): Episode => ({ parts: [{ from: 0, to: 1, plan }], lengths: 1 })
const modes = ['hold', 'drop'] as const

/** With nothing but the clients' links in our hands, a partition stands between clients and servers. */
const partition: Nemesis = {
  name: 'partition',
  summary: 'cut all clients off from one server, or from all of them',
  kind: 'partition',
  among: 'clients',
  plan(random, nodes) {
    const cut = random.chance(0.5) ? nodes : [random.pick(nodes)]
    return just({ kind: 'partition', links: clientLinks(cut), mode: random.pick(modes) })
  },
}

const reset: Nemesis = {
  name: 'reset',
  summary: 'reset every connection of clients at once',
  kind: 'reset',
  among: 'clients',
  plan: (_, nodes) => just({ kind: 'reset', links: nodes.map((to) => ({ from: 'clients', to })) }),
}

/** Of streams that are no HTTP, single answers cannot be taken out: all of them are lost for a while, then the connections. */
const loseReply: Nemesis = {
  name: 'lose-reply',
  summary: 'let what clients ask be done, and lose the answers; then reset the connections',
  kind: 'partition',
  among: 'clients',
  plan: (_, nodes) => just({ kind: 'partition', links: nodes.map((from) => ({ from, to: 'clients' })), mode: 'drop' }),
}

const loseRequest: Nemesis = {
  name: 'lose-request',
  summary: 'lose what clients ask before it reaches a server; then reset the connections',
  kind: 'partition',
  among: 'clients',
  plan: (_, nodes) => just({ kind: 'partition', links: nodes.map((to) => ({ from: 'clients', to })), mode: 'drop' }),
}

const delayReply: Nemesis = {
  name: 'delay-reply',
  summary: 'hold answers back for 50 to 500 ms',
  kind: 'latency',
  among: 'clients',
  plan: (random, nodes) =>
    just({
      kind: 'latency',
      links: nodes.map((from) => ({ from, to: 'clients' })),
      latencyMs: millis(50 + random.integer(451)),
      jitterMs: millis(0),
      distribution: 'uniform',
    }),
}

/** It kills a server, which is somebody else's. */
const NOT_OURS = 'crash-before-reply'
const named = (name: string): readonly Nemesis[] => nemeses.filter((nemesis) => nemesis.name === name)

/** What can be done to clients whose servers somebody else started. */
export function trafficNemeses({ kind }: Carriage): readonly Nemesis[] {
  if (kind === 'http')
    return [partition, reset, ...nemeses.filter(({ among, name }) => among === 'clients' && name !== NOT_OURS)]
  return [partition, reset, loseReply, loseRequest, delayReply, ...named('delay-clients'), ...named('cut-clients')]
}

/** `partition,lose-reply`, or `none`. @throws UserError (usage) */
export function parseTrafficFaults(typed: string, carries: Carriage): readonly Nemesis[] {
  if (typed === 'none') return []
  const known = trafficNemeses(carries)
  const names = known.map(({ name }) => name)
  return typed.split(',').map((part) => {
    const name = part.trim()
    const found = known.find((nemesis) => nemesis.name === name)
    if (found !== undefined) return found
    const needsNodes = nemeses.some((nemesis) => nemesis.name === name)
    throw new UserError(
      'usage',
      needsNodes
        ? `--faults ${name}: the servers are not ours here, only what passes between them and their clients. Known: ${names.join(', ')}, none. For ${name}, declare the servers as a target.`
        : `--faults ${typed}: there is no fault ${name}.${didYouMean(name, names)} Known: ${names.join(', ')}, none.`,
    )
  })
}

/** Commands end when they like: faults come again and again, and a short one has its share. */
const ROUND_MS = millis(5_000)

/** For as long as clients may be at work. */
export function planRounds(
  kinds: readonly Nemesis[],
  nodes: readonly NodeId[],
  longestMs: number,
  random: Random,
): Schedule {
  const rounds = Math.max(1, Math.ceil(longestMs / ROUND_MS))
  const schedule = Array.from({ length: rounds }, (_, round) =>
    planSchedule({ nemeses: kinds, nodes, durationMs: ROUND_MS, random: random.fork(`round ${round}`) }).map(
      (fault) => {
        const later = round * millisToNanos(ROUND_MS)
        return { ...fault, from: nanos(fault.from + later), to: nanos(fault.to + later) }
      },
    ),
  )
  return schedule.flat().map((fault, i) => ({ ...fault, id: `fault-${i + 1}` }))
}
