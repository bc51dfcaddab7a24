import { type Fault, type NodeId, nodeNames } from '@chaosproxy/faults'
import { type Millis, millis, millisToNanos, type Nanos } from '@chaosproxy/history'
import type { AnyMachine } from '@chaosproxy/protocols'
import type { Clock, Cluster } from '@chaosproxy/runner'
import { apply, type World } from './blows.ts'
import { createClient, Deadlines } from './client.ts'
import type { Ear } from './ear.ts'
import { streamOf } from './fate.ts'
import { whyNotSimulated } from './fault-support.ts'
import { createInjector, type Injector, strangerIn, type Undo } from './injector.ts'
import { type MomentWatch, noWatch } from './moments.ts'
import { type Belief, SimulatedNetwork } from './network.ts'
import { type Observer, SimulatedNode } from './node.ts'
import { Call, EventQueue } from './queue.ts'
import { recoveryMs } from './recovery-time.ts'

export interface SimulationOptions {
  readonly machine: AnyMachine
  /** The number of nodes; five nodes are named `n1` … `n5`. */
  readonly nodes: number
  readonly seed: number
  /** The minimum delay of every message; 0.2 by default. */
  readonly delayMs?: Millis | undefined
  /** The maximum additional delay of a message; 0.8 by default. */
  readonly jitterMs?: Millis | undefined
  /** The minimum and maximum duration of an fsync; 0.1 and 1 by default. */
  readonly fsyncMinMs?: Millis | undefined
  readonly fsyncMaxMs?: Millis | undefined
  readonly log?: ((time: Nanos, node: NodeId, text: string) => void) | undefined
  /** Creates the observer of a node. */
  readonly observe?: ((node: NodeId) => Observer) | undefined
  readonly moments?: MomentWatch | undefined
  /** Creates the observer of the messages between nodes, from the cluster's clock. */
  readonly ear?: ((now: () => number) => Ear) | undefined
  /** The longest of the protocol's settings that are times; see `recoveryMs`. */
  readonly longestSettingMs?: Millis | undefined
}

export interface RunLimits {
  readonly events: number
  /** The limit of virtual time, counted from the call. */
  readonly durationMs: Millis
}

/** Why a run ended: `done` if the caller's condition was met, `idle` if no event is left, else the exceeded limit. */
export type RunEnd = 'done' | 'idle' | 'too many events' | 'too much time'

export interface Broken {
  readonly name: string
  readonly node: NodeId
  readonly what: string
  /** Lines that show the violation, such as the transactions that violated an isolation level. */
  readonly evidence?: readonly string[] | undefined
  /**
   * Whether the cause is outside the program, such as a broken connection. The order of the program's requests then
   * cannot explain the failure.
   */
  readonly fromOutside?: boolean | undefined
}

/** A whole cluster in virtual time. Its options determine every byte of its history. */
export interface SimulatedCluster extends Cluster {
  recoveryMs(): Millis
  /** Advances virtual time, synchronously, until `done` returns true. */
  run(done: () => boolean, limits: RunLimits): RunEnd
  isReady(): boolean
  /** Returns the number of events so far: arrivals, fsyncs, timers, and actions of clients and the nemesis. */
  eventCount(): number
  /** Returns the number of steps taken so far by the state machines of all nodes. */
  stepCount(): number
  /**
   * Returns the first forbidden action of a node. Without this method, only the protocol's own invariants are checked.
   */
  broken?(): Broken | undefined
  /**
   * Returns the first violation of a condition that must hold once every operation has ended and every fault has been
   * healed.
   */
  brokenAtRest?(): Broken | undefined
  /**
   * Returns the goals that this run has not reached; absent if there are no goals. At least one run of the programs
   * should reach each goal.
   */
  unmet?(): readonly string[]
  /** Returns the goals that this run has reached. */
  met?(): readonly string[]
  /**
   * Called when the scenario begins. The times of holds are counted from this moment. Without this method, no request
   * can be held.
   */
  scenarioBegins?(): void
  /** Undoes the changes that the run made to this process. Absent if the run makes no such changes. */
  close?(): void
}

export function createSimulatedCluster(options: SimulationOptions): SimulatedCluster {
  const names = nodeNames(options.nodes)
  const queue = new EventQueue()
  const deadlines = new Deadlines(queue)
  let eventCount = 0
  let clients = 0
  const belief: Belief = { misled: false }
  const network = networkOf(names, queue, options, belief)
  const nodes = serversOf(names, queue, options, { belief, resetTo: (node) => network.resetTo(node) })
  for (const node of nodes.values())
    for (const peer of nodes.values()) if (peer !== node) node.wire(peer, network.link(node.id, peer.id))
  let jumpedMs = 0
  const world = { network, nodes, now: () => queue.now }
  const { inject, healAll } = injectorOf(queue, world, (fault) => {
    if (fault.kind === 'clock') jumpedMs = Math.max(jumpedMs, Math.abs(fault.offsetMs))
    return apply(fault, world)
  })

  function serverOf(id: NodeId): SimulatedNode {
    const node = nodes.get(id)
    if (node === undefined) throw new Error(`there is no node ${id}`)
    return node
  }

  for (const node of nodes.values()) node.restart()

  return {
    nodes: names,
    clock: clockOf(queue),
    connect(node) {
      clients++
      const [outward, homeward] = [network.link('clients', node), network.link(node, 'clients')]
      return createClient({ name: `c${clients}`, server: serverOf(node), outward, homeward, deadlines })
    },
    inject,
    isReady() {
      for (const node of nodes.values()) {
        const status = node.status()
        if ((status?.ready ?? status?.leads) === true) return true
      }
      return false
    },
    marked: () => names.filter((id) => serverOf(id).marked),
    recoveryMs() {
      let longestMs: number = options.longestSettingMs ?? 0
      for (const node of nodes.values()) longestMs = Math.max(longestMs, node.longestTimerMs)
      return recoveryMs(longestMs, jumpedMs)
    },
    status: () => new Map(names.map((id) => [id, serverOf(id).status()])),
    stop(stopped) {
      healAll()
      for (const node of nodes.values()) node.kill()
      queue.clear()
      stopped()
    },
    run(done, limits) {
      const lastEvent = eventCount + limits.events
      const lastTime = queue.now + millisToNanos(limits.durationMs)
      while (!done()) {
        if (eventCount >= lastEvent) return 'too many events'
        const { nextTime } = queue
        if (nextTime === Number.POSITIVE_INFINITY) return 'idle'
        if (nextTime > lastTime) return 'too much time'
        eventCount++
        queue.advance()
      }
      return 'done'
    },
    // These members are methods, not getters: each object literal with a getter would have its own hidden class, which
    // slows every access.
    eventCount: () => eventCount,
    stepCount() {
      let steps = 0
      for (const node of nodes.values()) steps += node.steps
      return steps
    },
  }
}

const networkOf = (
  names: readonly NodeId[],
  queue: EventQueue,
  options: SimulationOptions,
  belief: Belief,
): SimulatedNetwork =>
  new SimulatedNetwork(queue, {
    belief,
    ear: options.ear?.(() => queue.now),
    seed: streamOf(options.seed, 'network'),
    delayMs: options.delayMs ?? millis(0.2),
    jitterMs: options.jitterMs ?? millis(0.8),
    endpoints: [...names, 'clients'],
  })

function serversOf(
  names: readonly NodeId[],
  queue: EventQueue,
  options: SimulationOptions,
  { belief, resetTo }: { readonly belief: Belief; resetTo(node: NodeId): void },
): ReadonlyMap<NodeId, SimulatedNode> {
  const createServer = (id: NodeId): SimulatedNode =>
    new SimulatedNode(queue, {
      id,
      peers: names.filter((name) => name !== id),
      machine: options.machine,
      seed: streamOf(options.seed, 'nodes'),
      fsyncMinMs: options.fsyncMinMs ?? millis(0.1),
      fsyncMaxMs: options.fsyncMaxMs ?? millis(1),
      log: (text) => options.log?.(queue.now, id, text),
      observe: options.observe?.(id),
      moments: options.moments ?? noWatch,
      belief,
      collapsed: () => resetTo(id),
    })
  return new Map(names.map((id) => [id, createServer(id)]))
}

const clockOf = (queue: EventQueue): Clock => ({
  now: () => queue.now,
  at(when, callback) {
    const call = new Call(callback)
    queue.schedule(Math.max(when, queue.now), call)
    return () => call.cancel()
  },
})

const injectorOf = (queue: EventQueue, world: World, strike: (fault: Fault) => Undo): Injector =>
  createInjector({
    soon: (callback) => queue.schedule(queue.now, new Call(callback)),
    problemOf: (fault) => strangerIn(fault, world) ?? whyNotSimulated(fault),
    strike,
  })
