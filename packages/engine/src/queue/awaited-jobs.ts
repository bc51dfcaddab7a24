import { setTimeout as later } from 'node:timers/promises'
import type { BulkJob, Queue, QueueEvents } from './packages.ts'
import { DAMAGED_FILE, LOST_FILE } from './parcel.ts'

/** How long to wait for a job before looking whether Redis still has it. */
const LOOK_EVERY_MS = 2_000
/** Jobs requested within this time travel together: meanwhile workers have enough to do. */
const TOGETHER_MS = 3
/** How long to wait for Redis to accept a job. */
const SILENT_MS = 10_000

/** The state of a job. */
export type Outcome =
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'failed'; readonly why: string }
  /** A file that it needs is missing in Redis, or damaged. */
  | { readonly type: 'without file'; readonly isDamaged: boolean }
  /** Its worker ended, and so did the next ones. */
  | { readonly type: 'poisonous' }
  | { readonly type: 'pending' }

/**
 * Adds jobs to one queue, and waits a limited time for each. Jobs requested at about the same time travel together, and
 * one listener hears all ends: a round trip and a listener for each would cost more than small jobs themselves.
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
   * A job that was added before may have ended before anyone listened, and ends during an outage of Redis are not
   * heard.
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

/** The errors of a connection that was lost, or is not restored yet. */
const AWAY = /Missing key for job|Connection is closed|aborted due to connection close|NOSCRIPT|LOADING|ECONN/

/** BullMQ reports in words how a job ended, and that a job does not exist. */
function failedBy(why: string): Outcome {
  if (AWAY.test(why)) return { type: 'pending' }
  if (why.includes(LOST_FILE) || why.includes(DAMAGED_FILE))
    return { type: 'without file', isDamaged: why.includes(DAMAGED_FILE) }
  return /stalled more than/.test(why) ? { type: 'poisonous' } : { type: 'failed', why }
}
