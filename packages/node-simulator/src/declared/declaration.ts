import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { runMembers, schemaProblems } from '@chaosproxy/runner'
import * as v from 'valibot'
import { REDIS } from './hosts.ts'
import type { BesideSpec, ServiceSpec } from './reference.ts'

/** A program that stands beside the nodes of a service, such as a fake of a server that they call. */
export interface BesideDeclaration {
  /** The file of its program, TypeScript or JavaScript. It listens on `PORT`, as nodes do. */
  readonly entry: string
  readonly args?: readonly string[] | undefined
  readonly environment?: { readonly [name: string]: string } | undefined
}

/** A service of your own, each of whose nodes runs a Node program. */
export interface ServiceDeclaration {
  /** The file of its program, TypeScript or JavaScript. */
  readonly entry: string
  /** The file of the route table that makes the clients' requests; by default `routes.json` beside the program. */
  readonly routes?: string | undefined
  /**
   * In place of a route table: a file whose default export is `defineClient({ … })`, for requests that no table can make.
   * In the simulator it is simulated, too.
   */
  readonly client?: string | undefined
  /** The program's arguments, with the same placeholders as its environment. */
  readonly args?: readonly string[] | undefined
  /**
   * Variables of its environment. `{node}`, `{number}`, `{nodes}`, `{host}`, `{port}`, `{listen}`, `{data}`, `{peers}` and
   * `{peer.n1}` are filled in, as in the commands of a declared cluster.
   */
  readonly environment?: { readonly [name: string]: string } | undefined
  /**
   * Adds a Redis, at `REDIS_URL` in their environment: in the simulator one of its own, in memory, which programs reach at
   * `redis:6379`; a real redis-server if the nodes are processes.
   */
  readonly redis?: 'simulated' | undefined
  /**
   * What the simulator sends for requests of clients and of `fetch`: `bytes`, as Node does; or `messages`, whole requests and
   * answers without text and parsing, which takes about two thirds of the processor time where `node:http` is used alone.
   * Processes know only bytes.
   */
  readonly http?: 'bytes' | 'messages' | undefined
  /**
   * Programs that stand beside the nodes, by name: `payments` is dialled at `PAYMENTS_URL`, or by `{peer.payments}`. In the
   * simulator they suffer faults as nodes do; as processes no fault hits them.
   */
  readonly beside?: { readonly [name: string]: BesideDeclaration } | undefined
  /** How many nodes run it; 3 by default. */
  readonly nodes?: number | undefined
  /** Whether a kill also cuts a node's power: data that was not fsynced may be lost. */
  readonly losesPower?: boolean | undefined
}

/** How many nodes run a program unless its declaration says. */
export const USUAL_NODES = 3
/** Whether it declares a service, as opposed to a protocol. */
export const isServiceDeclaration = (value: object): value is ServiceDeclaration => 'entry' in value

/** What may be a host and the beginning of a variable's name. */
const BESIDE_NAME = /^[a-z][a-z0-9-]*$/
/** Hosts that are something else already. */
const TAKEN = new RegExp(`^(?!(?:${REDIS}|clients|localhost|n\\d+)$)`)

const text = v.string('must be a text')
const path = v.pipe(v.string('must be a path'), v.nonEmpty('must be a path'))

const programMembers = {
  entry: v.pipe(path, v.description('the file of its program')),
  args: v.optional(v.array(text, 'must be a list of texts')),
  environment: v.optional(v.record(text, text, 'must be an object of texts')),
}

const besideName = v.pipe(
  text,
  v.regex(BESIDE_NAME, 'must be named with small letters, digits and hyphens, since it is dialled'),
  v.regex(TAKEN, 'must have another name: that one is taken'),
)

/** What a declaration of a service says: for configurations, options, help and documents. */
export const serviceMembers: {
  readonly [Member in keyof ServiceDeclaration]-?: v.GenericSchema<unknown, ServiceDeclaration[Member]>
} = {
  ...programMembers,
  routes: v.optional(
    v.pipe(
      path,
      v.description('the route table that makes the requests of clients; by default routes.json beside the program'),
    ),
  ),
  client: v.optional(
    v.pipe(path, v.description('in place of routes: a file of clients, whose default export is defineClient({ … })')),
  ),
  nodes: runMembers.nodes,
  redis: v.optional(
    v.pipe(
      v.literal('simulated', 'must be "simulated"'),
      v.description(
        'a Redis, at REDIS_URL: in the simulator one in memory, at redis:6379; a redis-server for processes',
      ),
    ),
  ),
  beside: v.optional(
    v.pipe(
      v.record(
        besideName,
        v.strictObject(programMembers, 'must be an object with an entry'),
        'must be an object of programs by name',
      ),
      v.description('programs that stand beside the nodes, by name: payments is dialled at PAYMENTS_URL'),
    ),
  ),
  http: v.optional(
    v.pipe(
      v.picklist(['bytes', 'messages'], 'must be "bytes" or "messages"'),
      v.description('what the simulator sends for requests: bytes, or whole messages, which is faster'),
    ),
  ),
  losesPower: v.optional(
    v.pipe(v.boolean('must be true or false'), v.description('kills also cut the power of their node')),
  ),
}

export const serviceSchema: v.GenericSchema<unknown, ServiceDeclaration> = v.strictObject(
  serviceMembers,
  'must be an object with an entry',
)

interface Place {
  /** The start of every message. */
  readonly where: string
  /** What paths are relative to. */
  readonly directory: string
  /** What names the route table. */
  readonly option?: string | undefined
}

/**
 * The service that is declared.
 *
 * @throws UserError (usage) for a declaration that is none.
 */
export function declaredService(
  declaration: ServiceDeclaration,
  { where, directory, option = '"routes"' }: Place,
): ServiceSpec {
  const { success, issues } = v.safeParse(serviceSchema, declaration)
  if (!success)
    throw new UserError('usage', schemaProblems(serviceSchema, issues, { where, what: 'a service' }).join('\n'))
  if (declaration.routes !== undefined && declaration.client !== undefined)
    throw new UserError('usage', `${where}: requests are made by "routes" or by "client": give one of them.`)
  const { entry, routes, client, args, environment, losesPower, redis, http } = declaration
  const program = pathFrom(directory, entry)
  return {
    program,
    ...(client === undefined
      ? { routes: routes === undefined ? routesBeside(program, { where, option }) : pathFrom(directory, routes) }
      : { client: pathFrom(directory, client) }),
    args,
    environment,
    losesPower,
    redis,
    ...(declaration.beside === undefined ? {} : { beside: besideOf(declaration.beside, directory) }),
    http,
  }
}

const besideOf = (
  declared: NonNullable<ServiceDeclaration['beside']>,
  directory: string,
): { readonly [name: string]: BesideSpec } =>
  Object.fromEntries(
    Object.entries(declared).map(([name, { entry, args, environment }]) => [
      name,
      {
        program: pathFrom(directory, entry),
        ...(args === undefined ? {} : { args }),
        ...(environment === undefined ? {} : { environment }),
      },
    ]),
  )

/** @throws UserError (usage) if there is no route table beside the program. */
function routesBeside(program: string, { where, option }: { readonly where: string; readonly option: string }): string {
  const beside = join(dirname(program), 'routes.json')
  if (existsSync(beside)) return isAbsolute(beside) || beside.startsWith('.') ? beside : `./${beside}`
  throw new UserError(
    'usage',
    `${where}: a route table is needed, which says what requests clients make: give its file with ${option}, or put routes.json beside ${program}. chaos routes --help says how to write one.`,
  )
}

/** Relative to the working directory where it is below that, and never like a name. */
function pathFrom(directory: string, path: string): string {
  const absolute = resolve(directory, path)
  const here = relative('.', absolute)
  return here.startsWith('..') || isAbsolute(here) ? absolute : `./${here}`
}
