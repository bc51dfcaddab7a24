import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { objects, type ProtocolDefinition } from '@chaosproxy/protocols'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import { compileRequestMaker, generatorTable, parseRouteTable, type RequestMaker } from '@chaosproxy/recorder/routes'
import { allFunctions } from '@chaosproxy/workloads'
import { type ServiceSpec, serviceName } from './declared/reference.ts'
import { loadProgram, type Program } from './program/bundle.ts'
import type { Probing } from './program/probes.ts'
import { keepsPackages } from './program/seat.ts'
import { dropSeats } from './program/seats.ts'

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
