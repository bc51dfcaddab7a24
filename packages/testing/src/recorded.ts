import type { Fault } from '@chaosproxy/faults'
import { type Completion, type EventInput, type Input, millis } from '@chaosproxy/history'
import type { Injected, StartedCluster } from '@chaosproxy/runner'
import { onTestFinished } from 'vitest'

export type RecordedClient = (input: Input, timeoutMs?: number) => Promise<Completion>

/** Clients of one cluster, all recorded in one history. */
export interface RecordedClients {
  readonly events: EventInput[]
  at(node: string): RecordedClient
}

const PATIENCE_MS = 30_000

export function recordClients(cluster: StartedCluster): RecordedClients {
  const events: EventInput[] = []
  let processes = 0
  return {
    events,
    at(node) {
      const client = cluster.connect(node)
      onTestFinished(() => client.close())
      const process = processes++
      return async (input, timeoutMs = PATIENCE_MS) => {
        events.push({ process, type: 'invoke', ...input })
        const completion = await new Promise<Completion>((done) =>
          client.invoke({ input, harmless: input.f === 'read' }, millis(timeoutMs), done),
        )
        const { f, key } = input
        events.push({ process, f, ...(key === undefined ? {} : { key }), ...completion } as EventInput)
        return completion
      }
    },
  }
}

/** Resolves once the fault is in force, with a function that heals it. */
export async function injected(cluster: StartedCluster, fault: Fault): Promise<() => Promise<void>> {
  const outcome = await new Promise<Injected>((resolve) => cluster.inject(fault, resolve))
  if (outcome.type === 'failed') throw new Error(outcome.error)
  return () => new Promise((resolve) => outcome.heal(() => resolve()))
}
