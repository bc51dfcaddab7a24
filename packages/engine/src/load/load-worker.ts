import { plural } from '@chaosproxy/history'
import { LOAD_QUEUE } from '../queue/board.ts'
import type { Connected } from '../queue/connect.ts'
import type { TakenJob } from '../queue/packages.ts'
import { readLoadOrder } from './order.ts'
import { performShare } from './perform-share.ts'

/** What a worker tells of a job. */
export type DriveEvent =
  /** It drives clients of a run, at these addresses. */
  | { readonly type: 'driving'; readonly job: string; readonly addresses: readonly string[] }
  | { readonly type: 'done'; readonly job: string; readonly elapsedMs: number }
  /** A job that it does not do, or not to its end, and why. */
  | { readonly type: 'refused'; readonly why: string }

/** Takes parts of the load of runs from the queue. */
export function loadWorker(
  { bullmq, connection, connect }: Connected,
  lostAfterMs: number,
  listener: (event: DriveEvent) => void,
): InstanceType<Connected['bullmq']['Worker']> {
  async function drive({ data }: TakenJob): Promise<object> {
    const startedAt = performance.now()
    try {
      const order = readLoadOrder(data)
      const { share, clients, elsewhere } = order
      const job = `part ${share.index + 1}/${share.of} of the ${plural(clients, 'client')} of a run`
      listener({ type: 'driving', job, addresses: elsewhere.addresses.map(({ host, port }) => `${host}:${port}`) })
      const why = await performShare(order, connect)
      if (why !== undefined) listener({ type: 'refused', why })
      else listener({ type: 'done', job, elapsedMs: performance.now() - startedAt })
      return {}
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      listener({ type: 'refused', why })
      throw new bullmq.UnrecoverableError(why)
    }
  }

  return new bullmq.Worker(LOAD_QUEUE, drive, {
    connection,
    // Clients of one run belong on several machines.
    concurrency: 1,
    lockDuration: lostAfterMs,
    stalledInterval: lostAfterMs / 2,
    // Nobody can take over clients in the middle of a run.
    maxStalledCount: 0,
  })
}
