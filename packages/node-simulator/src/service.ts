import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { objects, type ProtocolDefinition } from '@chaosproxy/protocols'
import {
  compileRequestMaker,
  generatorTable,
  parseRouteTable,
  type RequestMaker,
  type RouteTable,
} from '@chaosproxy/recorder/routes'
import { allFunctions } from '@chaosproxy/workloads'
import { loadProgram, type Program } from './program/bundle.ts'
import type { Probing } from './program/probes.ts'
import { keepsPackages } from './program/seat.ts'
import { dropSeats } from './program/seats.ts'

/** What turns the operations of clients into requests. */
type Clients =
  /** The file of a route table. */
  | { readonly routes: string; readonly client?: undefined }
  /** A file whose default export is `defineClient({ … })`, simulated as well. */
  | { readonly client: string; readonly routes?: undefined }

/** A service whose nodes are programs of one file. Plain data: it is kept in replay files. */
export type ServiceSpec = ServicePrograms & Clients

interface ServicePrograms {
  /** Its name in runs and reports; absent: that of its program. */
  readonly name?: string | undefined
  readonly program: string
  readonly args?: readonly string[] | undefined
  readonly environment?: { readonly [name: string]: string } | undefined
  /** A Redis of the simulator's own that the programs reach at redis:6379; absent: none. */
  readonly redis?: 'simulated' | undefined
  /** Programs that stand beside the nodes, by the names that they are dialled by; absent: none. */
  readonly beside?: { readonly [name: string]: BesideSpec } | undefined
  /** Whether a kill takes the node's power, and with it what was not fsynced. */
  readonly losesPower?: boolean | undefined
  /** What goes between clients and servers of HTTP; absent: bytes. */
  readonly http?: 'bytes' | 'messages' | undefined
  /** How many nodes a run has unless it says. */
  readonly nodes?: number | undefined
}

export type BesideSpec = Pick<ServiceSpec, 'program' | 'args' | 'environment'>

/** How specs and replay files begin the name of a service, before its spec as JSON. */
export const SERVICE = 'service:'

export const isService = (reference: string): boolean => reference.startsWith(SERVICE)

/** Whether it is a whole declaration rather than the name that a configuration gives one. */
export const isFullService = (reference: string): boolean => reference.startsWith(`${SERVICE}{`)

/** The name of a service that replay files and searches know it by. */
export const serviceReference = (spec: ServiceSpec): string =>
  SERVICE +
  JSON.stringify({
    ...(spec.name === undefined ? {} : { name: spec.name }),
    program: spec.program,
    ...(spec.client === undefined ? { routes: spec.routes } : { client: spec.client }),
    ...(spec.args === undefined || spec.args.length === 0 ? {} : { args: spec.args }),
    ...(spec.losesPower === true ? { losesPower: true } : {}),
    ...(spec.http === 'messages' ? { http: spec.http } : {}),
    ...(spec.redis === undefined ? {} : { redis: spec.redis }),
    ...(spec.beside === undefined ? {} : { beside: spec.beside }),
    ...(spec.environment === undefined ? {} : { environment: spec.environment }),
    ...(spec.nodes === undefined ? {} : { nodes: spec.nodes }),
  })

/** @throws UserError (input) for a reference that is none. */
export function parseServiceReference(reference: string): ServiceSpec {
  try {
    const spec = JSON.parse(reference.slice(SERVICE.length)) as Partial<ServiceSpec>
    const asks = [spec.routes, spec.client].filter((file) => typeof file === 'string')
    if (typeof spec.program === 'string' && asks.length === 1) return spec as ServiceSpec
  } catch {}
  throw new UserError(
    'input',
    `${reference} names no service: give "program" and either "routes" or "client", as chaos simulate writes them.`,
  )
}

export const serviceName = ({ name, program }: ServiceSpec): string => name ?? basename(program)

/** Its program, those beside it, and that of its clients. */
export const programsOfService = ({ program, beside = {}, client }: ServiceSpec): readonly string[] => [
  program,
  ...Object.values(beside).map((each) => each.program),
  ...(client === undefined ? [] : [client]),
]

/** The files that a service is read from. */
export const filesOfService = (spec: ServiceSpec): readonly string[] => [
  ...programsOfService(spec),
  ...(spec.routes === undefined ? [] : [spec.routes]),
]

export type ServiceClients =
  | { readonly type: 'routes'; readonly file: string; readonly table: RouteTable; readonly maker: RequestMaker }
  | { readonly type: 'module'; readonly file: string; readonly program: Program }

/** A service that is ready to be simulated. */
export interface Service {
  readonly spec: ServiceSpec
  readonly program: Program
  /** The programs that stand beside the nodes, by name. */
  readonly beside: ReadonlyMap<string, Program>
  readonly clients: ServiceClients
  readonly definition: ProtocolDefinition
}

/** @throws UserError (input) for a program, a file of clients or a route table that cannot be read. */
export async function loadService(spec: ServiceSpec, probing?: Probing): Promise<Service> {
  const clients = await loadClients(spec)
  const program = await loadProgram(spec.program, probing)
  const beside = new Map<string, Program>()
  // One by one, so that the first mistake is always the same one.
  for (const [name, each] of Object.entries(spec.beside ?? {})) beside.set(name, await loadProgram(each.program))
  return { spec, program, beside, clients, definition: definitionOf(spec, clients) }
}

/** All programs of a service: its nodes', those beside them, and the clients'. */
export const programsIn = ({ program, beside, clients }: Service): readonly Program[] => [
  program,
  ...beside.values(),
  ...(clients.type === 'module' ? [clients.program] : []),
]

/** Whether a start of some program of it may have packages as an earlier one loaded them. */
export const keepsSomePackages = (service: Service): boolean => programsIn(service).some(keepsPackages)

/** From now on no start of its programs has packages as an earlier one loaded them. */
export const distrustPackages = (service: Service): void => dropSeats(programsIn(service))

async function loadClients({ routes, client }: ServiceSpec): Promise<ServiceClients> {
  if (client !== undefined) return { type: 'module', file: client, program: await loadProgram(client) }
  const table = readTable(routes)
  const maker = compileRequestMaker(generatorTable(table, null), routes)
  return { type: 'routes', file: routes, table, maker }
}

function readTable(path: string): RouteTable {
  let text: string
  try {
    text = readFileSync(resolve(path), 'utf8')
  } catch {
    throw new UserError('input', `${path}: there is no such file. Give a route table with --routes.`)
  }
  try {
    return parseRouteTable(JSON.parse(text), path)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError('input', `${path}: not JSON: ${(error as Error).message}`)
  }
}

/** What no program may do that serves; the cluster sees it. */
export const DIES = 'a program that serves does not end by itself'

/** A service as the search takes a protocol: all that it knows of it is what clients can ask. */
const definitionOf = (spec: ServiceSpec, clients: ServiceClients): ProtocolDefinition => ({
  name: serviceName(spec),
  summary: `the program ${spec.program}`,
  defaultNodes: 3,
  objects: objects.map(({ name }) => name),
  functions: clients.type === 'routes' ? clients.maker.functions : allFunctions,
  promises: () => 'linearizable',
  knobs: [],
  bugs: [],
  invariants: [{ name: DIES, summary: 'whatever happens around it', watch: () => () => () => undefined }],
  create() {
    throw new Error('a program is no state machine')
  },
})
