import type { ContainersDeclaration } from '../cluster/declaration.ts'
import { type ContainerKind, usualPort } from './container-kind.ts'
import { type DatabaseName, databases, type ProposedClient } from './databases.ts'
import type { Container, EngineProgram } from './engine.ts'
import { gatewayBefore } from './gateway.ts'
import { type NodeGroup, talkAmongThemselves, usedBy } from './node-groups.ts'

interface Proposal {
  readonly declaration: ContainersDeclaration
  /** The first faults to try. If the nodes do not talk to each other, the partition cuts their links to a service. */
  readonly faults: readonly string[]
  readonly cuttable: readonly string[]
  readonly open: readonly string[]
}

export interface ProposalOptions {
  readonly compose: NonNullable<ContainersDeclaration['compose']>
  readonly engine: EngineProgram
  readonly group: NodeGroup
  readonly containers: readonly Container[]
  readonly listening: (container: Container) => readonly number[]
}

export function proposalFor(options: ProposalOptions): Proposal {
  const { compose, group, containers } = options
  const [first] = group.containers
  const port = first === undefined ? undefined : portOf(first, options)
  const { client, role, ready, open } = clientOf(options)
  const gateway = gatewayBefore(group, containers)
  return {
    declaration: {
      compose,
      nodes: group.services,
      ...(port === undefined ? {} : { port }),
      ...(gateway.through && { through: gateway.through }),
      ...(ready && { ready }),
      ...(role && { role }),
      client,
    },
    faults: faultsFor(options),
    cuttable: cuttableOf(options),
    open: [
      ...(port === undefined ? ['"port" is missing: the port that clients dial is not clear.'] : []),
      ...gateway.open,
      ...open,
    ],
  }
}

/** Returns the services whose links can be cut. Only running containers take part in a run. */
const cuttableOf = ({ group, containers }: ProposalOptions): readonly string[] => {
  const able = containers.some(({ running }) => running) ? containers.filter(({ running }) => running) : containers
  return [...new Set(able.map(({ service }) => service))].filter((service) => !group.services.includes(service))
}

function faultsFor(options: ProposalOptions): readonly string[] {
  const { group, containers } = options
  const cuttable = cuttableOf(options)
  const used = usedBy(group, containers).find((service) => cuttable.includes(service))
  if (talkAmongThemselves(group) || used === undefined) return ['partition', 'kill']
  return [`partition:${used}`, 'kill']
}

/** Customary HTTP ports, to choose from if a service has several. */
const CUSTOMARY = [80, 8080, 8000, 3000, 5000, 8081, 8888] as const

/** Returns the port that clients dial: published ports precede exposed ones, and these precede listening ones. */
function portOf(container: Container, { group, listening }: ProposalOptions): number | undefined {
  if (group.kind !== 'own') {
    const usual = usualPort(container.image) ?? usualPort(group.kind)
    if (usual !== undefined) return usual
  }
  const lists = [container.published, container.exposed, container.running ? listening(container) : []]
  const all = lists.map((ports) => [...new Set(ports)]).find((ports) => ports.length > 0) ?? []
  return all.length === 1 ? all[0] : CUSTOMARY.find((port) => all.includes(port))
}

function clientOf({ group: { kind, containers }, engine }: ProposalOptions): ProposedClient {
  if (isDatabase(kind)) return databases[kind].client(containers, engine)
  if (kind === 'store')
    return {
      client: { kind: 'module', file: 'client.ts' },
      open: [
        'There is no client for this system. Write client.ts: it exports defineClient({ … }), as docs/api.md says.',
      ],
    }
  const path = healthPath(containers[0])
  return {
    ...(path === undefined ? {} : { ready: { by: 'http', path } }),
    client: {
      kind: 'http',
      keys: '{key}-{run}',
      routes: {
        routes: [
          { request: 'GET /items/{key}', f: 'read', result: 'json.item', outcomes: { 404: 'absent' } },
          { request: 'PUT /items/{key}', f: 'write', value: 'json.item' },
        ],
      },
    },
    open: ['"routes" is a skeleton: say which requests of the service read and write, and where values are.'],
  }
}

const isDatabase = (kind: ContainerKind): kind is DatabaseName => Object.hasOwn(databases, kind)

/** Returns the path in a health check, as in `curl -f http://localhost:8080/health`. */
const healthPath = (container: Container | undefined): string | undefined =>
  /https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)(?::\d+)?(\/[^\s'"|;&)]*)/.exec(
    container?.healthCheck.join(' ') ?? '',
  )?.[1]
