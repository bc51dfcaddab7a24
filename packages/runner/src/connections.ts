import type { NodeId } from '@chaosproxy/faults'
import type { Client, Cluster } from './ports.ts'

/** One process's connections, opened on first use and kept until the process is retired. */
export class Connections {
  readonly #cluster: Pick<Cluster, 'connect'>
  readonly #open: Map<NodeId, Client> = new Map()

  constructor(cluster: Pick<Cluster, 'connect'>) {
    this.#cluster = cluster
  }

  to(node: NodeId): Client {
    const open = this.#open.get(node)
    if (open !== undefined) return open
    const connection = this.#cluster.connect(node)
    this.#open.set(node, connection)
    return connection
  }

  close(): void {
    for (const connection of this.#open.values()) connection.close()
    this.#open.clear()
  }
}
