import type { ClientDeclaration } from '../client-kinds/registry.ts'
import type { ContainersDeclaration } from '../cluster/declaration.ts'
import type { Container, EngineProgram } from './engine.ts'

/** A database with clients, and how to recognise and declare it in containers. */
interface ContainerDatabase {
  readonly name: RegExp
  readonly port: number
  readonly client: (nodes: readonly Container[], engine: EngineProgram) => ProposedClient
}

/** The part of a proposed declaration that depends on the kind of its nodes, such as the client. */
export interface ProposedClient {
  readonly client: ClientDeclaration
  readonly role?: ContainersDeclaration['role']
  readonly ready?: ContainersDeclaration['ready']
  readonly open: readonly string[]
}

export type DatabaseName = 'etcd' | 'redis' | 'postgres'

/** The known databases. If a project has several, the first of this list is proposed. */
export const databases: { readonly [name in DatabaseName]: ContainerDatabase } = {
  etcd: { name: /^etcd/, port: 2379, client: etcdClient },
  redis: { name: /^(redis|valkey|keydb|dragonfly)/, port: 6379, client: redisClient },
  postgres: { name: /^(postgres|postgis|timescaledb|pgvector|spilo)/, port: 5432, client: postgresClient },
}

export const databaseNames: readonly DatabaseName[] = Object.keys(databases) as DatabaseName[]

/** The key names differ in every run, so the database need not be emptied between runs. */
const OWN_KEYS = 'chaos-{run}-{key}'

function etcdClient([first]: readonly Container[]): ProposedClient {
  return {
    client: { kind: 'etcd', keys: OWN_KEYS },
    open:
      first?.environment['ETCD_ROOT_PASSWORD'] === undefined
        ? []
        : ['etcd asks for a password, which this client cannot give: allow requests without one for the test.'],
  }
}

function redisClient(nodes: readonly Container[], engine: EngineProgram): ProposedClient {
  const password = redisPassword(nodes[0])
  const ask = ['redis-cli', ...(password === undefined ? [] : ['--no-auth-warning', '-a', password]), 'ROLE']
  return {
    client: { kind: 'resp', commands: 'register', keys: OWN_KEYS, ...(password && { password }) },
    ...(nodes.length > 1 && {
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

/** Returns the password in the environment, or after `--requirepass`. */
function redisPassword(container: Container | undefined): string | undefined {
  if (container === undefined) return undefined
  const { command, environment } = container
  const at = command.indexOf('--requirepass')
  return at >= 0 ? command[at + 1] : firstOf(environment, ['REDIS_PASSWORD', 'VALKEY_PASSWORD'])
}

function postgresClient([first]: readonly Container[]): ProposedClient {
  const environment = first?.environment ?? {}
  const user = firstOf(environment, ['POSTGRES_USER', 'POSTGRESQL_USERNAME', 'POSTGRESQL_USER'])
  const password = firstOf(environment, ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD'])
  const database = firstOf(environment, ['POSTGRES_DB', 'POSTGRESQL_DATABASE']) ?? user
  return {
    client: {
      kind: 'postgres',
      ...(user && { user }),
      ...(password && { password }),
      ...(database && { database }),
    },
    open: [
      ...(environment['POSTGRES_PASSWORD_FILE'] === undefined
        ? []
        : ['"password" is missing: copy it from POSTGRES_PASSWORD_FILE.']),
      ...holdsPassword(password),
    ],
  }
}

const holdsPassword = (password: string | undefined): readonly string[] =>
  password === undefined ? [] : ['The file contains the password: keep it secret.']

function firstOf(environment: Container['environment'], names: readonly string[]): string | undefined {
  const name = names.find((each) => (environment[each] ?? '') !== '')
  return name === undefined ? undefined : environment[name]
}
