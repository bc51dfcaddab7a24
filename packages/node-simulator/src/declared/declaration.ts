import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { DECLARED, isolationLadder } from '@chaosproxy/checker'
import { usageError } from '@chaosproxy/history'
import { runMembers, schemaProblems } from '@chaosproxy/runner'
import * as v from 'valibot'
import { REDIS } from './hosts.ts'
import type { BesideSpec, PostgresSpec, ServiceSpec } from './reference.ts'

/** A program beside the nodes, for instance a fake server that they call. */
export interface BesideDeclaration {
  /** The program's file, TypeScript or JavaScript. It listens on `PORT`, like nodes. */
  readonly entry: string
  readonly args?: readonly string[] | undefined
  readonly environment?: { readonly [name: string]: string } | undefined
}

/** A PostgreSQL in memory, only in the simulator. `'postgres'` is an empty database. */
export type PostgresDeclaration =
  | 'postgres'
  | {
      /** The path of an SQL file to execute before every run. If `true`, no file is executed. */
      readonly postgres: string | true
      /** Queries that must be true once every operation has ended: `select sum(balance) = 100 from accounts`. */
      readonly assert?: readonly string[] | undefined
      /**
       * The isolation level that transactions must keep, such as `serializable`. `declared`: each transaction must keep
       * the level that it requested.
       */
      readonly expect?: string | undefined
      /** What is judged as one transaction: all statements of a `request`, or of a `connection` until it is idle. */
      readonly unit?: 'request' | 'connection' | undefined
      /**
       * Whether the server has a read-only hot standby that lags. The standby of `pg` is at `pg-standby:5432`
       * (`PG_STANDBY_URL`). The fault `failover` promotes the standby, which lacks the last commits.
       */
      readonly standby?: boolean | undefined
      /**
       * Whether PGlite computes functions that the simulated PostgreSQL lacks. Requires `@electric-sql/pglite`, which
       * takes 0.7 GB of memory per thread.
       */
      readonly calculator?: boolean | undefined
    }

/** A user's own service: each node runs a Node program. */
export interface ServiceDeclaration {
  readonly entry: string
  /** The file of the route table; by default `routes.json` next to the program. */
  readonly routes?: string | undefined
  /**
   * A file whose default export is `defineClient({ … })`, for requests that no route table can express. Like the
   * program, the code in this file runs in the simulation.
   */
  readonly client?: string | undefined
  /** The program's arguments, with the same placeholders as its environment. */
  readonly args?: readonly string[] | undefined
  /**
   * Environment variables of the program. `{node}`, `{number}`, `{nodes}`, `{host}`, `{port}`, `{listen}`, `{data}`,
   * `{peers}` and `{peer.n1}` are filled in.
   */
  readonly environment?: { readonly [name: string]: string } | undefined
  /**
   * Adds a Redis, with its address in `REDIS_URL`. It is in memory in the simulator, and a real redis-server if the
   * nodes are processes.
   */
  readonly redis?: 'simulated' | undefined
  /**
   * How the simulator sends HTTP: `bytes`, as Node does; or `messages`, without serialisation and parsing. If a program
   * uses only `node:http`, a run with `messages` takes about two thirds of the processor time of a run with `bytes`.
   */
  readonly http?: 'bytes' | 'messages' | undefined
  /**
   * Programs beside the nodes, by name: `payments` is reached at `PAYMENTS_URL`, or by `{peer.payments}`. Faults can be
   * injected into them only in the simulator. `pg: 'postgres'` is a PostgreSQL in memory at `pg:5432` (`DATABASE_URL`,
   * `PGHOST` and so on).
   */
  readonly beside?: { readonly [name: string]: BesideDeclaration | PostgresDeclaration } | undefined
  /** The number of nodes; 3 by default. */
  readonly nodes?: number | undefined
}

export const USUAL_NODES = 3
export const isServiceDeclaration = (value: object): value is ServiceDeclaration => 'entry' in value

/** A name that is valid as a host and as the beginning of a variable's name. */
const BESIDE_NAME = /^[a-z][a-z0-9-]*$/
/** Matches any name except host names that have another meaning. */
const TAKEN = new RegExp(`^(?!(?:${REDIS}|clients|localhost|n\\d+)$)`)

const text = v.string('must be a string')
const path = v.pipe(v.string('must be a path'), v.nonEmpty('must be a path'))

const programMembers = {
  entry: v.pipe(path, v.description('file of the program')),
  args: v.optional(v.array(text, 'must be a list of strings')),
  environment: v.optional(v.record(text, text, 'must be an object of strings')),
}

const besideName = v.pipe(
  text,
  v.regex(BESIDE_NAME, 'must be named with small letters, digits and hyphens, because it is a host name'),
  v.regex(TAKEN, 'must have another name: that one is taken'),
)

const programSchema = v.strictObject(programMembers, 'must be "postgres", or an object with the member "entry"')
const emptyPostgres = v.literal('postgres', 'must be "postgres", or an object with the member "entry"')
/** The levels that the transactions of a database can be judged by. */
export const isolationLevels: readonly string[] = [...isolationLadder.levels, DECLARED]

const filledPostgres = v.strictObject({
  postgres: v.pipe(
    v.union([path, v.literal(true)], 'must be a path, or true'),
    v.description('simulates a PostgreSQL: a file of SQL that it executes before every run, or true for none'),
  ),
  assert: v.optional(
    v.pipe(
      v.array(text, 'must be a list of queries'),
      v.description('queries that must be true once every operation has ended'),
    ),
  ),
  expect: v.optional(
    v.pipe(
      v.picklist(isolationLevels, 'must be a level of isolation, or "declared"'),
      v.description(
        'the isolation level that its transactions must keep; declared: each transaction must keep the level that it asked for',
      ),
    ),
  ),
  unit: v.optional(
    v.pipe(
      v.picklist(['request', 'connection'], 'must be "request" or "connection"'),
      v.description(
        'unit to judge as one transaction: request (all SQL of one request) or connection (all SQL of a connection until it is idle for 10 ms)',
      ),
    ),
  ),
  standby: v.optional(
    v.pipe(
      v.boolean('must be true or false'),
      v.description('adds a read-only standby that gets the changes of the PostgreSQL late, such as pg-standby for pg'),
    ),
  ),
  calculator: v.optional(
    v.pipe(
      v.boolean('must be true or false'),
      v.description(
        'lets PGlite compute functions that the PostgreSQL in memory lacks, such as stddev; 0.7 GB for each thread',
      ),
    ),
  ),
})

/**
 * If a value is given, returns the schema for this kind of value. Otherwise, for documentation, returns the union of
 * all schemas.
 */
const besideSchema = v.lazy((given): v.GenericSchema<unknown, BesideDeclaration | PostgresDeclaration> => {
  if (given === undefined) return v.union([programSchema, emptyPostgres, filledPostgres])
  if (typeof given !== 'object' || given === null) return emptyPostgres
  return 'postgres' in given ? filledPostgres : programSchema
})

/** The members of a service's declaration, for configurations and help. */
export const serviceMembers: {
  readonly [Member in keyof ServiceDeclaration]-?: v.GenericSchema<unknown, ServiceDeclaration[Member]>
} = {
  ...programMembers,
  routes: v.optional(
    v.pipe(
      path,
      v.description('the route table by which clients make requests; by default routes.json next to the program'),
    ),
  ),
  client: v.optional(
    v.pipe(
      path,
      v.description(
        'file with the code of clients, instead of a route table; its default export is defineClient({ … })',
      ),
    ),
  ),
  nodes: runMembers.nodes,
  redis: v.optional(
    v.pipe(
      v.literal('simulated', 'must be "simulated"'),
      v.description('a Redis, at REDIS_URL: simulated in memory, at redis:6379, or a redis-server for processes'),
    ),
  ),
  beside: v.optional(
    v.pipe(
      v.record(besideName, besideSchema, 'must be an object of programs by name'),
      v.description(
        'programs beside the nodes, by name: payments is reached at PAYMENTS_URL; "postgres" is a PostgreSQL in memory, { postgres: FILE } one with a schema',
      ),
    ),
  ),
  http: v.optional(
    v.pipe(
      v.picklist(['bytes', 'messages'], 'must be "bytes" or "messages"'),
      v.description('how the simulator sends requests: bytes, or messages (each as a whole, faster)'),
    ),
  ),
}

export const serviceSchema: v.GenericSchema<unknown, ServiceDeclaration> = v.strictObject(
  serviceMembers,
  'must be an object with the member "entry"',
)

interface Place {
  /** The text with which every error message begins. */
  readonly where: string
  readonly directory: string
  /** The option that names the route table. */
  readonly option?: string | undefined
}

/**
 * Returns the declared service.
 *
 * @throws UserError (usage) for an invalid declaration.
 */
export function declaredService(
  declaration: ServiceDeclaration,
  { where, directory, option = '"routes"' }: Place,
): ServiceSpec {
  const { success, issues } = v.safeParse(serviceSchema, declaration)
  if (!success) throw usageError(schemaProblems(serviceSchema, issues, { where, what: 'a service' }).join('\n'))
  if (declaration.routes !== undefined && declaration.client !== undefined)
    throw usageError(`${where}: both "routes" and "client" make the requests. Give only one of them.`)
  const { entry, routes, client, args, environment, redis, http } = declaration
  const program = pathFrom(directory, entry)
  return {
    program,
    ...(client === undefined
      ? { routes: routes === undefined ? routesBeside(program, { where, option }) : pathFrom(directory, routes) }
      : { client: pathFrom(directory, client) }),
    args,
    environment,
    redis,
    ...besideOf(declaration.beside ?? {}, directory),
    http,
  }
}

const isPostgres = (declared: BesideDeclaration | PostgresDeclaration): declared is PostgresDeclaration =>
  typeof declared === 'string' || 'postgres' in declared

const postgresOf = (declared: Exclude<PostgresDeclaration, string>, directory: string): PostgresSpec => {
  const { postgres, assert, expect, unit, standby, calculator } = declared
  return {
    ...{ sql: postgres === true ? undefined : pathFrom(directory, postgres), assert, expect, unit },
    ...{ standby: standby || undefined, calculator: calculator || undefined },
  }
}

function besideOf(
  declared: NonNullable<ServiceDeclaration['beside']>,
  directory: string,
): Pick<ServiceSpec, 'beside' | 'postgres'> {
  const beside: { [name: string]: BesideSpec } = {}
  const postgres: { [name: string]: PostgresSpec } = {}
  for (const [name, each] of Object.entries(declared)) {
    if (isPostgres(each)) postgres[name] = typeof each === 'string' ? {} : postgresOf(each, directory)
    else beside[name] = { program: pathFrom(directory, each.entry), args: each.args, environment: each.environment }
  }
  return {
    ...(Object.keys(beside).length === 0 ? {} : { beside }),
    ...(Object.keys(postgres).length === 0 ? {} : { postgres }),
  }
}

/** @throws UserError (usage) if there is no route table next to the program. */
function routesBeside(program: string, { where, option }: { readonly where: string; readonly option: string }): string {
  const beside = join(dirname(program), 'routes.json')
  if (existsSync(beside)) return isAbsolute(beside) || beside.startsWith('.') ? beside : `./${beside}`
  throw usageError(
    `${where}: clients need a route table for their requests. Give the file with ${option}, or put routes.json next to ${program}. A route table is, for example, { "routes": [{ "request": "GET /items/{key}", "f": "read", "result": "json.value" }] }. chaos routes schema lists the members.`,
  )
}

/**
 * Returns a path relative to the working directory if possible. It begins with `./`, so that it cannot be mistaken for
 * a name.
 */
export function pathFrom(directory: string, path: string): string {
  const absolute = resolve(directory, path)
  const here = relative('.', absolute)
  return here.startsWith('..') || isAbsolute(here) ? absolute : `./${here}`
}
