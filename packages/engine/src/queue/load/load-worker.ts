import { errorText, plural, usageError } from '@chaosproxy/history'
import { LOAD_QUEUE } from '../board.ts'
import type { Connected } from '../connect.ts'
import type { TakenJob } from '../packages.ts'
import { readLoadOrder } from './order.ts'
import { performShare } from './perform-share.ts'

export type DriveEvent =
  /** The worker begins to drive clients of a run. The clients connect to the servers at `addresses` (`host:port`). */
  | { readonly type: 'driving'; readonly job: string; readonly addresses: readonly string[] }
  | { readonly type: 'done'; readonly job: string; readonly elapsedMs: number }
  | { readonly type: 'refused'; readonly why: string }

type Perform = (job: TakenJob) => Promise<object>

interface LoadWorkerOptions {
  readonly lostAfterMs: number
  /** The hosts that this worker's clients may dial, each as a host or as `host:port`. */
  readonly hosts: readonly string[]
  readonly listener: (event: DriveEvent) => void
  readonly counted: (perform: Perform) => Perform
}

/** Returns a worker that takes jobs from the queue. In each job, it drives a part of the clients of a run. */
export function loadWorker(
  { bullmq, connection, connect }: Connected,
  { lostAfterMs, hosts, listener, counted }: LoadWorkerOptions,
): InstanceType<Connected['bullmq']['Worker']> {
  async function drive({ data }: TakenJob): Promise<object> {
    const startedAt = performance.now()
    try {
      const order = readLoadOrder(data)
      const { share, clients, elsewhere } = order
      requireNamed(elsewhere.addresses, hosts)
      const job = `part ${share.index + 1}/${share.of} of the ${plural(clients, 'client')} of a run`
      listener({ type: 'driving', job, addresses: elsewhere.addresses.map(({ host, port }) => `${host}:${port}`) })
      const why = await performShare(order, connect)
      if (why !== undefined) listener({ type: 'refused', why })
      else listener({ type: 'done', job, elapsedMs: performance.now() - startedAt })
      return {}
    } catch (error) {
      const why = errorText(error)
      listener({ type: 'refused', why })
      throw new bullmq.UnrecoverableError(why)
    }
  }

  return new bullmq.Worker(LOAD_QUEUE, counted(drive), {
    connection,
    // A worker takes one job, so that the clients of a run are spread over several machines.
    concurrency: 1,
    lockDuration: lostAfterMs,
    stalledInterval: lostAfterMs / 2,
    // No other worker can take over clients in mid-run.
    maxStalledCount: 0,
  })
}

interface Address {
  readonly host: string
  readonly port: number
}

/**
 * Refuses addresses that the worker was not started for. Without this check, anyone who can write to the queue could
 * choose the servers to which the worker connects and sends its password.
 *
 * @throws UserError (usage)
 */
export function requireNamed(addresses: readonly Address[], hosts: readonly string[]): void {
  const named = new Set(hosts.map((host) => host.toLowerCase()))
  const strange = addresses.find(
    ({ host, port }) => !named.has(host.toLowerCase()) && !named.has(`${host.toLowerCase()}:${port}`),
  )
  if (strange === undefined) return
  const { host, port } = strange
  throw usageError(
    `the clients of this run dial ${host}:${port}, but the clients of this worker may dial only ${hosts.join(', ')}. If you trust everyone who can write to the queue, add --drive ${host}`,
  )
}
