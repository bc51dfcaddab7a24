import {
  clientLinks,
  type Nemesis,
  type NodeId,
  nemeses,
  nemesisIn,
  planSchedule,
  type Random,
  type Schedule,
  type Traffic,
} from '@chaosproxy/faults'
import { didYouMean, millis, millisToNanos, nanos } from '@chaosproxy/history'
import type { Carriage } from '@chaosproxy/proxy/control'
import type { FaultPlanning, PlannedFaults } from '@chaosproxy/runner'

/** It kills the server that handles the request, which takes a cluster that knows its nodes. */
const NOT_HERE = 'crash-before-reply'

/** Servers that can suffer the same faults. */
export interface HurtServers {
  readonly nodes: readonly NodeId[]
  /** The protocol between them and their clients; undefined for raw bytes. */
  readonly carries: Carriage | undefined
  /** Whether this run started them, and so may kill and pause them. */
  readonly areOurs: boolean
}

const trafficOf = ({ carries }: Pick<HurtServers, 'carries'>): Traffic =>
  carries?.kind === 'http' ? 'requests' : 'streams'

/** The nemeses possible for these servers, of all that there are. */
const possibleFor = (servers: HurtServers): readonly Nemesis[] =>
  nemeses.flatMap((nemesis) => {
    const there = nemesis.name === NOT_HERE ? undefined : nemesisIn(trafficOf(servers), nemesis)
    return there === undefined || (there.among === 'nodes' && !servers.areOurs) ? [] : [there]
  })

/** Servers that suffer alike, and the nemeses that they suffer. */
interface Group extends HurtServers {
  readonly nemeses: readonly Nemesis[]
}

/**
 * Chooses the faults of these names and plans rounds of them for as long as clients may run. Each is applied to every
 * server that can suffer it; one that none can suffer is refused.
 */
export function planTrafficFaults(
  wanted: readonly string[],
  servers: readonly HurtServers[],
  { timeMs, random, refuse }: FaultPlanning,
): PlannedFaults {
  const possible = servers.map((each): Group => ({ ...each, nemeses: possibleFor(each) }))
  const names = [...new Set(possible.flatMap((group) => group.nemeses.map(({ name }) => name)))]
  const unknown = wanted.find((name) => !names.includes(name))
  if (unknown !== undefined) return refuse(refusalOf(unknown, names, servers))
  const groups = possible.map((group) => ({
    ...group,
    nemeses: wanted.flatMap((name) => group.nemeses.find((each) => each.name === name) ?? []),
  }))
  const all = groups.flatMap((group) => group.nemeses)
  return {
    nemeses: all.filter(({ name }, i) => all.findIndex((other) => other.name === name) === i),
    schedule: planRounds(groups, timeMs, random),
  }
}

function refusalOf(name: string, names: readonly string[], servers: readonly HurtServers[]): string {
  const known = `Known: ${names.join(', ')}, none.`
  const nemesis = nemeses.find((each) => each.name === name)
  if (nemesis === undefined) return `--faults ${name}: there is no fault ${name}.${didYouMean(name, names)} ${known}`
  const isHttp = servers.some((each) => trafficOf(each) === 'requests')
  if (nemesis.among === 'clients' && name !== NOT_HERE && !isHttp)
    return `--faults ${name}: this fault needs HTTP: only there can single requests be recognised. ${known}`
  const why = servers.some(({ areOurs }) => areOurs)
    ? `only what passes between the servers and their clients is hurt here. ${known} For`
    : `the servers are not ours here, only what passes between them and their clients. ${known} For kill and pause let this run start them with --serve; for`
  return `--faults ${name}: ${why} ${name}, declare them as a target.`
}

/** The command's duration is unknown, so faults repeat in rounds, short enough that a brief command meets some. */
const ROUND_MS = millis(5_000)
/** After faults on whole streams, clients need calm to reconnect and retry: the faults are this much further apart. */
const CALM_FACTOR = 4
/** When the first fault of a round starts, approximately. */
const FIRST_MS = millis(500)

function planRounds(groups: readonly Group[], longestMs: number, random: Random): Schedule {
  const schedule = groups.flatMap(({ nodes, carries, nemeses: kinds }, i) => {
    const calm = trafficOf({ carries }) === 'requests' ? 1 : CALM_FACTOR
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
