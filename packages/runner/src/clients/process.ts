import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Millis } from '@chaosproxy/history'
import type { Workload } from '@chaosproxy/workloads'
import type { Client, Cluster } from '../ports/cluster.ts'
import type { Invocation, RunRecorder } from './recorder.ts'

export interface ProcessOptions {
  readonly cluster: Pick<Cluster, 'connect'>
  readonly recorder: RunRecorder
  readonly workload: Pick<Workload, 'reads' | 'agreedOn'>
  readonly timeoutMs: Millis
  readonly final?: boolean | undefined
}

/** A client in the history: a sequence of processes, each with one operation at a time. */
export interface ClientProcess {
  invoke(node: NodeId, input: Input, completed: (completion: Completion) => void): void
  becomeFinal(): void
  close(): void
}

/**
 * Starts a client that records each invocation and its completion. After an `info` the operation may still take effect,
 * so a new process with new connections continues.
 */
export function startProcess(options: ProcessOptions): ClientProcess {
  const { cluster, recorder, workload, timeoutMs } = options
  let final = options.final ?? false
  const connections = new Connections(cluster)
  let process = recorder.newProcess()
  let client = sessionOf(process)
  let sequence = 0
  let invocation: Invocation
  let onCompletion: (completion: Completion) => void

  // There is one callback per client, not per operation, because simulations run thousands of clients.
  function completed(completion: Completion): void {
    recorder.completed(invocation, completion)
    if (completion.type === 'info') {
      connections.close()
      process = recorder.newProcess()
      client = sessionOf(process)
      sequence = 0
    }
    onCompletion(completion)
  }

  return {
    invoke(node, input, callback) {
      sequence++
      // Identifies the request, so that a cluster that retries internally applies it only once.
      const session = { client, sequence }
      invocation = { process, node, input, harmless: workload.reads.includes(input.f), session, final }
      onCompletion = callback
      recorder.invoked(invocation)
      connections.to(node).invoke(invocation, timeoutMs, completed)
    },
    becomeFinal() {
      final = true
    },
    close: () => connections.close(),
  }
}

/** Returns the name that identifies a process to the cluster and its proxy. */
export const sessionOf = (process: number): string => `process-${process}`

/** The connections of one process, kept until the process is retired. */
class Connections {
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
