import { type Link, linksBetween, type Nemesis, type NodeId, nemeses, planSchedule } from '@chaosproxy/faults'
import { didYouMean } from '@chaosproxy/history'
import type { FaultPlanning, PlannedFaults, Suffering } from '@chaosproxy/runner'

export interface PlannedFor {
  readonly nodes: readonly NodeId[]
  /** The services that are no nodes, with what their containers are called on links. */
  readonly services: ReadonlyMap<string, readonly string[]>
  readonly suffers: (nemesis: Nemesis) => Suffering
}

/**
 * Chooses the faults of these names: those of any cluster, and `NAME:SERVICE`, which is the fault between nodes of that
 * name, on the links between nodes and a service that they depend on.
 */
export function planContainerFaults(
  names: readonly string[],
  { nodes, services, suffers }: PlannedFor,
  { timeMs, random, refuse }: FaultPlanning,
): PlannedFaults {
  const chosen = names.map((name) => {
    const [base = '', service] = name.split(':')
    const nemesis = nemeses.find((each) => each.name === base)
    if (nemesis === undefined) {
      const known = nemeses.map((each) => each.name)
      return refuse(`there is no fault ${base}.${didYouMean(base, known)} Known: ${known.join(', ')}.`)
    }
    const suffering = suffers(nemesis)
    if (suffering !== true)
      return refuse(`this cluster cannot suffer ${base}: ${suffering.not}. Instead: ${suffering.instead}.`)
    if (service === undefined) return nemesis
    const ends = services.get(service)
    const known = [...services.keys()]
    if (ends === undefined)
      return refuse(
        `${name}: no service ${service} runs that is no node.${didYouMean(service, known)} There are: ${known.join(', ') || 'none'}.`,
      )
    if (nemesis.among !== 'nodes' || nemesis.kind === 'kill' || nemesis.kind === 'pause')
      return refuse(`${name}: of a service that is no node, only its links can be hurt: partition:${service}.`)
    return onService(nemesis, service, linksBetween([nodes, ends]))
  })
  return { nemeses: chosen, schedule: planSchedule({ nemeses: chosen, nodes, durationMs: timeMs, random }) }
}

const onService = (nemesis: Nemesis, service: string, links: readonly Link[]): Nemesis => ({
  name: `${nemesis.name}:${service}`,
  summary: `${nemesis.summary}, on the links between nodes and ${service}`,
  kind: nemesis.kind,
  among: nemesis.among,
  plan(random, nodes) {
    const { parts, lengths } = nemesis.plan(random, nodes)
    return {
      lengths,
      parts: parts.map((part) => ({ ...part, plan: 'links' in part.plan ? { ...part.plan, links } : part.plan })),
    }
  },
})
