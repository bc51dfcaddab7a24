import { isNodeKind, type Link, linksBetween, type Nemesis, type NodeId, nemeses } from '@chaosproxy/faults'
import { didYouMean } from '@chaosproxy/history'
import type { Offer, Suffering } from '@chaosproxy/runner'

/** What the faults on offer depend on. */
export interface Offering {
  readonly nodes: readonly NodeId[]
  /** The services that are no nodes, with what their containers are called on links. */
  readonly services: ReadonlyMap<string, readonly string[]>
  readonly suffers: (nemesis: Nemesis) => Suffering
}

/**
 * The faults of any cluster, and `NAME:SERVICE`, which is the fault between nodes of that name, on the links between nodes
 * and a service that they depend on.
 */
export function containerOffer({ nodes, services, suffers }: Offering): Offer {
  const possible = nemeses.filter((nemesis) => suffers(nemesis) === true)
  const ofServices = [...services].flatMap(([service, ends]) =>
    possible.filter(isOfLinks).map((nemesis) => onService(nemesis, service, linksBetween([nodes, ends]))),
  )
  return { nodes, nemeses: [...possible, ...ofServices] }
}

/** Whether it happens on links between nodes, of which a service may be at one end. */
const isOfLinks = ({ among, kind }: Nemesis): boolean => among === 'nodes' && !isNodeKind(kind)

/** Why no fault of this name is on offer. */
export function containerRefusal(name: string, { services, suffers }: Offering): string {
  const [base = '', service = ''] = name.split(':')
  const nemesis = nemeses.find((each) => each.name === base)
  if (nemesis === undefined) {
    const known = nemeses.map((each) => each.name)
    return `there is no fault ${base}.${didYouMean(base, known)} Known: ${known.join(', ')}.`
  }
  const suffering = suffers(nemesis)
  if (suffering !== true) return `this cluster cannot suffer ${base}: ${suffering.not}. Instead: ${suffering.instead}.`
  const known = [...services.keys()]
  if (!services.has(service))
    return `${name}: no service ${service} runs that is no node.${didYouMean(service, known)} There are: ${known.join(', ') || 'none'}.`
  return `${name}: of a service that is no node, only its links can be hurt: partition:${service}.`
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
