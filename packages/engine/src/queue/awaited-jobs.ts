import { setTimeout as later } from 'node:timers/promises'
import type { BulkJob, Queue, QueueEvents } from './packages.ts'
import { DAMAGED_FILE, LOST_FILE } from './parcel.ts'

/** How long to wait for an added job. After this time, the job is looked up in Redis and the wait ends. */
const LOOK_EVERY_MS = 2_000
/** Jobs requested within this time are sent together: the delay does not leave workers idle. */
const TOGETHER_MS = 3
/** How long to wait for Redis to accept a job. */
const SILENT_MS = 10_000

export type Outcome =
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'failed'; readonly why: string }
  /** A file that the job needs is missing in Redis, or damaged. */
  | { readonly type: 'without file'; readonly isDamaged: boolean }
  /** The job was given up, because every worker that tried to run the job ended. */
  | { readonly type: 'poisonous' }
  | { readonly type: 'pending' }

/**
 * Adds jobs to one queue, and waits a limited time for each. Jobs requested within a few milliseconds are added
 * together, and one listener receives the ends of all jobs: a round trip and a listener per job would cost more than a
 * small job itself.
 */
export function awaitJobs(queue: Queue, open: () => Promise<QueueEvents>): (job: BulkJob) => Promise<Outcome> {
  const waiting = new Map<string, Set<(outcome: Outcome) => void>>()
  let together: BulkJob[] = []
  let adding: Promise<unknown> | undefined
  let listening: Promise<void> | undefined

  const told = (name: string, outcome: Outcome): void => {
    for (const tell of waiting.get(name) ?? []) tell(outcome)
  }

  /**
   * Looks up whether a job has ended. The listener misses two kinds of ends: the end of a job that was added before the
   * listener was opened, and an end during an outage of Redis.
   */
  async function look(name: string): Promise<void> {
    if (!waiting.has(name)) return
    const job = await queue.getJob(name)
    if (job?.finishedOn !== undefined) told(name, { type: 'value', value: job.returnvalue })
  }

  async function listen(): Promise<void> {
    const events = await open()
    events.on('completed', ({ jobId, returnvalue }) => told(jobId, { type: 'value', value: returnvalue }))
    events.on('failed', ({ jobId, failedReason }) => told(jobId, failedBy(failedReason)))
    events.on('duplicated', ({ jobId }) => void look(jobId).catch(() => {}))
  }

  async function addAll(): Promise<void> {
    await later(TOGETHER_MS)
    const all = together
    together = []
    adding = undefined
    listening ??= listen()
    await listening.catch((error) => {
      listening = undefined
      throw error
    })
    await queue.addBulk(all)
  }

  function add(job: BulkJob): Promise<unknown> {
    together.push(job)
    adding ??= addAll()
    return adding
  }

  return (job) =>
    new Promise((resolve) => {
      const name = job.opts.jobId
      const waiters = waiting.get(name) ?? new Set()
      let timer: NodeJS.Timeout | undefined
      const end = (outcome: Outcome): void => {
        clearTimeout(timer)
        waiters.delete(end)
        if (waiters.size === 0 && waiting.get(name) === waiters) waiting.delete(name)
        resolve(outcome)
      }
      const giveUp = (): void => end({ type: 'pending' })
      const after = (ms: number, then: () => void): void => {
        clearTimeout(timer)
        if (waiters.has(end)) timer = setTimeout(then, ms).unref()
      }
      const lookOnce = (): void => {
        after(SILENT_MS, giveUp)
        look(name).then(giveUp, giveUp)
      }
      waiting.set(name, waiters.add(end))
      after(SILENT_MS, giveUp)
      add(job).then(
        () => after(LOOK_EVERY_MS, lookOnce),
        (error: Error) => end(failedBy(error.message)),
      )
    })
}

/** Errors of a connection that was lost, or is not restored yet. */
const AWAY = /Missing key for job|Connection is closed|aborted due to connection close|NOSCRIPT|LOADING|ECONN/

/** Interprets a message of BullMQ. BullMQ reports only by text how a job ended, or that the job does not exist. */
function failedBy(why: string): Outcome {
  if (AWAY.test(why)) return { type: 'pending' }
  if (why.includes(LOST_FILE) || why.includes(DAMAGED_FILE))
    return { type: 'without file', isDamaged: why.includes(DAMAGED_FILE) }
  return /stalled more than/.test(why) ? { type: 'poisonous' } : { type: 'failed', why }
}
