import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client, Cluster } from '@chaosproxy/runner'
import { startEmbeddedCluster } from '@chaosproxy/targets'
import { beforeAll } from 'vitest'
import { clusterContract, type MakeCluster } from '../../../runner/test/cluster-contract.ts'
import { ensureBuilt } from '../../../testing/src/build.ts'
import { impatient } from '../../../testing/src/real-cluster.ts'

beforeAll(ensureBuilt)

const start: MakeCluster = async ({ nodes, seed }) => {
  const runDir = mkdtempSync(join(tmpdir(), 'chaos-contract-'))
  const cluster = await startEmbeddedCluster({
    protocol: 'raft',
    settings: impatient,
    nodes,
    dataDir: join(runDir, 'data'),
    logDir: runDir,
    seed,
  })
  return {
    cluster: {
      ...cluster,
      connect: keepingConnections(cluster),
      stop(stopped) {
        cluster.stop(() => {
          rmSync(runDir, { recursive: true })
          stopped()
        })
      },
    },
    async advance(done) {
      const deadline = performance.now() + 60_000
      while (!done()) {
        if (performance.now() > deadline) throw new Error('it did not happen within 60 s')
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    },
  }
}

clusterContract('of real processes', start, { shared: true })

/**
 * Keeps the clients of a node for later commands, as a run does. `clusterContract` connects a client for each command.
 * Under a partition in one direction only, a new client could not connect, so its request would not arrive.
 */
function keepingConnections(cluster: Cluster): Cluster['connect'] {
  const idle = new Map<string, Client[]>(cluster.nodes.map((node) => [node, []]))
  return (node) => {
    const kept = idle.get(node)?.pop() ?? cluster.connect(node)
    return { invoke: kept.invoke, close: () => idle.get(node)?.push(kept) }
  }
}
