import { UserError } from '@chaosproxy/history'
import { isUserFile } from '@chaosproxy/targets'
import type { Doing, Job, JobEnd, Pool } from '../jobs/job.ts'
import { jobName } from '../jobs/job-name.ts'
import { type Outcome, openBoard } from './board.ts'
import type { AnyKind } from './kind.ts'
import { kindNamed } from './kinds.ts'
import { printOrder, readEnd } from './message.ts'

/** Enough for dozens of threads: more only fills Redis. */
const AT_A_TIME = 64
const COUNT_WORKERS_EVERY_MS = 2_000

/** What a queue tells on the way. */
export type QueueEvent =
  /** There is work in the queue of the Redis there, and no worker to do it. */
  | { readonly type: 'alone'; readonly place: string }
  /** Redis no longer knew a job, which is handed out again. */
  | { readonly type: 'lost'; readonly job: string }

/** A job by which workers end. */
export class PoisonousJob extends UserError {
  constructor(title: string) {
    super('environment', `${title}: three workers ended while they did it, so it was given up`)
  }
}

/**
 * Has workers on other machines do the kinds of jobs that travel, and `local` all others. A job of one name is done once,
 * however often and by how many coordinators it is asked for. Closes `local` too.
 *
 * @throws UserError as `connectQueue` does.
 */
export async function openQueuePool(
  address: string,
  local: Pool,
  listener: (event: QueueEvent) => void = () => {},
): Promise<Pool> {
  const board = await openBoard(address)
  const { place } = board
  let waiting = 0
  const counting = setInterval(async () => {
    if (waiting > 0 && (await board.workers()) === 0) listener({ type: 'alone', place })
  }, COUNT_WORKERS_EVERY_MS)

  async function ask(kind: AnyKind, spec: object, doing: Doing): Promise<JobEnd<unknown>> {
    const order = printOrder(kind, spec, doing)
    const name = jobName<object>({ kind: kind.job.kind, reads: () => [] }, order)
    const title = kind.title(spec as never)
    const calledOff = callingOff(doing)
    try {
      for (let first = true; !calledOff.signal.aborted; first = false) {
        if (!first && (await board.isGone(name))) listener({ type: 'lost', job: title })
        // Under its name it is the same job, unless Redis has lost it.
        const outcome = await Promise.race([board.outcomeOf(name, order), calledOff.outcome])
        if (outcome.type === 'value') return readEnd(outcome.value, (value) => kind.readResult(value, spec as never))
        if (outcome.type === 'poisonous') throw new PoisonousJob(title)
        if (outcome.type === 'failed')
          throw new UserError('environment', `a worker could not do ${title}: ${outcome.why}`)
      }
    } finally {
      calledOff.release()
    }
    await board.takeBack(name)
    return { type: 'given up', reading: { unit: 0, calls: 0, within: 0 }, described: '' }
  }

  return {
    width: AT_A_TIME,
    async do<Spec extends object, Result>(
      job: Job<Spec, Result>,
      spec: Spec,
      doing: Doing = {},
    ): Promise<JobEnd<Result>> {
      const kind = kindNamed(job.kind)
      if (kind === undefined) return local.do(job, spec, doing)
      waiting += 1
      try {
        return (await ask(kind, spec, doing)) as JobEnd<Result>
      } finally {
        waiting -= 1
      }
    },
    async close() {
      clearInterval(counting)
      await Promise.all([board.close(), local.close()])
    },
  }
}

/** Both signals are one to a queue: what a worker has begun is not waited for. */
function callingOff({ signal, stop }: Doing): {
  readonly signal: AbortSignal
  readonly outcome: Promise<Outcome>
  readonly release: () => void
} {
  const ending = new AbortController()
  const end = () => ending.abort()
  for (const each of [signal, stop]) {
    each?.addEventListener('abort', end)
    if (each?.aborted) end()
  }
  const outcome = new Promise<Outcome>((resolve) => {
    if (ending.signal.aborted) resolve({ type: 'pending' })
    ending.signal.addEventListener('abort', () => resolve({ type: 'pending' }))
  })
  const release = () => {
    for (const each of [signal, stop]) each?.removeEventListener('abort', end)
  }
  return { signal: ending.signal, outcome, release }
}

/** @throws UserError (usage) for code of users, which does not travel. */
export function requireQueueable(named: { readonly target: string; readonly workload: string }): void {
  for (const reference of [named.target, named.workload])
    if (isUserFile(reference))
      throw new UserError(
        'usage',
        `--queue: workers have the protocols and workloads that come with chaos, and not ${reference}. Search it without --queue.`,
      )
}
