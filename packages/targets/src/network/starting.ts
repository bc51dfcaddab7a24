import { rmSync } from 'node:fs'
import type { NodeId } from '@chaosproxy/faults'
import { environmentError, UserError } from '@chaosproxy/history'
import { type Keeper, startKeeper } from '../keeper/keeper.ts'
import type { ClusterNetwork } from './cluster-network.ts'
import type { DatagramCuts } from './inject.ts'
import { type ClusterNews, createNews } from './news.ts'
import type { Victim } from './node-harms.ts'

/** The parts of a cluster that have been started, which are stopped at the end or if the start fails. */
export interface Starting<Node extends StartedNode> {
  /** When the start of the cluster was called, by `process.hrtime`. */
  readonly calledNanos: bigint
  readonly keeper: Keeper
  readonly news: ClusterNews
  nodes: readonly Node[]
  network?: ClusterNetwork
  clients?: { close(): Promise<void> }
  remotes?: { close(): Promise<void> } | undefined
  roles?: { stop(): Promise<void> } | undefined
  /** The redirection of containers' traffic. `release` ends it. `close` is called after the proxies are closed. */
  redirected?: DatagramCuts & {
    notes(): Promise<readonly string[]>
    release(): Promise<void>
    close(): Promise<void>
  }
  /** The libraries or the file system below the nodes' programs. They inject faults of disks and clocks. */
  machines?: StartedMachines | undefined
  temporary?: string
  /** Stops everything. Later calls return the promise of the first call. */
  stop(): Promise<void>
}

export interface Pausable extends Pick<Victim, 'pause' | 'resume'> {
  readonly id: NodeId
}

interface StartedMachines {
  /** Treats everything that nodes have written as fsynced, as in a system that has run for long. */
  settle(nodes: readonly Pausable[]): Promise<void>
  notes(): readonly string[]
  close(): void
}

export interface StartedNode {
  /** Ends the node if this run started it, and otherwise undoes its faults. May be called again. */
  end(): Promise<void>
}

export interface StartingOptions {
  /** What happens to the nodes if this process and the keeper are killed. */
  readonly orphans: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Starts a cluster of any kind. `open` adds each started part to `starting`. If the start fails, nothing is left
 * behind.
 *
 * @throws UserError (environment) if the start is aborted. Otherwise, throws the error of `open`, and adds the problems
 * that explain it.
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
  // Ends the nodes. The start then fails, so that everything is stopped as usual.
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

/** Nodes that ended during the start usually explain its error. */
function withTrouble(error: unknown, { trouble }: ClusterNews): unknown {
  if (!(error instanceof UserError) || trouble.length === 0) return error
  return new UserError(error.code, [error.message, ...trouble].join('\n'))
}

/** Stops all parts in reverse order, and reports nodes that cannot be ended. */
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
