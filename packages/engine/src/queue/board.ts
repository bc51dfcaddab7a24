import { setTimeout } from 'node:timers/promises'
import { awaitJobs, type Outcome } from './awaited-jobs.ts'
import { connectQueue } from './connect.ts'
import type { BulkJob, Client, Queue, QueueEvents } from './packages.ts'
import type { Store } from './parcel.ts'

/** Jobs with users' code wait for workers that may run it. */
export const QUEUES = { plain: 'chaos', code: 'chaos-code' } as const
export type Lane = keyof typeof QUEUES
/** A run's load, one job per worker. */
export const LOAD_QUEUE = 'chaos-load'

/** Workers first take the jobs with the lowest number, no matter which coordinator has added them. */
const PRIORITIES = { high: 1, usual: 2, low: 3 } as const
export type Priority = keyof typeof PRIORITIES

const FILES = 'chaos:file:'

const SILENT_MS = 10_000
const TAKEN_BACK_MS = 1_000
const READY_MS = 1_000
const ANSWERS_WITHIN_MS = 1_500
/** Another worker may succeed, for instance if the first one's disk is full. */
const ATTEMPTS = 5
const TRIED_AGAIN_MS = 1_000
/** How long results are kept. A restarted coordinator does not repeat their jobs. */
const KEPT_SECONDS = 7 * 24 * 3_600

/** Where a coordinator adds jobs. */
export interface Board {
  /** `host:port`. */
  readonly place: string
  /** Adds the job, unless it exists, and waits a limited time for its end. */
  outcomeOf(lane: Lane, name: string, order: object): Promise<Outcome>
  isGone(lane: Lane, name: string): Promise<boolean>
  /** Removes the job, unless a worker has begun it. */
  takeBack(lane: Lane, name: string): Promise<void>
  /** Stores the texts of files, by their hashes, for workers to fetch. */
  keep(texts: ReadonlyMap<string, string>): Promise<void>
  /** The number of workers; undefined during an outage. */
  workers(lane: Lane): Promise<number | undefined>
  close(): Promise<void>
}

/** @throws UserError as `connectQueue` does. */
export async function openBoard(address: string, priority: Priority = 'usual'): Promise<Board> {
  const { bullmq, connection, place, connect } = await connectQueue(address)
  const client = connect()
  const opened = new Map<Lane, Ends>()
  const listeners: QueueEvents[] = []
  let isClosed = false

  function open(lane: Lane): Ends {
    const known = opened.get(lane)
    if (known !== undefined) return known
    const queue = new bullmq.Queue(QUEUES[lane], { connection })
    // After an error, the connection is restored automatically, and every job is checked again.
    queue.on('error', () => {})
    const ends = { queue, outcomeOf: awaitJobs(queue, () => listen(lane)) }
    opened.set(lane, ends)
    return ends
  }

  /** Subscribes to the ends of all jobs of a lane, including jobs that end before the connection is ready. */
  async function listen(lane: Lane): Promise<QueueEvents> {
    const [seconds, microseconds] = await client.time()
    const nowMs = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
    if (isClosed) throw new Error('Connection is closed.')
    const events = new bullmq.QueueEvents(QUEUES[lane], { connection, lastEventId: `${nowMs}-0` })
    events.on('error', () => {})
    listeners.push(events)
    return events
  }

  return {
    place,
    outcomeOf: (lane, name, order) =>
      open(lane).outcomeOf({
        name: 'job',
        data: order,
        opts: {
          jobId: name,
          priority: PRIORITIES[priority],
          attempts: ATTEMPTS,
          backoff: { type: 'exponential', delay: TRIED_AGAIN_MS },
          removeOnComplete: { age: KEPT_SECONDS },
          removeOnFail: true,
        },
      }),
    async isGone(lane, name) {
      const found = await Promise.race([open(lane).queue.getJob(name), later(SILENT_MS, null)]).catch(() => null)
      return found === undefined
    },
    takeBack: (lane, name) =>
      Promise.race([open(lane).queue.remove(name), later(TAKEN_BACK_MS, undefined)]).then(
        () => {},
        // A worker has already begun the job.
        () => {},
      ),
    async keep(texts) {
      for (const [hash, text] of texts) await client.set(FILES + hash, text, 'EX', KEPT_SECONDS)
    },
    workers: (lane) =>
      Promise.race([open(lane).queue.getWorkersCount(), later(ANSWERS_WITHIN_MS, undefined)]).catch(() => undefined),
    async close() {
      isClosed = true
      client.disconnect()
      const ends = [...[...opened.values()].map(({ queue }) => queue), ...listeners]
      // Closing a connection during its setup would reject a promise that nobody handles.
      await Promise.race([Promise.allSettled(ends.map((end) => end.waitUntilReady())), later(READY_MS, undefined)])
      await Promise.all(ends.map((end) => end.close()))
    },
  }
}

interface Ends {
  readonly queue: Queue
  readonly outcomeOf: (job: BulkJob) => Promise<Outcome>
}

export const storeOn = (client: Client): Store => ({
  fetch: async (hash) => (await client.get(FILES + hash)) ?? undefined,
})

const later = <Value>(ms: number, value: Value): Promise<Value> => setTimeout(ms, value, { ref: false })
