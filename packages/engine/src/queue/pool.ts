import { environmentError } from '@chaosproxy/history'
import type { Tagged } from '@chaosproxy/protocols'
import { firstOf, whenAborted } from '../jobs/interruption.ts'
import { type Doing, type Job, type JobEnd, PoisonousJob, type Pool } from '../jobs/job.ts'
import { jobName } from '../jobs/job-name.ts'
import type { Outcome } from './awaited-jobs.ts'
import { type Board, type Lane, openBoard, type Priority } from './board.ts'
import type { AnyKind, Cargo } from './kind.ts'
import { kindNamed, printOrder, readEnd } from './message.ts'
import { type Parcel, pack } from './parcel.ts'

/** The maximum number of jobs in Redis. They suffice for dozens of threads, and more jobs would only fill Redis. */
const AT_A_TIME = 64
const COUNT_WORKERS_EVERY_MS = 2_000
const SENT_AGAIN = 3

export type QueueEvent = Tagged<
  'type',
  {
    /** Jobs wait, but there is no worker for them. If `code`, there is no worker that may run users' code. */
    alone: { place: string; code: boolean }
    /** The Redis at `place` does not answer. */
    unreachable: { place: string }
    /** A file in Redis was damaged, and is sent again. */
    damaged: { job: string }
    /** Jobs that Redis has lost, for instance by a restart, are added again. */
    lost: { jobs: number }
  }
>

/** The settings of a pool. `kinds` are the kinds of jobs that workers run. */
export interface QueueSettings {
  readonly kinds: readonly AnyKind[]
  readonly listener?: ((event: QueueEvent) => void) | undefined
  readonly priority?: Priority | undefined
}

/**
 * Opens a pool of workers on other machines. They run jobs of the given `kinds`. Several requests for jobs with the
 * same name share one run and its result. The pool `local` runs jobs of all other kinds, and jobs that read stdin.
 * Closing the new pool also closes `local`.
 *
 * @throws UserError as `connectQueue` does.
 */
export async function openQueuePool(
  address: string,
  local: Pool,
  { kinds, listener = () => {}, priority }: QueueSettings,
): Promise<Pool> {
  const board = await openBoard(address, priority)
  const missing = reportMissing(board, listener)
  const [closing, pending] = [new AbortController(), new Set<Promise<unknown>>()]
  const parcelOf = createPacker()
  const send = createSender(board)

  async function request(kind: AnyKind, spec: object, { references, ...doing }: JobRequest): Promise<JobEnd<unknown>> {
    const parcel = references.length === 0 ? undefined : parcelOf(references)
    const lane = parcel === undefined ? 'plain' : 'code'
    const order = printOrder(kind, parcel?.send(spec) ?? spec, { ...doing, files: parcel?.files })
    const name = jobName<object>({ kind: kind.job.kind, reads: () => [] }, order)
    const title = kind.title(spec)
    // If one of these signals aborts, the pool no longer waits for the job, even if a worker has begun it.
    const { signal: calledOff, release } = firstOf(doing.signal, doing.stop, closing.signal)
    const pending = new Promise<Outcome>((resolve) => whenAborted(calledOff, () => resolve({ type: 'pending' })))
    let damaged = 0
    missing.waiting[lane] += 1
    try {
      for (let first = true; !calledOff.aborted; first = false) {
        const isGone = !first && (await board.isGone(lane, name))
        if (isGone && damaged === 0) missing.lost += 1
        if (parcel !== undefined && (first || isGone)) await board.keep(parcel.texts)
        if (first || isGone) await send(kind.cargo?.(spec), isGone)
        // Adding an existing job has no effect. A lost job is added again.
        const outcome = await Promise.race([board.outcomeOf(lane, name, order), pending])
        if (outcome.type === 'value') {
          const end = readEnd(parcel?.receive(outcome.value) ?? outcome.value, (value) => kind.readResult(value, spec))
          // Removes the result if another attempt may find more: the job is not `done`, or its result `isPassing`.
          // Repeated trials of a seed never find more, so their kind of job has no `isPassing`.
          if (kind.isPassing !== undefined && (end.type !== 'done' || kind.isPassing(end.value)))
            await board.takeBack(lane, name)
          return end
        }
        if (outcome.type === 'without file' && outcome.isDamaged) {
          damaged += 1
          listener({ type: 'damaged', job: title })
        }
        if (damaged > SENT_AGAIN)
          throw environmentError(
            `${title}: each time a worker fetches a needed file from the Redis at ${board.place}, the file is damaged. Find out who else writes to that Redis.`,
          )
        requireNotFailed(outcome, title)
      }
    } finally {
      release()
      missing.waiting[lane] -= 1
    }
    await board.takeBack(lane, name)
    return { type: 'given up', reading: { unit: 0, calls: 0, within: 0 }, described: '' }
  }

  return {
    width: AT_A_TIME,
    async do<Spec extends object, Result>(
      job: Job<Spec, Result>,
      spec: Spec,
      doing: Doing = {},
    ): Promise<JobEnd<Result>> {
      const [kind, references] = [kindNamed(kinds, job.kind), job.reads(spec)]
      if (kind === undefined || references === undefined) return local.do(job, spec, doing)
      const end = request(kind, spec, { ...doing, references })
      pending.add(end)
      try {
        return (await end) as JobEnd<Result>
      } finally {
        pending.delete(end)
      }
    },
    async close() {
      // If one job failed, the caller no longer waits for the other jobs.
      closing.abort()
      await Promise.allSettled(pending)
      missing.close()
      await Promise.all([board.close(), local.close()])
    },
  }
}

/** @throws UserError for a job that no worker can do. */
function requireNotFailed(outcome: Outcome, title: string): void {
  if (outcome.type === 'poisonous') throw new PoisonousJob(title)
  if (outcome.type === 'failed') throw environmentError(`a worker could not do ${title}: ${outcome.why}`)
}

interface Missing {
  readonly waiting: { [lane in Lane]: number }
  /** The number of lost jobs that were not reported yet. */
  lost: number
  close(): void
}

/** Reports lost jobs, and jobs that wait without workers. */
function reportMissing(board: Board, listener: (event: QueueEvent) => void): Missing {
  const { place } = board
  const reportLost = () => {
    if (missing.lost > 0) listener({ type: 'lost', jobs: missing.lost })
    missing.lost = 0
  }
  const counting = setInterval(async () => {
    reportLost()
    for (const lane of ['plain', 'code'] as const) {
      if (missing.waiting[lane] === 0) continue
      const workers = await board.workers(lane)
      if (workers === 0) listener({ type: 'alone', place, code: lane === 'code' })
      if (workers === undefined) listener({ type: 'unreachable', place })
    }
  }, COUNT_WORKERS_EVERY_MS)
  const missing: Missing = {
    waiting: { plain: 0, code: 0 },
    lost: 0,
    close() {
      clearInterval(counting)
      reportLost()
    },
  }
  return missing
}

interface JobRequest extends Doing {
  readonly references: readonly string[]
}

/** Packs files. Files that several jobs need are packed once. */
function createPacker(): (references: readonly string[]) => Parcel {
  const parcels = new Map<string, Parcel>()
  return (references) => {
    const name = JSON.stringify(references)
    const parcel = parcels.get(name) ?? pack(references)
    parcels.set(name, parcel)
    return parcel
  }
}

/** Sends texts, each only once unless Redis has lost it. */
function createSender(board: Pick<Board, 'keep'>): (cargo: Cargo | undefined, isLost: boolean) => Promise<void> {
  const sent = new Map<string, Promise<void>>()
  return async (cargo = new Map(), isLost) => {
    for (const [hash, text] of cargo) {
      const sending = isLost ? undefined : sent.get(hash)
      const there = sending ?? board.keep(new Map([[hash, text()]]))
      sent.set(hash, there)
      // The file must be in Redis before the job starts.
      await there
    }
  }
}
