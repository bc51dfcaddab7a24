import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { inputError, UserError } from '@chaosproxy/history'
import { objects, type ProtocolDefinition } from '@chaosproxy/protocols'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import { compileRequestMaker, generatorTable, parseRouteTable, type RequestMaker } from '@chaosproxy/recorder/routes'
import { allFunctions } from '@chaosproxy/workloads'
import { type ServiceSpec, serviceName } from './declared/reference.ts'
import { type Database, loadDatabases } from './postgresql/database.ts'
import { loadProgram, type Program } from './program/bundle.ts'
import type { Probing } from './program/probes.ts'
import { keepsPackages } from './program/seat.ts'
import { dropSeats } from './program/seats.ts'
import { loadSimulatedRedis, type SimulatedRedis } from './redis/node.ts'

export type ServiceClients =
  | { readonly type: 'routes'; readonly file: string; readonly table: RouteTable; readonly maker: RequestMaker }
  | { readonly type: 'module'; readonly file: string; readonly program: Program }

export interface Service {
  readonly spec: ServiceSpec
  readonly program: Program
  readonly beside: ReadonlyMap<string, Program>
  /** The PostgreSQL servers of the service, by name. */
  readonly databases: ReadonlyMap<string, Database>
  readonly redis: SimulatedRedis | undefined
  readonly clients: ServiceClients
  readonly definition: ProtocolDefinition
}

/**
 * @throws UserError (input) for a program, a file of clients or a route table that cannot be read, (environment) for a
 * simulated server whose package is not installed.
 */
export async function loadService(spec: ServiceSpec, probing?: Probing): Promise<Service> {
  const clients = await loadClients(spec)
  const program = await loadProgram(spec.program, probing)
  const beside = new Map<string, Program>()
  // The programs are loaded one by one, so that the first error is always the same.
  for (const [name, each] of Object.entries(spec.beside ?? {})) beside.set(name, await loadProgram(each.program))
  const databases = await loadDatabases(spec.postgres ?? {})
  const redis = spec.redis === undefined ? undefined : await loadSimulatedRedis()
  return { spec, program, beside, databases, redis, clients, definition: outlineOf(spec) }
}

export const programsIn = ({ program, beside, clients }: Service): readonly Program[] => [
  program,
  ...beside.values(),
  ...(clients.type === 'module' ? [clients.program] : []),
]

/** Whether at least one of the service's programs can reuse its loaded packages when it starts again. */
export const keepsSomePackages = (service: Service): boolean => programsIn(service).some(keepsPackages)

/** Makes later starts of the service's programs load their packages again. */
export const distrustPackages = (service: Service): void => dropSeats(programsIn(service))

/**
 * Returns a service as a protocol for the search, before its programs are bundled.
 *
 * @throws UserError (input), as {@link loadService} does for a route table.
 */
export const outlineOf = (spec: ServiceSpec): ProtocolDefinition =>
  definitionOf(spec, spec.client === undefined ? loadRoutes(spec.routes).maker.functions : allFunctions)

const loadClients = async (spec: ServiceSpec): Promise<ServiceClients> =>
  spec.client === undefined
    ? loadRoutes(spec.routes)
    : { type: 'module', file: spec.client, program: await loadProgram(spec.client) }

function loadRoutes(routes: string): ServiceClients & { readonly type: 'routes' } {
  const table = readTable(routes)
  const maker = compileRequestMaker(generatorTable(table, null), routes)
  return { type: 'routes', file: routes, table, maker }
}

function readTable(path: string): RouteTable {
  let text: string
  try {
    text = readFileSync(resolve(path), 'utf8')
  } catch {
    throw inputError(`${path}: there is no such file. Give a route table with --routes.`)
  }
  try {
    return parseRouteTable(JSON.parse(text), path)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw inputError(`${path}: this is not valid JSON: ${(error as Error).message}`)
  }
}

/** The invariant of every program that serves requests. The cluster itself detects a violation. */
export const DIES = 'a program that serves must not end by itself'

/** Returns a service as a protocol for the search. `functions` are the functions of the program's clients. */
const definitionOf = (spec: ServiceSpec, functions: readonly string[]): ProtocolDefinition => ({
  name: serviceName(spec),
  summary: `the program ${spec.program}`,
  defaultNodes: 3,
  objects: objects.map(({ name }) => name),
  functions,
  promises: () => 'linearizable',
  settings: [],
  bugs: [],
  invariants: [{ name: DIES, summary: 'whatever happens around it', watch: () => () => () => undefined }],
  create() {
    throw new Error('a service runs as a program and has no state machine')
  },
})
