import type { NodeId } from '@chaosproxy/faults'
import { fillPlaceholders, type Placeholders } from '@chaosproxy/history'
import { POSTGRES_PORT, REDIS, REDIS_PORT, urlVariables } from './declared/hosts.ts'
import { databaseHosts } from './declared/reference.ts'
import type { Program } from './program/bundle.ts'
import type { Service } from './service.ts'
import { CLIENTS } from './world/world.ts'

// This file determines the arguments and the environment of programs.

/** The port where programs listen by default. */
export const PORT = 3_000
const HOST = '0.0.0.0'

export interface NodeEnvironment {
  readonly args: readonly string[]
  readonly environment: { readonly [name: string]: string }
}

/**
 * Returns a function that gives each program's arguments and environment. All of them are computed before the function
 * is returned, so that invalid ones are rejected before the globals are replaced.
 *
 * @throws UserError (input) for an unknown placeholder.
 */
export function environmentsOf(service: Service, names: readonly NodeId[]): (id: NodeId) => NodeEnvironment {
  const beside = Object.entries(service.spec.beside ?? {})
  const all = [...names, ...beside.map(([name]) => name)]
  const of = (id: NodeId): NodeEnvironment => {
    const { program, args, environment } = programOf(service, id)
    const values = placeholdersOf(names, { id, all, directory: program.directory })
    return {
      args: args.map((arg) => fillPlaceholders(arg, values)),
      environment: environmentOf(service, environment, values),
    }
  }
  const environments = new Map(all.map((id) => [id, of(id)]))
  return (id) => environments.get(id) ?? of(id)
}

interface Started {
  readonly program: Program
  readonly file: string
  readonly args: readonly string[]
  readonly environment: NodeEnvironment['environment']
}

/** Returns the program and declaration of a node, a server beside the nodes, or the clients. */
export function programOf({ spec, program, beside, clients }: Service, id: NodeId): Started {
  if (id === CLIENTS && clients.type === 'module')
    return { program: clients.program, file: clients.file, args: [], environment: {} }
  const besides = spec.beside?.[id]
  const { program: file, args = [], environment = {} } = besides ?? spec
  return { program: beside.get(id) ?? program, file, args, environment }
}

/**
 * Environment variables of every program. `NODE_ENV` is not `test`, because many programs then do not listen, or they
 * keep their data only in memory. `CHAOS_SIMULATED` lets programs omit what cannot be simulated.
 */
const ALWAYS = { NODE_ENV: 'production', CHAOS_SIMULATED: '1' } as const

function environmentOf(
  { spec }: Service,
  declared: NodeEnvironment['environment'],
  values: Placeholders,
): { readonly [name: string]: string } {
  const own = Object.entries(declared).map(([name, text]) => [name, fillPlaceholders(text, values)])
  return {
    ...ALWAYS,
    ...{ PORT: String(PORT), HOST: String(values['host']), NODE_ID: String(values['node']) },
    PEERS: String(values['peers'])
      .split(',')
      .map((peer) => (peer === '' ? '' : `http://${peer}`))
      .join(','),
    ...(spec.redis === undefined ? {} : { REDIS_URL: `redis://${REDIS}:${REDIS_PORT}` }),
    ...urlVariables(new Map(Object.keys(spec.beside ?? {}).map((name) => [name, `http://${name}:${PORT}`]))),
    ...postgresVariables(spec.postgres ?? {}),
    ...(Object.fromEntries(own) as { readonly [name: string]: string }),
  }
}

/**
 * Returns the environment variables with the addresses of databases. libpq's variables, such as `PGHOST`, contain the
 * address of the first database.
 */
function postgresVariables(postgres: NonNullable<Service['spec']['postgres']>): { readonly [name: string]: string } {
  const [first] = Object.keys(postgres)
  if (first === undefined) return {}
  const urlOf = (name: NodeId): string => `postgres://postgres@${name}:${POSTGRES_PORT}/postgres`
  return {
    DATABASE_URL: urlOf(first),
    ...{ PGHOST: first, PGPORT: String(POSTGRES_PORT), PGUSER: 'postgres', PGDATABASE: 'postgres' },
    ...urlVariables(new Map(databaseHosts(postgres).map((name) => [name, urlOf(name)]))),
  }
}

interface Place {
  readonly id: NodeId
  /** The hosts that a placeholder may name. */
  readonly all: readonly NodeId[]
  readonly directory: string
}

/** Returns the values of placeholders. The names are the same as for declared clusters. */
function placeholdersOf(names: readonly NodeId[], { id, all, directory }: Place): Placeholders {
  const of = all.map((name): readonly (readonly [string, string | number])[] => [
    [`peer.${name}`, `${name}:${PORT}`],
    [`peer-host.${name}`, name],
    [`peer-port.${name}`, PORT],
  ])
  return {
    ...{ node: id, number: names.indexOf(id) + 1 || 1, nodes: names.length },
    ...{ host: HOST, port: PORT, listen: `${HOST}:${PORT}`, data: directory },
    peers: names
      .filter((name) => name !== id)
      .map((name) => `${name}:${PORT}`)
      .join(','),
    ...Object.fromEntries(of.flat()),
  }
}
