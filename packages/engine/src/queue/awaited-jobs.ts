import { setTimeout as later } from 'node:timers/promises'
import type { Tagged } from '@chaosproxy/protocols'
import type { BulkJob, Queue, QueueEvents } from './packages.ts'
import { DAMAGED_FILE, LOST_FILE } from './parcel.ts'

/** After this time, the job is looked up in Redis. */
const LOOK_EVERY_MS = 2_000
/** Requests are collected for this time and sent together. The time is too short to leave workers idle. */
const TOGETHER_MS = 3
const SILENT_MS = 10_000

export type Outcome = Tagged<
  'type',
  {
    value: { value: unknown }
    failed: { why: string }
    'without file': { isDamaged: boolean }
    /** Every worker that tried to run the job ended before the job had a result. */
    poisonous: unknown
    pending: unknown
  }
>

/**
 * Adds jobs to a queue, and waits for each job for a limited time. Many jobs are added together and share one listener,
 * because a round trip per job would cost more than a small job.
 */
export function awaitJobs(queue: Queue, open: () => Promise<QueueEvents>): (job: BulkJob) => Promise<Outcome> {
  const waiting = new Map<string, Set<(outcome: Outcome) => void>>()
  let together: BulkJob[] = []
  let adding: Promise<unknown> | undefined
  let listening: Promise<void> | undefined

  const resolveAll = (name: string, outcome: Outcome) => {
    for (const resolve of waiting.get(name) ?? []) resolve(outcome)
  }

  /** Looks up whether a job has ended. The listener misses jobs that end before it is opened or during an outage. */
  async function look(name: string): Promise<void> {
    if (!waiting.has(name)) return
    const job = await queue.getJob(name)
    if (job?.finishedOn !== undefined) resolveAll(name, { type: 'value', value: job.returnvalue })
  }

  async function listen(): Promise<void> {
    const events = await open()
    events.on('completed', ({ jobId, returnvalue }) => resolveAll(jobId, { type: 'value', value: returnvalue }))
    events.on('failed', ({ jobId, failedReason }) => resolveAll(jobId, failedBy(failedReason)))
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
      const end = (outcome: Outcome) => {
        clearTimeout(timer)
        waiters.delete(end)
        if (waiters.size === 0 && waiting.get(name) === waiters) waiting.delete(name)
        resolve(outcome)
      }
      const giveUp = () => end({ type: 'pending' })
      const after = (ms: number, then: () => void) => {
        clearTimeout(timer)
        if (waiters.has(end)) timer = setTimeout(then, ms).unref()
      }
      const lookOnce = () => {
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

const AWAY = /Missing key for job|Connection is closed|aborted due to connection close|NOSCRIPT|LOADING|ECONN/

/** BullMQ reports only by text how a job ended. */
function failedBy(why: string): Outcome {
  if (AWAY.test(why)) return { type: 'pending' }
  if (why.includes(LOST_FILE) || why.includes(DAMAGED_FILE))
    return { type: 'without file', isDamaged: why.includes(DAMAGED_FILE) }
  return /stalled more than/.test(why) ? { type: 'poisonous' } : { type: 'failed', why }
}
