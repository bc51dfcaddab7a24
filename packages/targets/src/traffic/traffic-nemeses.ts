import { type Nemesis, type NodeId, nemeses, planSchedule, type Random, type Schedule } from '@chaosproxy/faults'
import { didYouMean, millis, millisToNanos, nanos, UserError } from '@chaosproxy/history'
import type { Carriage } from '@chaosproxy/proxy/control'
import { clientLinks } from './traffic-cluster.ts'

type Episode = ReturnType<Nemesis['plan']>

const just = (plan: Episode['parts'][number]['plan']): Episode => ({ parts: [{ from: 0, to: 1, plan }], lengths: 1 })
const modes = ['hold', 'drop'] as const

/** Only the clients' links can be cut, so a partition separates clients from servers. */
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

/**
 * Replies cannot be dropped one at a time in a stream that is not HTTP: all are dropped for a while, then connections
 * reset.
 */
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

const kill: Nemesis = {
  name: 'kill',
  summary: 'kill -9 one server that this run started, and start it again',
  kind: 'kill',
  among: 'nodes',
  plan: (random, nodes) => just({ kind: 'kill', nodes: [random.pick(nodes)] }),
}

const pause: Nemesis = {
  name: 'pause',
  summary: 'stop one server that this run started in mid-step (SIGSTOP), and resume it',
  kind: 'pause',
  among: 'nodes',
  plan: (random, nodes) => just({ kind: 'pause', nodes: [random.pick(nodes)] }),
}

/** It kills the server that handles the request, which takes a cluster that knows its nodes. */
const NOT_HERE = 'crash-before-reply'
const named = (name: string): readonly Nemesis[] => nemeses.filter((nemesis) => nemesis.name === name)

/** Servers that can suffer the same faults. */
export interface HurtServers {
  readonly nodes: readonly NodeId[]
  /** The protocol between them and their clients; undefined for raw bytes. */
  readonly carries: Carriage | undefined
  /** Whether this run started them, and so may kill and pause them. */
  readonly areOurs: boolean
}

/** The nemeses possible for these servers. */
function trafficNemeses({ carries, areOurs }: Omit<HurtServers, 'nodes'>): readonly Nemesis[] {
  const toProcesses = areOurs ? [kill, pause] : []
  if (carries?.kind === 'http') {
    const toRequests = nemeses.filter(({ among, name }) => among === 'clients' && name !== NOT_HERE)
    return [partition, reset, ...toRequests, ...toProcesses]
  }
  const toBytes = [partition, reset, loseReply, loseRequest, delayReply]
  return [...toBytes, ...named('delay-clients'), ...named('cut-clients'), ...toProcesses]
}

/** The nemeses of a run, and the servers that they hit. */
export interface TrafficFaults {
  /** In the order in which they were requested. */
  readonly nemeses: readonly Nemesis[]
  readonly groups: readonly (Pick<HurtServers, 'nodes' | 'carries'> & { readonly nemeses: readonly Nemesis[] })[]
}

/**
 * Parses `partition,lose-reply` or `none`. Each fault is applied to every server that can suffer it.
 *
 * @throws UserError (usage) for a fault that no server can suffer.
 */
export function parseTrafficFaults(typed: string, servers: readonly HurtServers[]): TrafficFaults {
  if (typed === 'none') return { nemeses: [], groups: [] }
  const possible = servers.map((each) => ({ ...each, nemeses: trafficNemeses(each) }))
  const names = [...new Set(possible.flatMap((group) => group.nemeses.map(({ name }) => name)))]
  const wanted = typed.split(',').map((part) => part.trim())
  const someAreOurs = servers.some(({ areOurs }) => areOurs)
  const isHttp = servers.some(({ carries }) => carries?.kind === 'http')
  for (const name of wanted) if (!names.includes(name)) throw refusal(name, names, { someAreOurs, isHttp })
  const groups = possible.map(({ nodes, carries, nemeses: each }) => ({
    nodes,
    carries,
    nemeses: each.filter(({ name }) => wanted.includes(name)),
  }))
  const all = groups.flatMap((group) => group.nemeses)
  return { nemeses: all.filter(({ name }, i) => all.findIndex((other) => other.name === name) === i), groups }
}

function refusal(
  name: string,
  names: readonly string[],
  { someAreOurs, isHttp }: { readonly someAreOurs: boolean; readonly isHttp: boolean },
): UserError {
  const known = `Known: ${names.join(', ')}, none.`
  const nemesis = nemeses.find((each) => each.name === name)
  if (nemesis === undefined)
    return new UserError('usage', `--faults ${name}: there is no fault ${name}.${didYouMean(name, names)} ${known}`)
  if (nemesis.among === 'clients' && name !== NOT_HERE && !isHttp)
    return new UserError(
      'usage',
      `--faults ${name}: this fault needs HTTP: only there can single requests be recognised. ${known}`,
    )
  const why = someAreOurs
    ? `only what passes between the servers and their clients is hurt here. ${known} For`
    : `the servers are not ours here, only what passes between them and their clients. ${known} For kill and pause let this run start them with --serve; for`
  return new UserError('usage', `--faults ${name}: ${why} ${name}, declare them as a target.`)
}

/** The command's duration is unknown, so faults repeat in rounds, short enough that a brief command meets some. */
const ROUND_MS = millis(5_000)
/** After faults on whole streams, clients need calm to reconnect and retry: the faults are this much further apart. */
const CALM_FACTOR = 4
/** When the first fault of a round starts, approximately. */
const FIRST_MS = millis(500)

/** Plans rounds of faults for as long as clients may run. */
export function planRounds({ groups }: TrafficFaults, longestMs: number, random: Random): Schedule {
  const schedule = groups.flatMap(({ nodes, carries, nemeses: kinds }, i) => {
    const calm = carries?.kind === 'http' ? 1 : CALM_FACTOR
    const rounds = Math.max(1, Math.ceil(longestMs / ROUND_MS / calm))
    return Array.from({ length: rounds }, (_, round) => {
      const drawn = random.fork(i === 0 ? `round ${round}` : `round ${round} of group ${i}`)
      return planSchedule({ nemeses: kinds, nodes, durationMs: ROUND_MS, random: drawn }).map((fault) => {
        const first = millisToNanos(FIRST_MS)
        const from = first + calm * (round * millisToNanos(ROUND_MS) + fault.from - first)
        return { ...fault, from: nanos(from), to: nanos(from + fault.to - fault.from), plan: within(fault.plan, nodes) }
      })
    }).flat()
  })
  return schedule.sort((a, b) => a.from - b.from).map((fault, i) => ({ ...fault, id: `fault-${i + 1}` }))
}

/** Restricts selectors to the servers of a group. */
function within(plan: Schedule[number]['plan'], nodes: readonly NodeId[]): Schedule[number]['plan'] {
  if ('nodes' in plan) return plan
  if (plan.links === 'from-clients') return { ...plan, links: nodes.map((to) => ({ from: 'clients', to })) }
  if (plan.links === 'with-clients') return { ...plan, links: clientLinks(nodes) }
  return plan
}
