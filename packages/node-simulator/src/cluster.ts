import type { Endpoint, NodeId } from '@chaosproxy/faults'
import { nodeNames } from '@chaosproxy/faults'
import { type Json, type Millis, millis, millisToNanos, type Nanos, UserError } from '@chaosproxy/history'
import { compileRequestMaker, generatorTable } from '@chaosproxy/recorder/routes'
import type { Clock } from '@chaosproxy/runner'
import { type MomentWatch, noWatch, type SimulatedCluster } from '@chaosproxy/simulator'
import { installAmbient } from './builtins/ambient.ts'
import { createClient } from './clients/exchange.ts'
import { errorText, startProgram } from './program/start.ts'
import { REDIS, REDIS_PORT, RedisNode } from './redis/node.ts'
import { hearRefusals, NotSimulated } from './refusal.ts'
import { DIES, type Service } from './service.ts'
import type { Stoppable } from './world/blows.ts'
import { canDrain, takeUncaught } from './world/drain.ts'
import { createInjector } from './world/inject.ts'
import { type Death, type Hosts, type Life, turn } from './world/life.ts'
import { Network } from './world/network.ts'
import { ServiceNode } from './world/node.ts'
import { freeParsers } from './world/servers.ts'
import { weatherOf } from './world/weather.ts'
import { type TurnWatch, World } from './world/world.ts'

export interface ServiceClusterOptions {
  readonly nodes: number
  readonly seed: number
  readonly initial: Json
  /** Whether the routes are about one fixed object, so that requests name no key. */
  readonly isOfOne?: boolean | undefined
  readonly log?: ((time: Nanos, node: NodeId, text: string) => void) | undefined
  readonly moments?: MomentWatch | undefined
  readonly turns?: TurnWatch | undefined
  readonly trace?: ((text: string) => void) | undefined
}

/** Where programs listen unless they choose. */
const PORT = 3_000
const RECOVERY_MS = millis(20_000)
/** A node that ended by itself is started again, as by a supervisor. */
const SUPERVISOR_NANOS = 1e9
const MOST_LOG_LINES = 50_000

/** A cluster of one program's nodes in virtual time: a function of its options, byte for byte. */
export function createServiceCluster(service: Service, options: ServiceClusterOptions): SimulatedCluster {
  const names = nodeNames(options.nodes)
  const { world, network, nodes, redis, deaths, close } = openWorld(service, options, names)
  const stoppable: ReadonlyMap<NodeId, Stoppable> = new Map<NodeId, Stoppable>([...nodes, ...redis])
  const { inject, healAll } = createInjector({ world, network, nodes: stoppable })
  const maker = compileRequestMaker(generatorTable(service.table, options.initial), service.spec.routes)
  let [clients, events] = [0, 0]
  for (const node of [...redis.values(), ...nodes.values()]) node.start()

  return {
    nodes: names,
    clock: clockOf(world),
    inject,
    connect(id) {
      requireListening(service, nodes.values())
      clients++
      const node = nodes.get(id)
      const port = (): number | undefined => portOf(node?.life)
      return createClient({
        world,
        network,
        node: id,
        name: `c${clients}`,
        port,
        maker,
        isOfOne: options.isOfOne ?? false,
      })
    },
    isReady() {
      let ready = true
      for (const node of nodes.values()) if (!node.listens) ready = false
      return ready
    },
    marked: () => [],
    recoveryMs: (): Millis => RECOVERY_MS,
    status: () => new Map(names.map((id) => [id, nodes.get(id)?.listens ? LISTENS : undefined])),
    broken: () => world.assertions.broken ?? deaths.broken(),
    unmet: () => world.assertions.unmet(),
    run(done, limits) {
      const lastEvent = events + limits.events
      const lastTime = world.queue.now + millisToNanos(limits.durationMs)
      while (!done()) {
        if (events >= lastEvent) return 'too many events'
        const { nextTime } = world.queue
        if (nextTime === Number.POSITIVE_INFINITY) return 'idle'
        if (nextTime > lastTime) return 'too much time'
        events++
        world.queue.advance()
        if (world.refused !== undefined) throw refusalError(service, world.refused)
        deaths.requireStarted()
      }
      return 'done'
    },
    eventCount: () => events,
    stepCount: () => world.turnCount,
    stop(stopped) {
      healAll()
      for (const node of stoppable.values()) node.kill()
      world.queue.clear()
      stopped()
    },
    close,
  }
}

const LISTENS = { role: 'listens', leads: false, ready: true } as const

interface Open {
  readonly world: World
  readonly network: Network
  readonly nodes: ReadonlyMap<NodeId, ServiceNode>
  /** The simulated Redis, if the service has one. */
  readonly redis: ReadonlyMap<NodeId, RedisNode>
  readonly deaths: Deaths
  close(): void
}

/** Takes this process over for a run, until it is closed. */
function openWorld(service: Service, options: ServiceClusterOptions, names: readonly NodeId[]): Open {
  requireMacrotask()
  const { seed, moments = noWatch, turns, trace } = options
  let logged = 0
  const log = (node: NodeId, text: string): void => {
    logged++
    if (logged <= MOST_LOG_LINES) options.log?.(world.queue.now, node, text)
  }
  const world = new World({ expected: service.program.expected, log, moments, turns, trace })
  const network = new Network(world, weatherOf(seed), seed, [
    ...hostNames(service, names),
    'clients',
  ] satisfies Endpoint[])
  const before = activeResources()
  const uninstall = installAmbient()
  const release = takeUncaught((error, rejected) => {
    if (turn.life === undefined) throw error
    turn.life.threw(error, rejected !== undefined)
  })
  hearRefusals((refusal) => {
    if (turn.life !== undefined) world.refuse(turn.life.id, refusal)
  })
  const deaths = createDeaths(service, world)
  const hosts = hostsOf(service, names)
  const { program, spec } = service
  const nodes = new Map(
    names.map((id) => {
      const environment = environmentOf(service, names, id)
      const boot = (life: Life): void =>
        startProgram(life, { program, args: spec.args ?? [], environment, files: node.files })
      const died = (death: Death): void => deaths.add(node, death)
      const node: ServiceNode = new ServiceNode({
        ...{ world, network, id, seed, hosts, boot, died },
        directory: program.directory,
        losesPower: spec.losesPower === true,
      })
      return [id, node] as const
    }),
  )
  const redis = new Map(
    spec.redis === undefined
      ? []
      : [[REDIS, new RedisNode({ world, network, seed, losesPower: spec.losesPower === true })] as const],
  )
  let isClosed = false
  return {
    ...{ world, network, nodes, redis, deaths },
    close() {
      if (isClosed) return
      isClosed = true
      for (const node of [...nodes.values(), ...redis.values()]) node.kill()
      world.queue.clear()
      freeParsers(world.parsers)
      release()
      hearRefusals(undefined)
      uninstall()
      requireNothingReal(service, before)
    },
  }
}

function requireMacrotask(): void {
  if (!canDrain())
    throw new Error('a run of programs begins within a promise, where nothing can run promises: use outsidePromises')
}

const clockOf = (world: World): Clock => ({
  now: () => world.queue.now,
  at: (when, callback) => world.schedule(when - world.queue.now, callback),
})

/** Where clients reach a program: the port it was told, or the first of its own choice. */
function portOf(life: Life | undefined): number | undefined {
  if (life === undefined || life.servers.has(PORT)) return PORT
  return [...life.servers.keys()].sort((one, other) => one - other)[0]
}

function environmentOf({ spec }: Service, names: readonly NodeId[], id: NodeId): { readonly [name: string]: string } {
  const peers = names.filter((name) => name !== id).map((name) => `http://${name}:${PORT}`)
  const placeholders: { readonly [name: string]: string } = {
    id,
    port: String(PORT),
    peers: peers.join(','),
    nodes: names.join(','),
    number: String(names.indexOf(id) + 1),
  }
  const filled = Object.entries(spec.environment ?? {}).map(([name, text]) => [
    name,
    text.replaceAll(/\{(\w+)\}/g, (whole, key: string) => placeholders[key] ?? whole),
  ])
  return {
    ...{ NODE_ENV: 'test', PORT: String(PORT), HOST: '0.0.0.0', NODE_ID: id, PEERS: peers.join(',') },
    ...(spec.redis === undefined ? {} : { REDIS_URL: `redis://${REDIS}:${REDIS_PORT}` }),
    ...(Object.fromEntries(filled) as { readonly [name: string]: string }),
  }
}

const LOCAL: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '0.0.0.0', '::1'])

/** The nodes that run no program: those that the service declares by name. */
export const besidesOf = ({ spec }: Service): readonly NodeId[] => (spec.redis === undefined ? [] : [REDIS])

/** Every host that programs can dial. */
const hostNames = (service: Service, names: readonly NodeId[]): readonly NodeId[] => [...names, ...besidesOf(service)]

const hostsOf = (service: Service, names: readonly NodeId[]): Hosts => ({
  find: (host, from) => (LOCAL.has(host) ? from : hostNames(service, names).find((name) => name === host)),
  unknown: (host) =>
    new NotSimulated(
      `the host ${host}`,
      `is no node of ${service.spec.program}: there are ${hostNames(service, names).join(', ')}`,
      `Give the program the address of a node, or put a fake of that server into it when NODE_ENV is test.${service.spec.redis === undefined ? " If it is a Redis: redis: 'simulated', or --redis, adds one at redis:6379." : ''}`,
    ),
  refusePath: (path) =>
    new NotSimulated(`connecting to ${path}`, 'is a socket of the file system, which no node shares', 'Use a port.'),
})

interface Deaths {
  add(node: ServiceNode, death: Death): void
  /** The first program that ended by itself while it should serve. */
  broken(): { readonly name: string; readonly node: NodeId; readonly what: string } | undefined
  /** @throws UserError (input) for a program that ended before it ever listened. */
  requireStarted(): void
}

function createDeaths({ program, spec }: Service, world: World): Deaths {
  let first: { readonly name: string; readonly node: NodeId; readonly what: string } | undefined
  let early: UserError | undefined
  return {
    add(node, death) {
      const { what, trace } = deathText(program, death)
      world.log(node.id, [what, ...trace].join('\n    at '))
      if (!node.everListened && !node.listens) {
        const told = [`${spec.program} ended before it listened, on ${node.id}: ${what}`, ...trace]
        early ??= new UserError('input', told.join('\n    at '))
        return
      }
      first ??= { name: DIES, node: node.id, what: `it ${what}${trace[0] === undefined ? '' : `, at ${trace[0]}`}` }
      world.schedule(SUPERVISOR_NANOS, () => node.start())
    },
    broken: () => first,
    requireStarted() {
      if (early !== undefined) throw early
    },
  }
}

function deathText(
  program: Service['program'],
  death: Death,
): { readonly what: string; readonly trace: readonly string[] } {
  if (death.type === 'exit') return { what: `called process.exit(${death.code})`, trace: [] }
  const { what, trace } = errorText(program, death.error)
  return { what: `${death.rejected ? 'left a promise rejected' : 'threw'}: ${what}`, trace }
}

function requireListening({ spec }: Service, nodes: Iterable<ServiceNode>): void {
  for (const node of nodes)
    if (!node.listens && !node.everListened)
      throw new UserError(
        'input',
        `${spec.program} never listens: ${node.id} opened no port within 5 s of its start. Have it listen on process.env.PORT (${PORT}); if it waits for something first, that never comes.`,
      )
}

const refusalError = ({ spec }: Service, { node, error }: NonNullable<World['refused']>): UserError =>
  new UserError('input', `${spec.program} cannot be simulated: on ${node}, ${error.message}`)

function activeResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** Node makes one whenever it empties its stack of contexts, which the simulator has it do. */
const HARMLESS: ReadonlySet<string> = new Set(['Immediate'])

function requireNothingReal({ spec }: Service, before: ReadonlyMap<string, number>): void {
  for (const [name, count] of activeResources())
    if (count > (before.get(name) ?? 0) && !HARMLESS.has(name))
      throw new UserError(
        'input',
        `${spec.program} cannot be simulated: it started something real (${name}), which no seed decides. Leave it out when NODE_ENV is test, or run it for real with chaos run.`,
      )
}
