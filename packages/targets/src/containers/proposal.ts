import type { ClientDeclaration } from '../client-kinds/registry.ts'
import type { ContainersDeclaration } from '../cluster/declaration.ts'
import { usualPort } from './container-kind.ts'
import type { Container, EngineProgram } from './engine.ts'
import { gatewayBefore } from './gateway.ts'
import { type NodeGroup, talkAmongThemselves, usedBy } from './node-groups.ts'

/** A declaration to start from, and what only its author can say. */
export interface Proposal {
  readonly declaration: ContainersDeclaration
  /** The faults to begin with: where nodes are not told of each other, those on the links to what they use. */
  readonly faults: readonly string[]
  /** What to look at or complete, each a sentence. */
  readonly open: readonly string[]
}

export interface ProposalOptions {
  readonly compose: NonNullable<ContainersDeclaration['compose']>
  readonly engine: EngineProgram
  readonly group: NodeGroup
  /** All of the project. */
  readonly containers: readonly Container[]
  /** The ports on which a running container listens. */
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
      ...(gateway.through === undefined ? {} : { through: gateway.through }),
      ...(ready === undefined ? {} : { ready }),
      ...(role === undefined ? {} : { role }),
      client,
    },
    faults: faultsFor(options),
    open: [
      ...(port === undefined ? ['"port" is missing: the port that clients dial is not clear.'] : []),
      ...gateway.open,
      ...open,
    ],
  }
}

function faultsFor({ group, containers }: ProposalOptions): readonly string[] {
  const [used] = usedBy(group, containers)
  if (talkAmongThemselves(group) || used === undefined) return ['partition', 'kill']
  return [`partition:${used}`, 'kill']
}

/** Ports of HTTP by custom, for a service that has several. */
const CUSTOMARY = [80, 8080, 8000, 3000, 5000, 8081, 8888] as const

/** Published ports say more than exposed ones, and these more than those that it listens on. */
function portOf(container: Container, { group, listening }: ProposalOptions): number | undefined {
  if (group.kind !== 'own') {
    const usual = usualPort(container.image) ?? usualPort(group.kind)
    if (usual !== undefined) return usual
  }
  const lists = [container.published, container.exposed, container.running ? listening(container) : []]
  const all = lists.map((ports) => [...new Set(ports)]).find((ports) => ports.length > 0) ?? []
  return all.length === 1 ? all[0] : CUSTOMARY.find((port) => all.includes(port))
}

interface ClientPart {
  readonly client: ClientDeclaration
  readonly role?: ContainersDeclaration['role']
  readonly ready?: ContainersDeclaration['ready']
  readonly open: readonly string[]
}

/** Names of its own in each run, so that a service need not be emptied. */
const OWN_KEYS = 'chaos-{run}-{key}'

function clientOf({ group, engine }: ProposalOptions): ClientPart {
  const { kind, containers } = group
  const [first] = containers
  const environment = first?.environment ?? {}
  switch (kind) {
    case 'redis': {
      const password = passwordOf(first)
      const ask = ['redis-cli', ...(password === undefined ? [] : ['--no-auth-warning', '-a', password]), 'ROLE']
      return {
        client: { kind: 'resp', commands: 'register', keys: OWN_KEYS, ...(password && { password }) },
        ...(containers.length > 1 && {
          role: {
            by: 'command',
            command: [engine, 'exec', '{value.container}', ...ask],
            leads: '^master',
            everyMs: 500,
          },
        }),
        open: holdsPassword(password),
      }
    }
    case 'etcd':
      return {
        client: { kind: 'etcd', keys: OWN_KEYS },
        open:
          environment['ETCD_ROOT_PASSWORD'] === undefined
            ? []
            : ['etcd asks for a password, which this client cannot give: allow requests without one for the test.'],
      }
    case 'postgres': {
      const user = one(environment, ['POSTGRES_USER', 'POSTGRESQL_USERNAME', 'POSTGRESQL_USER'])
      const password = one(environment, ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD'])
      const database = one(environment, ['POSTGRES_DB', 'POSTGRESQL_DATABASE'])
      return {
        client: {
          kind: 'postgres',
          ...(user && { user }),
          ...(password && { password }),
          ...((database ?? user) && { database: database ?? user }),
        },
        open: [
          ...(environment['POSTGRES_PASSWORD_FILE'] === undefined ? [] : ['"password" is missing: it is in a file.']),
          ...holdsPassword(password),
        ],
      }
    }
    case 'store':
      return {
        client: { kind: 'module', file: 'client.ts' },
        open: ['There is no client for this system: write client.ts, as docs/running.md says ("kind": "module").'],
      }
    default: {
      const path = healthPath(first)
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
  }
}

const holdsPassword = (password: string | undefined): readonly string[] =>
  password === undefined ? [] : ["It holds the password of the container's environment."]

function one(environment: Container['environment'], names: readonly string[]): string | undefined {
  const name = names.find((each) => (environment[each] ?? '') !== '')
  return name === undefined ? undefined : environment[name]
}

/** Of a Redis: by the environment, or `--requirepass`. */
function passwordOf(container: Container | undefined): string | undefined {
  if (container === undefined) return undefined
  const { command, environment } = container
  const at = command.indexOf('--requirepass')
  return at >= 0 ? command[at + 1] : one(environment, ['REDIS_PASSWORD', 'VALKEY_PASSWORD'])
}

/** `/health` of `curl -f http://localhost:8080/health`. */
const healthPath = (container: Container | undefined): string | undefined =>
  /https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)(?::\d+)?(\/[^\s'"|;&)]*)/.exec(
    container?.healthCheck.join(' ') ?? '',
  )?.[1]
