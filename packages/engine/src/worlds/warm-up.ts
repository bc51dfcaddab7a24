import type { NodeId } from '@chaosproxy/faults'
import { type Input, millis } from '@chaosproxy/history'
import { type Client, type Cluster, currentLeader } from '@chaosproxy/runner'
import type { Workload } from '@chaosproxy/workloads'

/** No other client reads this key. */
const KEY = 'warm-up'
const ROUNDS = 10
const SWIFT_MS = 60
const PAUSE_MS = 20
const LONGEST_MS = 10_000
const TIMEOUT_MS = millis(1_000)

/**
 * Reads from every node until all of them have answered swiftly several times in a row under the same leader. The first
 * requests to a process that has just started take long, and on a busy machine its first leader may soon be replaced.
 * Gives up after a while: some systems are slow, and some machines stay busy.
 */
export async function warmUp(cluster: Cluster, workload: Workload, interrupted: AbortSignal): Promise<void> {
  const [input] = workload.finale([KEY]).filter(({ f }) => workload.reads.includes(f))
  const clients = cluster.nodes.map((node) => cluster.connect(node))
  const giveUpAt = performance.now() + LONGEST_MS
  let leader: NodeId | undefined
  let swift = 0
  while (swift < ROUNDS && performance.now() < giveUpAt && !interrupted.aborted) {
    const begunAt = performance.now()
    if (input !== undefined) await Promise.all(clients.map((client) => ask(client, input)))
    const isSwift = performance.now() - begunAt <= SWIFT_MS && currentLeader(cluster) === leader
    swift = isSwift ? swift + 1 : 0
    leader = currentLeader(cluster)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  for (const client of clients) client.close()
}

const ask = (client: Client, input: Input): Promise<void> =>
  new Promise((resolve) => client.invoke({ input, harmless: true }, TIMEOUT_MS, () => resolve()))
