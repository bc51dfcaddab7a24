import { setTimeout } from 'node:timers/promises'
import { connectQueue } from './connect.ts'

/** The queue in which jobs wait for workers. */
export const QUEUE = 'chaos'

/** How long to wait for a job before looking whether Redis still has it. */
const LOOK_EVERY_MS = 2_000
const SILENT_MS = 10_000
const TAKEN_BACK_MS = 1_000
/** What is known is not done again, also by a coordinator that is started anew. */
const KEPT_SECONDS = 7 * 24 * 3_600

/** What became of a job so far. */
export type Outcome =
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'failed'; readonly why: string }
  /** Its worker ended, and so did the next ones. */
  | { readonly type: 'poisonous' }
  | { readonly type: 'pending' }

/** Where a coordinator puts up jobs, each under its name. */
export interface Board {
  /** `host:port`. */
  readonly place: string
  /** Puts it up, unless it is, and waits for a moment until it is done. */
  outcomeOf(name: string, order: object): Promise<Outcome>
  /** Whether Redis knows nothing of it. */
  isGone(name: string): Promise<boolean>
  /** Takes it back, unless a worker has begun. */
  takeBack(name: string): Promise<void>
  /** Undefined while Redis does not answer. */
  workers(): Promise<number | undefined>
  close(): Promise<void>
}

/** @throws UserError as `connectQueue` does. */
export async function openBoard(address: string): Promise<Board> {
  const { bullmq, connection, place } = await connectQueue(address)
  const queue = new bullmq.Queue(QUEUE, { connection })
  const events = new bullmq.QueueEvents(QUEUE, { connection })
  // They connect again by themselves, and every job is looked after.
  queue.on('error', () => {})
  events.on('error', () => {})
  return {
    place,
    outcomeOf(name, order) {
      const finished = queue
        .add('job', order, { jobId: name, removeOnComplete: { age: KEPT_SECONDS }, removeOnFail: true })
        .then((job) => job.waitUntilFinished(events, LOOK_EVERY_MS))
        .then(
          (value): Outcome => ({ type: 'value', value }),
          (error: Error): Outcome => failedBy(error.message),
        )
      return Promise.race([finished, later(SILENT_MS, { type: 'pending' } as const)])
    },
    async isGone(name) {
      const found = await Promise.race([queue.getJob(name), later(SILENT_MS, null)]).catch(() => null)
      return found === undefined
    },
    takeBack: (name) =>
      Promise.race([queue.remove(name), later(TAKEN_BACK_MS, undefined)]).then(
        () => {},
        // A worker has begun with it.
        () => {},
      ),
    workers: () => queue.getWorkersCount().catch(() => undefined),
    close: async () => void (await Promise.all([queue.close(), events.close()])),
  }
}

/** BullMQ tells by words what became of a job, and that it is not there or not finished yet. */
function failedBy(why: string): Outcome {
  if (/timed out before finishing|Missing key for job|Connection is closed|LOADING|ECONN/.test(why))
    return { type: 'pending' }
  return /stalled more than/.test(why) ? { type: 'poisonous' } : { type: 'failed', why }
}

const later = <Value>(ms: number, value: Value): Promise<Value> => setTimeout(ms, value, { ref: false })
