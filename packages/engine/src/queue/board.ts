import { setTimeout } from 'node:timers/promises'
import { connectQueue } from './connect.ts'
import type { Client, Queue, QueueEvents } from './packages.ts'
import { DAMAGED_FILE, LOST_FILE, type Store } from './parcel.ts'

/** The queues in which jobs wait for workers: those with code of users wait for workers that were allowed to run it. */
export const QUEUES = { plain: 'chaos', code: 'chaos-code' } as const
export type Lane = keyof typeof QUEUES
/** The queue in which parts of the load of a run wait, for one worker each. */
export const LOAD_QUEUE = 'chaos-load'

/** What workers take first, whoever asked for it. BullMQ takes the lowest number first. */
const PRIORITIES = { high: 1, usual: 2, low: 3 } as const
export type Priority = keyof typeof PRIORITIES

/** Where the texts of files are kept, by their hashes. */
const FILES = 'chaos:file:'

/** How long to wait for a job before looking whether Redis still has it. */
const LOOK_EVERY_MS = 2_000
const SILENT_MS = 10_000
const TAKEN_BACK_MS = 1_000
const READY_MS = 1_000
const ANSWERS_WITHIN_MS = 1_500
/** How often a job is tried whose worker cannot do it: its disk may be full, and another's not. */
const ATTEMPTS = 5
const TRIED_AGAIN_MS = 1_000
/** Results are kept this long, so that a coordinator that is started again does not repeat their jobs. */
const KEPT_SECONDS = 7 * 24 * 3_600

/** What became of a job so far. */
export type Outcome =
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'failed'; readonly why: string }
  /** A file that it needs is not in Redis, or not as it was sent. */
  | { readonly type: 'without file'; readonly isDamaged: boolean }
  /** Its worker ended, and so did the next ones. */
  | { readonly type: 'poisonous' }
  | { readonly type: 'pending' }

/** Where a coordinator puts up jobs, each under its name. */
export interface Board {
  /** `host:port`. */
  readonly place: string
  /** Puts it up, unless it is, and waits for a moment until it is done. */
  outcomeOf(lane: Lane, name: string, order: object): Promise<Outcome>
  /** Whether Redis knows nothing of it. */
  isGone(lane: Lane, name: string): Promise<boolean>
  /** Takes it back, unless a worker has begun. */
  takeBack(lane: Lane, name: string): Promise<void>
  /** Keeps the texts of files, by their hashes, for workers to fetch. */
  keep(texts: ReadonlyMap<string, string>): Promise<void>
  /** Undefined while Redis does not answer. */
  workers(lane: Lane): Promise<number | undefined>
  close(): Promise<void>
}

/** @throws UserError as `connectQueue` does. */
export async function openBoard(address: string, priority: Priority = 'usual'): Promise<Board> {
  const { bullmq, connection, place, connect } = await connectQueue(address)
  const client = connect()
  const opened = new Map<Lane, { readonly queue: Queue; readonly events: QueueEvents }>()

  function open(lane: Lane) {
    const known = opened.get(lane)
    if (known !== undefined) return known
    const queue = new bullmq.Queue(QUEUES[lane], { connection })
    const events = new bullmq.QueueEvents(QUEUES[lane], { connection })
    // They connect again by themselves, and every job is looked after.
    queue.on('error', () => {})
    events.on('error', () => {})
    // Every job that is waited for listens.
    queue.setMaxListeners(0)
    events.setMaxListeners(0)
    const ends = { queue, events }
    opened.set(lane, ends)
    return ends
  }

  return {
    place,
    outcomeOf(lane, name, order) {
      const { queue, events } = open(lane)
      const finished = queue
        .add('job', order, {
          jobId: name,
          priority: PRIORITIES[priority],
          attempts: ATTEMPTS,
          backoff: { type: 'exponential', delay: TRIED_AGAIN_MS },
          removeOnComplete: { age: KEPT_SECONDS },
          removeOnFail: true,
        })
        .then((job) => job.waitUntilFinished(events, LOOK_EVERY_MS))
        .then(
          (value): Outcome => ({ type: 'value', value }),
          (error: Error): Outcome => failedBy(error.message),
        )
      return Promise.race([finished, later(SILENT_MS, { type: 'pending' } as const)])
    },
    async isGone(lane, name) {
      const found = await Promise.race([open(lane).queue.getJob(name), later(SILENT_MS, null)]).catch(() => null)
      return found === undefined
    },
    takeBack: (lane, name) =>
      Promise.race([open(lane).queue.remove(name), later(TAKEN_BACK_MS, undefined)]).then(
        () => {},
        // A worker has begun with it.
        () => {},
      ),
    async keep(texts) {
      for (const [hash, text] of texts) await client.set(FILES + hash, text, 'EX', KEPT_SECONDS)
    },
    workers: (lane) =>
      Promise.race([open(lane).queue.getWorkersCount(), later(ANSWERS_WITHIN_MS, undefined)]).catch(() => undefined),
    async close() {
      client.disconnect()
      const ends = [...opened.values()].flatMap(({ queue, events }) => [queue, events])
      // A connection that is closed while it is being set up rejects a promise that nobody has.
      await Promise.race([Promise.allSettled(ends.map((end) => end.waitUntilReady())), later(READY_MS, undefined)])
      await Promise.all(ends.map((end) => end.close()))
    },
  }
}

/** What a coordinator kept. */
export const storeOn = (client: Client): Store => ({
  fetch: async (hash) => (await client.get(FILES + hash)) ?? undefined,
})

/** BullMQ tells by words what became of a job, and that it is not there or not finished yet. */
function failedBy(why: string): Outcome {
  if (/timed out before finishing|Missing key for job|Connection is closed|LOADING|ECONN/.test(why))
    return { type: 'pending' }
  if (why.includes(LOST_FILE) || why.includes(DAMAGED_FILE))
    return { type: 'without file', isDamaged: why.includes(DAMAGED_FILE) }
  return /stalled more than/.test(why) ? { type: 'poisonous' } : { type: 'failed', why }
}

const later = <Value>(ms: number, value: Value): Promise<Value> => setTimeout(ms, value, { ref: false })
