import type { NodeId } from '@chaos/faults'
import type { Completion, Input, Millis } from '@chaos/history'
import type { Workload } from '@chaos/workloads'
import { Connections } from './connections.ts'
import type { Cluster } from './ports.ts'
import type { Invocation, Recorder } from './recorder.ts'

export interface ProcessOptions {
  readonly cluster: Cluster
  readonly recorder: Recorder
  readonly workload: Pick<Workload, 'reads'>
  readonly timeoutMs: Millis
  /** Whether what it asks for is marked as final. */
  readonly final?: boolean | undefined
}

/** A client as the history sees it: one process after another, each asking for one thing at a time. */
export interface ClientProcess {
  /** Calls back once. Nothing is ever asked for a second time. */
  invoke(node: NodeId, input: Input, completed: (completion: Completion) => void): void
  close(): void
}

/**
 * Records what is asked for and how it ends. After an `info` the process is retired, as what it asked for may still take
 * effect; a new one goes on, with connections of its own.
 */
export function startProcess(options: ProcessOptions): ClientProcess {
  const { cluster, recorder, workload, timeoutMs, final = false } = options
  const connections = new Connections(cluster)
  let process = recorder.newProcess()
  let client = sessionOf(process)
  let sequence = 0
  let invocation: Invocation
  let onCompletion: (completion: Completion) => void

  // Made once for a client, not once for an operation: simulated clients are at work by the thousand.
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
      // A cluster that retries on its own may repeat a request: its session lets it be carried out once.
      const session = { client, sequence }
      invocation = { process, node, input, harmless: workload.reads.includes(input.f), session, final }
      onCompletion = callback
      recorder.invoked(invocation)
      connections.to(node).invoke(invocation, timeoutMs, completed)
    },
    close: () => connections.close(),
  }
}

/** What names a process to the cluster, and to the proxy before it. */
export const sessionOf = (process: number): string => `process-${process}`
