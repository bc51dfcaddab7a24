import { rmSync } from 'node:fs'
import type { NodeId } from '@chaosproxy/faults'
import { environmentError, UserError } from '@chaosproxy/history'
import { type Keeper, startKeeper } from '../keeper/keeper.ts'
import type { ClusterNetwork } from './cluster-network.ts'
import type { DatagramCuts } from './inject.ts'
import { type ClusterNews, createNews } from './news.ts'
import type { Victim } from './node-harms.ts'

/**
 * The parts of a cluster that have been started. If the start fails, all these parts are stopped; otherwise they are
 * stopped at the end.
 */
export interface Starting<Node extends StartedNode> {
  /** When the start was called, by `process.hrtime`. */
  readonly calledNanos: bigint
  readonly keeper: Keeper
  readonly news: ClusterNews
  nodes: readonly Node[]
  network?: ClusterNetwork
  clients?: { close(): Promise<void> }
  /** The connections to proxies on other hosts. */
  remotes?: { close(): Promise<void> } | undefined
  roles?: { stop(): Promise<void> } | undefined
  /** Redirects traffic of containers to the proxy until `release`. `close` is called after the proxy has closed. */
  redirected?: {
    /** Cuts traffic that the proxy does not carry. */
    cut?: DatagramCuts['cut']
    /** Resolves with remarks on the traffic, for the report of a run. */
    notes?(): Promise<readonly string[]>
    release(): Promise<void>
    close(): Promise<void>
  }
  /** The layer under the nodes' programs, which injects faults of disks and clocks. Undefined without such a layer. */
  machines?: StartedMachines | undefined
  /** The path of a temporary directory to remove. */
  temporary?: string
  /** Stops everything. Later calls return the promise of the first call. */
  stop(): Promise<void>
}

/** A node that can be paused. */
export interface Pausable extends Pick<Victim, 'pause' | 'resume'> {
  readonly id: NodeId
}

interface StartedMachines {
  /** Treats everything that nodes have written so far as fsynced, as in a system that has run for long. */
  settle(nodes: readonly Pausable[]): Promise<void>
  /** Returns remarks for the report of a run. */
  notes(): readonly string[]
  close(): void
}

export interface StartedNode {
  /** Ends the node if this run started it, and otherwise undoes the faults on it. May be called again. */
  end(): Promise<void>
}

export interface StartingOptions {
  /** A description of what happens to the nodes if this process and the keeper are killed. */
  readonly orphans: string
  /** Aborts the start, and stops everything that was started. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Starts a cluster of any kind. `open` adds each part to `starting` once the part is started. If the start fails,
 * nothing is left behind.
 *
 * @throws UserError (environment) if the start is aborted. Otherwise, throws the error of `open`, and adds the problems
 * that explain this error.
 */
export async function startCluster<Node extends StartedNode, Cluster>(
  { orphans, signal }: StartingOptions,
  open: (starting: Starting<Node>) => Promise<Cluster>,
): Promise<Cluster> {
  const news = createNews()
  let stopping: Promise<void> | undefined
  const starting: Starting<Node> = {
    calledNanos: process.hrtime.bigint(),
    keeper: startKeeper(() => news.trouble.push(`the keeper ended: if this process is killed, ${orphans}`)),
    news,
    nodes: [],
    stop() {
      stopping ??= stopAll(starting)
      return stopping
    },
  }
  // Ends the nodes, which makes the start fail. As after any failure, everything is then stopped, and all parts that
  // could not be ended are reported.
  const abort = () => {
    for (const node of starting.nodes) node.end().catch(() => {})
  }
  signal?.addEventListener('abort', abort)
  try {
    const cluster = await open(starting)
    signal?.throwIfAborted()
    return cluster
  } catch (error) {
    await starting.stop()
    throw signal?.aborted ? environmentError('the start of the cluster was aborted') : withTrouble(error, news)
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/**
 * Appends the cluster's problems to the error of a failed start: nodes that ended during the start usually explain the
 * error.
 */
function withTrouble(error: unknown, { trouble }: ClusterNews): unknown {
  if (!(error instanceof UserError) || trouble.length === 0) return error
  return new UserError(error.code, [error.message, ...trouble].join('\n'))
}

/** Stops all parts in reverse order. Reports a failure to end a node, and still ends the other nodes. */
async function stopAll(started: Starting<StartedNode>): Promise<void> {
  const { keeper, news, nodes, network, clients, roles, remotes, redirected, machines, temporary } = started
  await remotes?.close()
  await roles?.stop()
  for (const ended of await Promise.allSettled(nodes.map((node) => node.end())))
    if (ended.status === 'rejected') news.trouble.push(`could not be undone: ${(ended.reason as Error).message}`)
  await clients?.close()
  await redirected?.release()
  await network?.close()
  await redirected?.close()
  machines?.close()
  if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true })
  await keeper.close()
}
