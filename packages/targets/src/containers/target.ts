import {
  isNodeKind,
  type Link,
  linksBetween,
  type Nemesis,
  type NodeId,
  nemeses,
  nodeNames,
  refusalText,
} from '@chaosproxy/faults'
import { didYouMean, environmentError } from '@chaosproxy/history'
import type { FaultSupport, Offer, Target } from '@chaosproxy/runner'
import { planClients } from '../client-kinds/registry.ts'
import type { ContainersDeclaration } from '../cluster/declaration.ts'
import { declaredFaultSupport, type Exposure } from '../cluster/fault-support.ts'
import { carriedBy, type DeclaredTargetOptions, NO_FAILOVER, ofCluster } from '../cluster/of-cluster.ts'
import { missingPrograms } from '../command/programs.ts'
import { ATTACHING_PROGRAMS } from './allowances.ts'
import { type Member, membersOf } from './members.ts'
import { findProject } from './project.ts'
import { hasUnifiedGroups, isRootless } from './rights.ts'

/**
 * Returns the containers of a project as a target. Does not ask the container engine for the containers: the target
 * does so when a run is planned.
 *
 * @throws UserError (input) for members that contradict each other.
 */
export function containersTarget(
  declaration: ContainersDeclaration,
  { where, directory }: DeclaredTargetOptions,
): Target {
  const clients = planClients(declaration.client, `${where}: client`, directory)
  const exposure: Exposure = {
    clients: carriedBy(clients),
    linked: true,
    framed: false,
    hasEngine: true,
    refused: {
      failover: NO_FAILOVER,
      ...groupless('pause', 'kill'),
      ...groupless('limit-cpu', 'delay'),
      ...groupless('limit-memory', 'kill'),
      'fill-disk': diskless(declaration),
      clock: clockless(declaration),
    },
  }
  let seen: readonly Member[] | undefined
  const members = (): readonly Member[] => {
    const project = seen === undefined ? findProject(declaration, directory) : undefined
    if (project !== undefined) seen = membersOf(declaration, project.containers, where)
    return seen ?? []
  }
  /** A project that is not running is assumed to have one container per service. */
  const count = () => members().filter(({ isNode }) => isNode).length || (declaration.nodes?.length ?? 1)
  const nodes = () => nodeNames(count())
  const offering = (): Offering => ({
    nodes: nodes(),
    services: servicesOf(members()),
    isUp: members().length > 0,
    supports: ({ kind, among }) => declaredFaultSupport(exposure, kind, among),
  })
  return {
    ...ofCluster(declaration, { where, clients, exposure }),
    get defaultNodes() {
      return count()
    },
    settings: [],
    offers: () => [containerOffer(offering())],
    refusal: (name) => containerRefusal(name, offering()),
    missing: () => missingPrograms(ATTACHING_PROGRAMS),
    async start({ nodes: wanted, ...rest }) {
      if (process.platform !== 'linux')
        throw environmentError(
          `${where}: chaos can attach to containers only on Linux, because other systems run their network in a virtual machine. Instead, declare a running cluster, with "links" that its nodes dial.`,
        )
      const { attachContainers } = await import('./attach.ts')
      const others: string[] = []
      return attachContainers({ ...rest, declaration, where, directory, clients, exposure, count: wanted, others })
    },
  }
}

function servicesOf(members: readonly Member[]): ReadonlyMap<string, readonly string[]> {
  const services = new Map<string, string[]>()
  for (const { endpoint, isNode, container } of members)
    if (!isNode) services.set(container.service, [...(services.get(container.service) ?? []), endpoint])
  return services
}

/** Podman pauses and limits containers with control groups. Only root may change control groups of version 1. */
const groupless = (kind: 'pause' | 'limit-cpu' | 'limit-memory', instead: string): Exposure['refused'] =>
  !isRootless() || hasUnifiedGroups()
    ? {}
    : {
        [kind]: {
          not: `a rootless engine cannot ${WORDS[kind]} where control groups are of version 1`,
          instead: [instead],
        },
      }

/** Only a disk mounted for a node can be filled without affecting others, and mounting requires root. */
function diskless({ disk }: ContainersDeclaration): Exposure['refused']['fill-disk'] {
  if (disk === undefined)
    return {
      not: 'its nodes have no disks of their own: "disk" of the declaration gives them some, as in {"path": "/data"}',
      instead: ['kill'],
    }
  return isRootless() ? { not: 'a rootless engine does not see disks mounted by chaos', instead: ['kill'] } : undefined
}

const clockless = ({ clocks }: ContainersDeclaration): Exposure['refused']['clock'] =>
  clocks === true
    ? undefined
    : {
        not: 'all containers of a machine read the same clock, unless the declaration gives nodes their own: "clocks": true',
        instead: ['pause'],
      }

const WORDS = {
  pause: 'pause containers',
  'limit-cpu': 'limit containers',
  'limit-memory': 'limit containers',
} as const

interface Offering {
  readonly nodes: readonly NodeId[]
  /** By service that is not a node: the names of its containers, as used in links. */
  readonly services: ReadonlyMap<string, readonly string[]>
  readonly isUp: boolean
  readonly supports: (nemesis: Nemesis) => FaultSupport
}

/**
 * Returns all faults that can be injected into the cluster. `NAME:SERVICE` is the fault NAME on the links between the
 * nodes and a service.
 */
function containerOffer({ nodes, services, supports }: Offering): Offer {
  const possible = nemeses.filter((nemesis) => supports(nemesis) === true)
  const ofServices = [...services].flatMap(([service, ends]) =>
    possible
      .filter(({ among, kind }) => among === 'nodes' && !isNodeKind(kind))
      .map((nemesis) => onService(nemesis, service, linksBetween([nodes, ends]))),
  )
  return { nodes, nemeses: [...possible, ...ofServices] }
}

function containerRefusal(name: string, { services, isUp, supports }: Offering): string {
  const [base = '', service = ''] = name.split(':')
  const nemesis = nemeses.find((each) => each.name === base)
  if (nemesis === undefined) {
    const known = nemeses.map((each) => each.name)
    return `there is no fault ${base}.${didYouMean(base, known)} Known: ${known.join(', ')}.`
  }
  const support = supports(nemesis)
  if (support !== true) return `this cluster cannot suffer ${base}: ${refusalText(support)}`
  if (!isUp)
    return `${name}: the project is not up, so its services are not known. Start it first (docker compose up -d), then run this again.`
  const known = [...services.keys()]
  if (!services.has(service))
    return `${name}: no service ${service} is running besides the nodes.${didYouMean(service, known)} There are: ${known.join(', ') || 'none'}.`
  return `${name}: a service that is not a node can suffer only faults of its links: partition:${service}.`
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
