import { createRandom, type NodeId } from '@chaosproxy/faults'
import { type Completion, type Input, millisToNanos, nanos } from '@chaosproxy/history'
import { settingsFor, type Workload, WRITING_RANK } from '@chaosproxy/workloads'
import { finishClient } from '../clients/client-loop.ts'
import { afterAll, FOLLOW_MS } from '../clients/driven-clients.ts'
import { startProcess } from '../clients/process.ts'
import type { RunRecorder } from '../clients/recorder.ts'
import type { Cluster } from '../ports/cluster.ts'
import type { Scenario } from './scenario.ts'

/** One client at each node for what a workload still asks once everything is healed, such as the rest of a stream. */
export interface LastClients {
  /** What a client was answered by the node: planned operations are other clients'. */
  learned(node: NodeId, input: Input, completion: Completion): void
  /** Call once everything is healed. Calls back when no client asks for more, at once if the workload asks for nothing. */
  finish(recorder: RunRecorder, finished: () => void): void
}

interface LastClientsOptions {
  readonly cluster: Cluster
  readonly scenario: Scenario
  readonly workload: Workload
}

const NONE: LastClients = { learned: () => undefined, finish: (_, finished) => finished() }

/** These are not the scenario's own clients, which shrinking may have removed. */
export function createLastClients({ cluster, scenario, workload }: LastClientsOptions): LastClients {
  if (workload.asksAfterHealing !== true) return NONE
  const { operations, seed, timeoutMs } = scenario
  // A scenario that was written by hand names no settings.
  const settings = { ...settingsFor(workload), ...scenario.settings }
  const random = createRandom(`after healing ${seed}`)
  const crew = workload.create(settings, operations.length)
  const clients = new Map(
    cluster.nodes.flatMap((node) => {
      const client = crew.client(random.fork(node), WRITING_RANK)
      return client.after === undefined ? [] : [[node, client] as const]
    }),
  )
  return {
    learned: (node, input, completion) => clients.get(node)?.learned?.(input, completion),
    finish(recorder, finished) {
      if (clients.size === 0) {
        finished()
        return
      }
      const { clock } = cluster
      const deadline = nanos(clock.now() + millisToNanos(FOLLOW_MS))
      const oneLess = afterAll(clients.size, finished)
      for (const [node, client] of clients) {
        const process = startProcess({ cluster, recorder, workload, timeoutMs })
        finishClient({ clock, process, client, pick: () => node }, deadline, oneLess)
      }
    },
  }
}
