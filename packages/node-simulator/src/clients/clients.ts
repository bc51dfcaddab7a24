import { compileRequestMaker, generatorTable } from '@chaosproxy/recorder/routes'
import type { Client } from '@chaosproxy/runner'
import { deathText } from '../deaths.ts'
import { type NodesOptions, nodeOf } from '../nodes.ts'
import type { ServiceClients } from '../service.ts'
import type { ServiceNode } from '../world/node.ts'
import { CLIENTS } from '../world/world.ts'
import { createClient } from './exchange.ts'
import { type ClientPlace, ModuleClients } from './module.ts'

export interface RunClients {
  start(): void
  isReady(): boolean
  connect(place: ClientPlace): Client
  /** @throws UserError (input) if the client file is wrong. Errors of the service are not reported here. */
  requireSound(): void
  kill(): void
}

export interface RunClientsOptions {
  /** Whether there is only one object, so that requests contain no key. */
  readonly isOfOne: boolean
  readonly functions: readonly string[]
}

export function createClients(around: NodesOptions, options: RunClientsOptions): RunClients {
  const { clients } = around.service
  return clients.type === 'routes' ? routeClients(clients, around, options) : moduleClients(clients, around, options)
}

type Of<Type extends ServiceClients['type']> = Extract<ServiceClients, { readonly type: Type }>

/** Creates clients that make requests by a route table. No program runs for them. */
function routeClients(
  { table, file }: Of<'routes'>,
  { service, world, network }: NodesOptions,
  { isOfOne }: RunClientsOptions,
): RunClients {
  const messages = service.spec.http === 'messages'
  // A compiled table remembers what was written, so every run has its own table.
  const maker = compileRequestMaker(generatorTable(table, null), file)
  return {
    start() {},
    isReady: () => true,
    connect: (place) => createClient({ world, network, maker, isOfOne, messages, ...place }),
    requireSound() {},
    kill() {},
  }
}

/**
 * Creates clients that run as a program. The program does not listen and must not end. No faults are injected into it.
 */
function moduleClients(
  { file, program }: Of<'module'>,
  around: NodesOptions,
  { functions }: RunClientsOptions,
): RunClients {
  const { world } = around
  const clients: ModuleClients = new ModuleClients({ world, file, functions, life: () => node.life })
  const node: ServiceNode = nodeOf(CLIENTS, around, {
    evaluated: (exported) => clients.evaluated(exported),
    died(_, death) {
      const { what, trace } = deathText(program, death)
      clients.fail([`${file} ${what}: clients must not end.`, ...trace].join('\n    at '))
    },
  })
  return {
    start: () => node.start(),
    isReady: () => clients.isReady,
    connect: (place) => clients.connect(place),
    requireSound: () => clients.requireSound(),
    kill: () => void node.kill(),
  }
}
