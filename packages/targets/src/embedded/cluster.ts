import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Fault, NodeId } from '@chaos/faults'
import { UserError } from '@chaos/history'
import { findProtocol, type KnobValue, protocols } from '@chaos/protocols'
import type { Cluster, Heal, Injected } from '@chaos/runner'
import { createClock } from './clock.ts'
import { type ClusterNetwork, openClusterNetwork } from './cluster-network.ts'
import { createHttpClient } from './http-client.ts'
import { type Keeper, startKeeper } from './keeper.ts'
import { type ManagedNode, manageNode } from './managed-node.ts'
import { refusalOf } from './suffers.ts'

export interface EmbeddedClusterOptions {
  readonly protocol: string
  readonly bug?: string | undefined
  readonly knobs?: { readonly [name: string]: KnobValue } | undefined
  /** How many; they are called n1, n2, …. */
  readonly nodes: number
  /** Gets a directory for each node, with its journal. A journal that is there already is started from. */
  readonly dataDir: string
  /** Gets n1.log, n2.log, …, to which is appended. */
  readonly logDir: string
  readonly seed: number
  /** For the processes to be ready, and then again for one of them to lead. By default 15 s. */
  readonly startupTimeoutMs?: number | undefined
  /** Gives up a start that is on its way; what was started ends. */
  readonly signal?: AbortSignal | undefined
}

/** A protocol as real processes, one a node, with every link running through the proxy. */
export interface EmbeddedCluster extends Cluster {
  /** From the call to `startEmbeddedCluster` until it could serve. */
  readonly readyMs: number
  /** Who leads, as the leading node itself believes (the one in the highest term where there are several). */
  leader(): NodeId | undefined
  logPath(node: NodeId): string
  /** Of each node's present process; undefined while it has none. */
  pid(node: NodeId): number | undefined
  /** What went wrong without having been asked for, such as a node that ended by itself; in order. */
  trouble(): readonly string[]
}

const STARTUP_TIMEOUT_MS = 15_000

/**
 * Starts the nodes and waits until they can serve: until each has reported itself, and one of them leads.
 *
 * @throws UserError: usage for an unknown protocol, environment for a node that does not start. Nothing is left behind.
 */
export async function startEmbeddedCluster(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  const origin = process.hrtime.bigint()
  validate(options)
  const startupTimeoutMs = options.startupTimeoutMs ?? STARTUP_TIMEOUT_MS
  const nodes = Array.from({ length: options.nodes }, (_, index) => `n${index + 1}`)
  const logPath = (node: NodeId) => join(options.logDir, `${node}.log`)
  makeDirectories([options.logDir, ...nodes.map((node) => join(options.dataDir, node))])

  const trouble: string[] = []
  const watchers = new Set<() => void>()
  const statusChanged = () => {
    for (const watcher of watchers) watcher()
  }
  const keeper = startKeeper(() =>
    trouble.push('the keeper ended: if this process is killed, paused nodes will be left'),
  )
  let network: ClusterNetwork | undefined
  let managed: ManagedNode[] = []
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= endAll(managed, network, keeper)
    return stopping
  }
  // The start then fails, and cleans up as after any failure.
  const abort = () => {
    for (const node of managed) void node.end()
  }
  options.signal?.addEventListener('abort', abort)
  try {
    const opened = await openClusterNetwork(nodes, options.seed)
    network = opened
    managed = nodes.map((id) =>
      manageNode({
        setup: {
          id,
          protocol: options.protocol,
          bug: options.bug,
          knobs: options.knobs ?? {},
          peers: opened.peersOf(id),
          journalPath: join(options.dataDir, id, 'journal.log'),
          logPath: logPath(id),
          originNanos: String(origin),
        },
        seed: options.seed,
        keeper,
        startupTimeoutMs,
        moved: (ports) => opened.moved(id, ports),
        statusChanged,
        died: (message) => trouble.push(message),
      }),
    )
    options.signal?.throwIfAborted()
    await Promise.all(managed.map((node) => node.start()))
    await ready(managed, watchers, startupTimeoutMs)
    options.signal?.throwIfAborted()
    return asCluster(opened)
  } catch (error) {
    await stop()
    throw options.signal?.aborted ? new UserError('environment', 'the start of the cluster was given up') : error
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }

  function asCluster(opened: ClusterNetwork): EmbeddedCluster {
    const byId = new Map(managed.map((node) => [node.id, node]))
    const clock = createClock(origin)
    return {
      nodes,
      clock,
      readyMs: clock.now() / 1e6,
      connect(id) {
        const port = opened.clientPort(id)
        return createHttpClient({ port, host: id, life: () => byId.get(id)?.life() ?? { number: 0, alive: false } })
      },
      inject(fault, injected) {
        inject(fault, byId, opened).then(injected, (error: Error) => injected({ type: 'failed', error: error.message }))
      },
      status: () => new Map(managed.map((node) => [node.id, node.status()])),
      leader: () => leaderOf(managed),
      logPath,
      pid: (id) => byId.get(id)?.pid(),
      trouble: () => trouble,
      stop(stopped) {
        stop().then(stopped)
      },
    }
  }
}

/** Puts a fault in force. Where only part of it can be, that part is healed again and the injection fails. */
async function inject(
  fault: Fault,
  nodes: ReadonlyMap<NodeId, ManagedNode>,
  network: ClusterNetwork,
): Promise<Injected> {
  const refused = refusalOf(fault.kind)
  if (refused !== undefined) return { type: 'failed', error: refused }
  switch (fault.kind) {
    case 'kill': {
      const victims = nodesOf(fault.nodes, nodes)
      const killed = await Promise.all(victims.map((node) => node.kill()))
      return injected(count(killed), () => Promise.all(victims.map((node) => node.revive())))
    }
    case 'pause': {
      const victims = nodesOf(fault.nodes, nodes)
      const paused = await Promise.all(victims.map((node) => node.pause()))
      return injected(count(paused), async () => {
        for (const node of victims) node.resume()
      })
    }
    case 'loss':
      throw new Error('a stream loses no messages')
    case 'partition':
    case 'latency':
    case 'bandwidth':
    case 'reset': {
      for (const { from, to } of fault.links)
        nodesOf(
          [from, to].filter((end) => end !== 'clients'),
          nodes,
        )
      const applied = network.apply(fault)
      return injected(
        () => applied.hits,
        async () => applied.remove(),
      )
    }
    default:
      fault satisfies never
      throw new Error('an unknown kind of fault')
  }
}

function injected(hits: () => number, undo: () => Promise<unknown>): Injected {
  let undone: Promise<unknown> | undefined
  const heal: Heal = (healed) => {
    undone ??= undo()
    undone.then(
      () => healed({ type: 'healed', hits: hits() }),
      (error: Error) => healed({ type: 'failed', error: error.message }),
    )
  }
  return { type: 'injected', heal }
}

const count = (bites: readonly boolean[]) => () => bites.filter(Boolean).length

function nodesOf(ids: readonly NodeId[], nodes: ReadonlyMap<NodeId, ManagedNode>): ManagedNode[] {
  return [...new Set(ids)].map((id) => {
    const node = nodes.get(id)
    if (node === undefined) throw new Error(`there is no node ${id}; there are ${[...nodes.keys()].join(', ')}`)
    return node
  })
}

/** Resolves once every node has reported itself and one leads. */
async function ready(nodes: readonly ManagedNode[], watchers: Set<() => void>, timeoutMs: number): Promise<void> {
  const isReady = () => nodes.every((node) => node.status() !== undefined) && leaderOf(nodes) !== undefined
  let timer: NodeJS.Timeout | undefined
  let watcher: (() => void) | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      watcher = () => {
        const gone = nodes.find((node) => node.pid() === undefined)
        if (gone !== undefined) reject(new UserError('environment', `${gone.id} ended while the cluster was starting`))
        else if (isReady()) resolve()
      }
      watchers.add(watcher)
      timer = setTimeout(() => {
        const roles = nodes.map((node) => `${node.id} ${node.status()?.role ?? 'silent'}`).join(', ')
        reject(new UserError('environment', `no node leads after ${timeoutMs} ms (${roles}); see the nodes' logs`))
      }, timeoutMs)
      watcher()
    })
  } finally {
    clearTimeout(timer)
    if (watcher !== undefined) watchers.delete(watcher)
  }
}

function leaderOf(nodes: readonly ManagedNode[]): NodeId | undefined {
  let leader: { id: NodeId; term: number } | undefined
  for (const node of nodes) {
    const status = node.status()
    if (status?.leads && (leader === undefined || (status.term ?? 0) > leader.term))
      leader = { id: node.id, term: status.term ?? 0 }
  }
  return leader?.id
}

async function endAll(
  nodes: readonly ManagedNode[],
  network: ClusterNetwork | undefined,
  keeper: Keeper,
): Promise<void> {
  await Promise.all(nodes.map((node) => node.end()))
  await network?.close()
  await keeper.close()
}

function validate(options: EmbeddedClusterOptions): void {
  if (findProtocol(options.protocol) === undefined) {
    const names = protocols.map((protocol) => protocol.name).join(', ')
    throw new UserError('usage', `there is no target "${options.protocol}"; there are ${names}`)
  }
  if (!Number.isInteger(options.nodes) || options.nodes < 1)
    throw new UserError('usage', `the number of nodes is ${options.nodes}; give a whole number, 1 or more`)
}

function makeDirectories(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      mkdirSync(path, { recursive: true })
    } catch (error) {
      const reason = (error as Error).message
      throw new UserError('environment', `${path} cannot be made (${reason}); choose a directory that can be written`)
    }
  }
}
