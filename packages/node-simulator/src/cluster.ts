import process from 'node:process'
import { type Endpoint, type FaultKind, type NodeId, nodeNames } from '@chaosproxy/faults'
import {
  environmentError,
  inputError,
  type Millis,
  millis,
  millisToNanos,
  type Nanos,
  nanos,
  type UserError,
} from '@chaosproxy/history'
import type { Clock } from '@chaosproxy/runner'
import {
  type MomentWatch,
  noWatch,
  type PlannedDelay,
  type PlannedHold,
  type RunEnd,
  type SimulatedCluster,
} from '@chaosproxy/simulator'
import { takeGlobals } from './builtins/ambient.ts'
import { createClients, type RunClients } from './clients/clients.ts'
import { createDeaths, type Deaths } from './deaths.ts'
import { REDIS } from './declared/hosts.ts'
import { databaseHosts, type ServiceSpec } from './declared/reference.ts'
import { environmentsOf, PORT, programOf } from './environment.ts'
import { nodeOf, replacing } from './nodes.ts'
import { PostgresNode, type UnsupportedSql } from './postgresql/node.ts'
import type { AwaitedSql } from './postgresql/statements.ts'
import type { DatabaseStory } from './postgresql/story.ts'
import { Seats } from './program/seats.ts'
import { RedisNode, type RedisOptions } from './redis/node.ts'
import { hearRefusals, NotSimulated } from './refusal.ts'
import { programsIn, type Service } from './service.ts'
import { isOfDatabases, type Stoppable } from './world/blows.ts'
import { delaysOf } from './world/delays.ts'
import { canDrain, takeUncaught } from './world/drain.ts'
import { hostsOf } from './world/hosts.ts'
import { injectorOf } from './world/inject.ts'
import { type Life, turn } from './world/life.ts'
import { watchMemory } from './world/memory.ts'
import { Network } from './world/network.ts'
import type { ServiceNode } from './world/node.ts'
import { Quiet } from './world/quiet.ts'
import type { CodeWatch } from './world/requests.ts'
import { freeParsers } from './world/servers.ts'
import { requireNoStray, watchStrays } from './world/strays.ts'
import { advanceInTime, type Ended } from './world/time-limit.ts'
import { weatherOf } from './world/weather.ts'
import { CLIENTS, type TurnWatch, World } from './world/world.ts'

export interface ServiceClusterOptions {
  readonly nodes: number
  readonly seed: number
  /** Whether the routes concern one fixed object, so that requests contain no key. */
  readonly isOfOne?: boolean | undefined
  /**
   * The functions that clients will call. If the client file does not support one of them, the run ends with an error.
   */
  readonly functions?: readonly string[] | undefined
  readonly log?: ((time: Nanos, node: NodeId, text: string) => void) | undefined
  readonly moments?: MomentWatch | undefined
  readonly turns?: TurnWatch | undefined
  readonly trace?: ((text: string) => void) | undefined
  /** Packets with unusual delays; by default, the seed determines every delay. */
  readonly delays?: readonly PlannedDelay[] | undefined
  /** The requests that are held at an `await`. */
  readonly holds?: readonly PlannedHold[] | undefined
  readonly delayed?: ((delay: PlannedDelay) => void) | undefined
  /** The processor time after which a program that does not return is stopped; unlimited if absent. */
  readonly longestMs?: Millis | undefined
  /** Whether starts may reuse loaded packages. Reuse is faster, and changes nothing unless a package keeps state. */
  readonly keepsPackages?: boolean | undefined
  /**
   * Called for each statement that the simulated PostgreSQL cannot execute. If absent, such a statement ends the run.
   */
  readonly unsupportedSql?: UnsupportedSql | undefined
  /** Called for each step of the program that serves a client (see `CodeWatch`). Requires a service with probes. */
  readonly code?: CodeWatch | undefined
  /** Called at the end with the statements that the program awaited. */
  readonly sql?: ((awaited: readonly AwaitedSql[]) => void) | undefined
  /** Called at the end with explanations of how clients' requests affected each other in the database. */
  readonly story?: ((story: DatabaseStory) => void) | undefined
}

const RECOVERY_MS = millis(20_000)
/** A partition may hold back messages. They may still arrive for this long after the partition. */
const LINGERS_MS = millis(1_000)
const MOST_LOG_LINES = 50_000
/** The largest number of characters that a program may log in a run. With more, a run would take minutes. */
const MOST_LOG_CHARS = 1 << 25
const LOGS_TOO_MUCH = [
  'writing more than 32 MB to the log of a run',
  "would take all of a search's time",
  'Log less if CHAOS_SIMULATED is set.',
] as const

/**
 * Creates a cluster of one program's nodes in virtual time. Its behaviour is a function of its options, byte for byte.
 */
export function createServiceCluster(service: Service, options: ServiceClusterOptions): SimulatedCluster {
  const names = nodeNames(options.nodes)
  const { world, network, nodes, beside, servers, clients, deaths, close } = openWorld(service, options, names)
  const programs = [...beside.values(), ...nodes.values()]
  const stoppable: ReadonlyMap<NodeId, Stoppable> = new Map<NodeId, Stoppable>([...nodes, ...beside, ...servers])
  const { inject, healAll } = injectorOf({ world, network, nodes: stoppable })
  const quiet = new Quiet({ world, network, nodes: () => programs, keepers: [...servers.values()] })
  const listens = listening(quiet)
  const lookAtMemory = watchMemory()
  let [connected, events, startedAt] = [0, 0, nanos(0)]
  /** Why it is unknown whether transactions kept their level. */
  let unjudged = unjudgedOf(servers)
  for (const node of [...servers.values(), ...programs]) node.start()
  clients.start()

  return {
    nodes: names,
    besides: besidesOf(service),
    clock: clockOf(world),
    inject,
    connect(id) {
      requireListening(service, programs)
      requireReady(clients, service)
      const [name, node] = [`c${++connected}`, nodes.get(id)]
      return disturbing(clients.connect({ node: id, name, port: () => portOf(node?.life) }), quiet)
    },
    isReady: () => clients.isReady() && programs.every((node) => node.listens),
    marked: () => [],
    isUnderWay: () => quiet.isUnderWay,
    recoveryMs: (): Millis => RECOVERY_MS,
    lingersMs: LINGERS_MS,
    status: () => new Map(names.map((id) => [id, nodes.get(id)?.listens ? listens : undefined])),
    broken: () => world.assertions.broken ?? deaths.broken(),
    brokenAtRest() {
      const { broken, undecided } = brokenData(servers, startedAt)
      unjudged = undecided
      return broken
    },
    unmet: () => [...world.assertions.unmet(), ...unjudged],
    met: () => world.assertions.met(),
    run(done, limits) {
      const lastEvent = events + limits.events
      const lastTime = world.queue.now + millisToNanos(limits.durationMs)
      const advance = (most: number): RunEnd | undefined => {
        for (const until = events + most; !done(); ) {
          if (events >= lastEvent) return 'too many events'
          if (events >= until) return undefined
          const { nextTime } = world.queue
          if (nextTime === Number.POSITIVE_INFINITY) return 'idle'
          if (nextTime > lastTime) return 'too much time'
          events++
          world.queue.advance()
          if (world.refused !== undefined) throw refusalError(service, world.refused)
          deaths.requireStarted()
          clients.requireSound()
          lookAtMemory(world.lastTurn)
        }
        return 'done'
      }
      return advanceInTime(options.longestMs, advance, { ended: (how) => endedError(service, how) })
    },
    eventCount: () => events,
    stepCount: () => world.turnCount,
    stop(stopped) {
      healAll()
      for (const node of stoppable.values()) node.kill()
      world.queue.clear()
      stopped()
    },
    scenarioBegins() {
      startedAt = world.queue.now
      world.holds?.begin()
    },
    close() {
      if (options.story !== undefined) storiesOf(servers, startedAt).forEach(options.story)
      close()
    },
  }
}

const listening = (quiet: Quiet) =>
  ({
    ...{ role: 'listens', leads: false, ready: true },
    get owes() {
      return !quiet.isQuiet
    },
  }) as const

/** Returns a client that passes requests on. It calls `quiet.disturbed` for each request that may change something. */
const disturbing = (client: ReturnType<SimulatedCluster['connect']>, quiet: Quiet): typeof client => ({
  invoke(request, ...rest) {
    if (!request.harmless) quiet.disturbed()
    client.invoke(request, ...rest)
  },
  close: () => client.close(),
})

const storiesOf = (servers: Open['servers'], startedAt: Nanos): readonly DatabaseStory[] =>
  [...servers.values()].flatMap((server) => (server instanceof PostgresNode ? server.stories(startedAt) : []))

interface AtRest {
  /** The first check that failed: an assertion about data, or the isolation level of the transactions. */
  readonly broken?: ReturnType<NonNullable<SimulatedCluster['brokenAtRest']>>
  /** The checks whose results are uncertain. */
  readonly undecided: readonly string[]
}

function brokenData(servers: Open['servers'], startedAt: Nanos): AtRest {
  const undecided: string[] = []
  for (const [node, server] of servers) {
    if (!(server instanceof PostgresNode)) continue
    const broken = server.broken()
    if (broken !== undefined) return { broken: { name: broken.query, node, what: broken.what }, undecided }
    const judged = server.judged(startedAt)
    if (judged?.result === 'broken')
      return { broken: { name: `${server.isolation} SQL of ${node}`, node, ...judged.broken }, undecided }
    if (judged?.result === 'unknown') undecided.push(...unjudgedOf(new Map([[node, server]])), judged.why)
  }
  return { undecided }
}

/**
 * Returns a sentence for each undecided isolation level. A search reports only sentences that every run returned, so
 * the sentences must not differ between runs.
 */
const unjudgedOf = (servers: Open['servers']): readonly string[] =>
  [...servers].flatMap(([node, server]) =>
    server instanceof PostgresNode && server.isolation !== undefined
      ? [`nothing showed whether the SQL of ${node} is ${server.isolation}`]
      : [],
  )

interface Open {
  readonly world: World
  readonly network: Network
  readonly nodes: ReadonlyMap<NodeId, ServiceNode>
  readonly beside: ReadonlyMap<NodeId, ServiceNode>
  readonly servers: ReadonlyMap<NodeId, RedisNode | PostgresNode>
  readonly clients: RunClients
  readonly deaths: Deaths
  close(): void
}

/** Replaces this process's globals for a run. Closing the run restores them. */
function openWorld(service: Service, options: ServiceClusterOptions, names: readonly NodeId[]): Open {
  requireMacrotask()
  const environmentOf = environmentsOf(service, names)
  requireNoStray(service.spec.program)
  watchStrays()
  const { seed, moments = noWatch, turns, trace, code, holds } = options
  let [logged, loggedChars] = [0, 0]
  const log = (node: NodeId, text: string): void => {
    logged++
    loggedChars += text.length
    if (loggedChars > MOST_LOG_CHARS) throw new NotSimulated(...LOGS_TOO_MUCH)
    if (logged <= MOST_LOG_LINES) options.log?.(world.queue.now, node, text)
  }
  const followsRequests = Object.values(service.spec.postgres ?? {}).some(({ unit }) => unit === 'request')
  const world = new World({ expected: expectedOf(service), log, moments, turns, trace, code, followsRequests, holds })
  const network = new Network(
    world,
    { weather: weatherOf(seed), delays: delaysOf(options.delays, options.delayed) },
    seed,
    [...hostNames(service, names), CLIENTS] satisfies Endpoint[],
  )
  const before = activeResources()
  const { intrinsics, giveBack } = takeGlobals()
  const unfollow = world.requests?.follow()
  const release = takeUncaught((error, rejected) => {
    if (turn.life === undefined) throw error
    turn.life.threw(error, rejected !== undefined)
  })
  hearRefusals((refusal) => {
    if (turn.life !== undefined) world.refuse(turn.life.id, refusal)
  })
  const deaths = createDeaths(service, world)
  const { spec } = service
  const hosts = hostsOf(spec.program, hostNames(service, names), {
    PostgreSQL: databaseHosts(spec.postgres ?? {}),
    Redis: spec.redis === undefined ? [] : [REDIS],
  })
  const seats = new Seats(options.keepsPackages === true)
  const shared = { service, world, network, seed, hosts, intrinsics, seats, environmentOf }
  const nodesOf = (ids: readonly NodeId[]): ReadonlyMap<NodeId, ServiceNode> =>
    new Map(ids.map((id) => [id, nodeOf(id, shared, { died: (node, death) => deaths.add(node, death) })]))
  const [nodes, beside] = [nodesOf(names), nodesOf([...service.beside.keys()])]
  const { isOfOne = false, functions = [] } = options
  const clients = createClients(shared, { isOfOne, functions })
  const servers = serversOf(service, { world, network, seed, unsupported: options.unsupportedSql })
  let isClosed = false
  return {
    ...{ world, network, nodes, beside, servers, clients, deaths },
    close() {
      if (isClosed) return
      isClosed = true
      for (const server of servers.values()) if (server instanceof PostgresNode) options.sql?.(server.awaited())
      for (const node of [...nodes.values(), ...beside.values(), ...servers.values(), clients]) node.kill()
      freeParsers(world.parsers)
      world.close()
      network.close()
      release()
      hearRefusals(undefined)
      unfollow?.()
      const replaced = intrinsics.restore()
      giveBack()
      if (replaced === undefined && world.refused === undefined) seats.giveBack()
      if (replaced !== undefined && world.refused === undefined)
        throw inputError(`${spec.program} cannot be simulated: ${new NotSimulated(...replacing(replaced)).message}`)
      requireNothingReal(service, before)
    },
  }
}

interface ServersOptions extends RedisOptions {
  readonly unsupported: UnsupportedSql | undefined
}

function serversOf({ spec, databases, redis }: Service, { unsupported, ...around }: ServersOptions): Open['servers'] {
  const servers = new Map<NodeId, RedisNode | PostgresNode>()
  for (const [id, database] of databases) {
    const shared = { ...around, database, unsupported }
    const primary = new PostgresNode({ ...shared, id, isolation: spec.postgres?.[id] })
    servers.set(id, primary)
    const { standby } = database
    if (standby !== undefined) servers.set(standby, new PostgresNode({ ...shared, id: standby }, primary))
  }
  if (redis !== undefined) servers.set(REDIS, new RedisNode(redis, around))
  return servers
}

function requireMacrotask(): void {
  if (!canDrain())
    throw new Error(
      'a run of programs must not begin in a promise callback, because no other promise can continue during the callback: use outsidePromises',
    )
}

const clockOf = (world: World): Clock => ({
  now: () => world.queue.now,
  at: (when, callback) => world.schedule(when - world.queue.now, callback),
})

/** Returns the port where clients reach a program: its given port, or the lowest that it listens on. */
function portOf(life: Life | undefined): number | undefined {
  if (life === undefined || life.servers.has(PORT)) return PORT
  return [...life.servers.keys()].sort((one, other) => one - other)[0]
}

/** Returns the programs and servers beside the nodes. */
export const besidesOf = ({ spec, beside }: Service): readonly NodeId[] => [
  ...beside.keys(),
  ...databaseHosts(spec.postgres ?? {}),
  ...(spec.redis === undefined ? [] : [REDIS]),
]

/** Returns the nodes that a kind of fault can hit; undefined for all nodes. */
export function nodesFor(kind: FaultKind, { postgres = {} }: ServiceSpec): readonly NodeId[] | undefined {
  if (!isOfDatabases(kind)) return undefined
  const names = Object.keys(postgres)
  if (kind === 'restart') return databaseHosts(postgres)
  return kind === 'failover' ? names.filter((name) => postgres[name]?.standby === true) : names
}

/** The names of the assertions that at least one run should reach. */
const expectedOf = (service: Service): readonly string[] => programsIn(service).flatMap(({ expected }) => expected)

/** Returns whether a program reports its coverage by `sometimes` or `reachable`. */
export const hasAssertions = (service: Service): boolean => expectedOf(service).length > 0

/** Returns the names of the `await` expressions at which a run can hold requests. */
export const awaitsOf = ({ program }: Service): readonly string[] => [...program.awaits.values()]

const hostNames = (service: Service, names: readonly NodeId[]): readonly NodeId[] => [...names, ...besidesOf(service)]

function requireListening(service: Service, nodes: Iterable<ServiceNode>): void {
  for (const node of nodes)
    if (!node.listens && !node.everListened)
      throw inputError(
        `${programOf(service, node.id).file} did not listen: ${node.id} opened no port within 5 s of its start. Let the program listen on process.env.PORT (${PORT}). If it first waits for an event, the event must happen in these 5 s.`,
      )
}

function requireReady(clients: RunClients, { clients: { file } }: Service): void {
  if (clients.isReady()) return
  clients.requireSound()
  throw inputError(
    `${file} was not loaded within 5 s: it awaits something at its top level that never settles. Remove that await.`,
  )
}

const refusalError = (service: Service, { node, error }: NonNullable<World['refused']>): UserError =>
  inputError(`${programOf(service, node).file} cannot be simulated: on ${node}, ${error.message}`)

/**
 * Returns the error for a program that was stopped because it did not return to the event loop. Call while `turn.life`
 * is still the stopped program. Clears `turn.life`.
 */
function endedError({ spec }: Service, { afterMs, isStuck }: Ended): UserError {
  const { life } = turn
  turn.life = undefined
  const what = `${life?.id ?? 'it'} does not return to the event loop, and was stopped after ${afterMs / 1_000} s`
  if (isStuck)
    return inputError(
      `${spec.program} cannot be simulated: ${what}. Look for an endless loop, such as one that waits for something while nothing else can happen.`,
    )
  return environmentError(
    `${spec.program}: ${what}. The program got too little processor time, so chaos cannot tell whether it would ever return. Run the command again while the machine has less to do. If the machine has little to do, look for Atomics.wait.`,
  )
}

function activeResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/**
 * Resources that are not real operations. Node creates an `Immediate` whenever the simulator empties Node's stack of
 * asynchronous contexts.
 */
const HARMLESS: ReadonlySet<string> = new Set(['Immediate'])

function requireNothingReal({ spec }: Service, before: ReadonlyMap<string, number>): void {
  for (const [name, count] of activeResources())
    if (count > (before.get(name) ?? 0) && !HARMLESS.has(name))
      throw inputError(
        `${spec.program} cannot be simulated: it started a real operation (${name}), which the simulator does not control. Let the program skip this step if the variable CHAOS_SIMULATED is set, or test it on real processes with chaos run.`,
      )
}
