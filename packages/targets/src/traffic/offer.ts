import {
  clientLinks,
  type FaultPlan,
  type Nemesis,
  type NodeId,
  nemeses,
  nemesisIn,
  type Traffic,
} from '@chaosproxy/faults'
import { didYouMean } from '@chaosproxy/history'
import type { Carriage } from '@chaosproxy/proxy/control'
import type { Offer } from '@chaosproxy/runner'

/** This fault kills the server that handles a request. Only a cluster knows which server that is. */
const NOT_HERE = 'crash-before-reply'

/** Servers into which the same faults can be injected. */
export interface AffectedServers {
  readonly nodes: readonly NodeId[]
  /** The protocol between the servers and their clients; undefined for raw bytes. */
  readonly carries: Carriage | undefined
  /** Whether this run started the servers, and so may kill and pause them. */
  readonly areOurs: boolean
}

const trafficOf = ({ carries }: Pick<AffectedServers, 'carries'>): Traffic =>
  carries?.kind === 'http' ? 'requests' : 'streams'

const possibleFor = (servers: AffectedServers): readonly Nemesis[] =>
  nemeses.flatMap((nemesis) => {
    const there = nemesis.name === NOT_HERE ? undefined : nemesisIn(trafficOf(servers), nemesis)
    return there === undefined || (there.among === 'nodes' && !servers.areOurs) ? [] : [there]
  })

/** After faults on whole streams, the calm is longer by this factor, because clients reconnect and retry. */
const CALM_OF_STREAMS = 4

export const trafficOffer = (servers: AffectedServers): Offer => ({
  nodes: servers.nodes,
  nemeses: possibleFor(servers).map(onlyHere),
  calm: trafficOf(servers) === 'requests' ? 1 : CALM_OF_STREAMS,
})

const onlyHere = (nemesis: Nemesis): Nemesis => ({
  ...nemesis,
  plan(random, nodes) {
    const { parts, lengths } = nemesis.plan(random, nodes)
    return { lengths, parts: parts.map((part) => ({ ...part, plan: within(part.plan, nodes) })) }
  },
})

/** Explains why the named fault cannot be injected into these servers. */
export function trafficRefusal(name: string, servers: readonly AffectedServers[]): string {
  const names = [...new Set(servers.flatMap((each) => possibleFor(each).map((nemesis) => nemesis.name)))]
  const known = `Known: ${names.join(', ')}, none.`
  const nemesis = nemeses.find((each) => each.name === name)
  if (nemesis === undefined) return `--faults ${name}: there is no fault ${name}.${didYouMean(name, names)} ${known}`
  const isHttp = servers.some((each) => trafficOf(each) === 'requests')
  if (nemesis.among === 'clients' && name !== NOT_HERE && !isHttp)
    return `--faults ${name}: this fault needs HTTP: only there can single requests be recognised. ${known}`
  const why = servers.some(({ areOurs }) => areOurs)
    ? `faults here act only on traffic between the servers and their clients. ${known} For`
    : `this run did not start the servers, so faults act only on their traffic with clients. ${known} For kill and pause, let the run start the servers with --serve; for`
  return `--faults ${name}: ${why} ${name}, declare the servers as a target.`
}

/** Restricts the links of all clients in a plan to these servers. */
function within(plan: FaultPlan, nodes: readonly NodeId[]): FaultPlan {
  if ('nodes' in plan) return plan
  if (plan.links === 'from-clients') return { ...plan, links: nodes.map((to) => ({ from: 'clients', to })) }
  if (plan.links === 'with-clients') return { ...plan, links: clientLinks(nodes) }
  return plan
}
