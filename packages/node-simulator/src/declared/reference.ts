import { basename } from 'node:path'
import { inputError } from '@chaosproxy/history'

/** The file that translates clients' operations into requests. */
type Clients =
  | { readonly routes: string; readonly client?: undefined }
  /** A file whose default export is `defineClient({ … })`. Like the programs, it runs in the simulator. */
  | { readonly client: string; readonly routes?: undefined }

/** A service whose nodes are programs of one file. Plain data, stored in replay files. */
export type ServiceSpec = ServicePrograms & Clients

interface ServicePrograms {
  /** The name in runs and reports; if absent, the program's name. */
  readonly name?: string | undefined
  readonly program: string
  readonly args?: readonly string[] | undefined
  readonly environment?: { readonly [name: string]: string } | undefined
  /** A simulated Redis at redis:6379. */
  readonly redis?: 'simulated' | undefined
  /** Programs beside the nodes, by host name. */
  readonly beside?: { readonly [name: string]: BesideSpec } | undefined
  /** Simulated PostgreSQL servers, by host name. */
  readonly postgres?: { readonly [name: string]: PostgresSpec } | undefined
  /** The form of HTTP traffic; bytes if absent. */
  readonly http?: 'bytes' | 'messages' | undefined
  /** Whether a program that ends by itself is only restarted. By default, its end is a failure. */
  readonly mayEnd?: true | undefined
  /** The default number of nodes of a run. */
  readonly nodes?: number | undefined
}

export type BesideSpec = Pick<ServiceSpec, 'program' | 'args' | 'environment'>

export interface PostgresSpec {
  readonly sql?: string | undefined
  readonly assert?: readonly string[] | undefined
  /**
   * The isolation level that transactions must keep; by default none. `declared`: each transaction must keep the level
   * that it requested.
   */
  readonly expect?: string | undefined
  readonly unit?: 'request' | 'connection' | undefined
  /** Whether the server has a hot standby. The standby's host is `standbyOf(name)`. */
  readonly standby?: boolean | undefined
  readonly calculator?: boolean | undefined
}

/** Returns the host of the standby of a PostgreSQL. */
export const standbyOf = (name: string): string => `${name}-standby`

/** Returns every PostgreSQL, each followed by its standby. */
export const databaseHosts = (postgres: NonNullable<ServiceSpec['postgres']>): readonly string[] =>
  Object.entries(postgres).flatMap(([name, { standby }]) => [name, ...(standby === true ? [standbyOf(name)] : [])])

export const SERVICE = 'service:'

export const isService = (reference: string): boolean => reference.startsWith(SERVICE)

export const isFullService = (reference: string): boolean => reference.startsWith(`${SERVICE}{`)

/** Returns the reference to a service for replay files and searches. Members that are undefined are left out. */
export function serviceReference(spec: ServiceSpec): string {
  const { name, program, routes, client, args = [], http, redis, beside, postgres, environment, mayEnd, nodes } = spec
  const text = JSON.stringify({
    ...{ name, program, routes, client, args: args.length === 0 ? undefined : args },
    ...{ http: http === 'messages' ? http : undefined, redis, beside, postgres, environment, mayEnd, nodes },
  })
  return SERVICE + text
}

/** @throws UserError (input) for an invalid reference. */
export function parseServiceReference(reference: string): ServiceSpec {
  try {
    const spec = JSON.parse(reference.slice(SERVICE.length)) as Partial<ServiceSpec>
    const asks = [spec.routes, spec.client].filter((file) => typeof file === 'string')
    if (typeof spec.program === 'string' && asks.length === 1) return spec as ServiceSpec
  } catch {}
  throw inputError(
    `${reference} is not a service as chaos simulate writes it: give "program", and either "routes" or "client".`,
  )
}

/** Returns the isolation level that SQL transactions must keep; `none` if they are not judged. */
export function isolationOfService({ postgres }: ServiceSpec): string | undefined {
  const servers = Object.values(postgres ?? {})
  if (servers.length === 0) return undefined
  return servers.find(({ expect }) => expect !== undefined)?.expect ?? 'none'
}

export const serviceName = ({ name, program }: ServiceSpec): string => name ?? basename(program)

/** Returns the files of a service: programs, clients and SQL. */
export const programsOfService = ({ program, beside = {}, postgres = {}, client }: ServiceSpec): readonly string[] => [
  program,
  ...Object.values(beside).map((each) => each.program),
  ...Object.values(postgres).flatMap(({ sql }) => sql ?? []),
  ...(client === undefined ? [] : [client]),
]

export const filesOfService = (spec: ServiceSpec): readonly string[] => [
  ...programsOfService(spec),
  ...(spec.routes === undefined ? [] : [spec.routes]),
]

/** Returns the name by which the steps of a program refer to a client's request. */
export const requestName = (session: string, sequence: number): string => `${session}-${sequence}`
