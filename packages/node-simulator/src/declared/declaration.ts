import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
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
/** As many as a cluster of processes can have. */
const MOST_NODES = 15

/** Whether it declares a service, as opposed to a protocol. */
export const isServiceDeclaration = (value: object): value is ServiceDeclaration => 'entry' in value

const MEMBERS: readonly string[] = [
  'entry',
  'routes',
  'client',
  'args',
  'environment',
  'nodes',
  'redis',
  'beside',
  'losesPower',
  'http',
]
const BESIDE_MEMBERS: readonly string[] = ['entry', 'args', 'environment']
/** What may be a host and the beginning of a variable's name. */
const BESIDE_NAME = /^[a-z][a-z0-9-]*$/
/** Hosts that are something else already. */
const TAKEN = new RegExp(`^(?:${REDIS}|clients|localhost|n\\d+)$`)

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
  const wrong = problemOf(declaration)
  if (wrong !== undefined) throw new UserError('usage', `${where}: ${wrong}`)
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

function problemOf(declaration: ServiceDeclaration): string | undefined {
  const stranger = Object.keys(declaration).find((member) => !MEMBERS.includes(member))
  if (stranger !== undefined) return `there is no member "${stranger}". There are: ${MEMBERS.join(', ')}.`
  const { routes = '.', client = '.', nodes = 1 } = declaration
  const ofProgram = problemOfProgram(declaration)
  if (ofProgram !== undefined) return ofProgram
  if (typeof routes !== 'string' || routes === '') return '"routes" must be the path of a route table.'
  if (typeof client !== 'string' || client === '') return '"client" must be the path of a file of clients.'
  if (declaration.routes !== undefined && declaration.client !== undefined)
    return 'requests are made by "routes" or by "client": give one of them.'
  const ofBeside = problemOfBeside(declaration.beside)
  if (ofBeside !== undefined) return ofBeside
  if (declaration.redis !== undefined && declaration.redis !== 'simulated')
    return '"redis" must be "simulated": the Redis that the simulator has; chaos run starts a redis-server in its place.'
  if (declaration.http !== undefined && declaration.http !== 'bytes' && declaration.http !== 'messages')
    return '"http" must be "bytes" or "messages".'
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > MOST_NODES)
    return `"nodes" is ${nodes}: give a whole number from 1 to ${MOST_NODES}.`
  return undefined
}

function problemOfProgram({ entry, args = [], environment = {} }: BesideDeclaration): string | undefined {
  if (typeof entry !== 'string' || entry === '') return '"entry" must be the path of a program.'
  if (!Array.isArray(args) || args.some((arg) => typeof arg !== 'string')) return '"args" must be a list of texts.'
  if (typeof environment !== 'object' || Object.values(environment).some((text) => typeof text !== 'string'))
    return '"environment" must be an object of texts.'
  return undefined
}

function problemOfBeside(beside: ServiceDeclaration['beside'] = {}): string | undefined {
  if (typeof beside !== 'object' || beside === null) return '"beside" must be an object of programs by name.'
  for (const [name, program] of Object.entries(beside)) {
    const where = `"beside": ${name}: `
    if (!BESIDE_NAME.test(name)) return `${where}a name is small letters, digits and hyphens, since it is dialled.`
    if (TAKEN.test(name)) return `${where}that name is taken. Choose another one.`
    if (typeof program !== 'object' || program === null) return `${where}give { "entry": "./${name}.ts" }.`
    const stranger = Object.keys(program).find((member) => !BESIDE_MEMBERS.includes(member))
    if (stranger !== undefined)
      return `${where}there is no member "${stranger}". There are: ${BESIDE_MEMBERS.join(', ')}.`
    const problem = problemOfProgram(program)
    if (problem !== undefined) return where + problem
  }
  return undefined
}

/** Relative to the working directory where it is below that, and never like a name. */
function pathFrom(directory: string, path: string): string {
  const absolute = resolve(directory, path)
  const here = relative('.', absolute)
  return here.startsWith('..') || isAbsolute(here) ? absolute : `./${here}`
}
