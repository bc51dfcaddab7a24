import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import type { ServiceSpec } from './service.ts'

/** A service of your own, each of whose nodes runs a Node program. */
export interface ServiceDeclaration {
  /** The file of its program, TypeScript or JavaScript. */
  readonly entry: string
  /** The file of the route table that makes the clients' requests; by default `routes.json` beside the program. */
  readonly routes?: string | undefined
  /** The program's arguments. */
  readonly args?: readonly string[] | undefined
  /** Variables of its environment; `{id}`, `{number}`, `{port}`, `{peers}` and `{nodes}` are filled in. */
  readonly environment?: { readonly [name: string]: string } | undefined
  /** Adds a node of the simulator's own Redis, in memory, which the programs reach at `redis:6379`. */
  readonly redis?: 'simulated' | undefined
  /** How many nodes run it; 3 by default. */
  readonly nodes?: number | undefined
  /** Whether a kill also cuts a node's power: data that was not fsynced may be lost. */
  readonly losesPower?: boolean | undefined
}

/** How many nodes run a program unless its declaration says. */
export const USUAL_NODES = 3

/** Whether it declares a service, as opposed to a protocol. */
export const isServiceDeclaration = (value: object): value is ServiceDeclaration => 'entry' in value

const MEMBERS: readonly string[] = ['entry', 'routes', 'args', 'environment', 'nodes', 'redis', 'losesPower']

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
  const { entry, routes, args, environment, losesPower, redis } = declaration
  const program = pathFrom(directory, entry)
  return {
    program,
    routes: routes === undefined ? routesBeside(program, { where, option }) : pathFrom(directory, routes),
    args,
    environment,
    losesPower,
    redis,
  }
}

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
  const { entry, routes = '.', args = [], environment = {}, nodes = 1 } = declaration
  if (typeof entry !== 'string' || entry === '') return '"entry" must be the path of a program.'
  if (typeof routes !== 'string' || routes === '') return '"routes" must be the path of a route table.'
  if (!Array.isArray(args) || args.some((arg) => typeof arg !== 'string')) return '"args" must be a list of texts.'
  if (typeof environment !== 'object' || Object.values(environment).some((text) => typeof text !== 'string'))
    return '"environment" must be an object of texts.'
  if (declaration.redis !== undefined && declaration.redis !== 'simulated')
    return '"redis" must be "simulated": the Redis that the simulator has. A real one needs real processes: chaos run.'
  if (!Number.isInteger(nodes) || nodes < 1) return `"nodes" is ${nodes}: give a whole number from 1.`
  return undefined
}

/** Relative to the working directory where it is below that, and never like a name. */
function pathFrom(directory: string, path: string): string {
  const absolute = resolve(directory, path)
  const here = relative('.', absolute)
  return here.startsWith('..') || isAbsolute(here) ? absolute : `./${here}`
}
