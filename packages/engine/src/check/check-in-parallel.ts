import {
  createBoardMemory,
  type JudgedShares,
  mergeShares,
  outOf,
  type Plan,
  planShares,
  reportOfShares,
  type ShareAnswer,
  type ShareOptions,
  undecidedBeside,
  undecidedShare,
} from '@chaosproxy/checker'
import { borrowHistory, type History } from '@chaosproxy/history'
import { checkLarge } from './check-large.ts'
import { epochMs } from './epoch.ts'
import { isFailure, isTroubled, limitOf } from './failure.ts'
import { besideJob, lentJob, readJob, shareJob } from './jobs.ts'
import { isLarge } from './large.ts'
import { checkOptionsFor, inUnits } from './options.ts'
import { resultOf } from './outcome.ts'
import type { CheckPool } from './pool.ts'
import type { CheckResult, CheckTask, FileTrouble } from './result.ts'
import type { LentFile, PartTask } from './worker.ts'

/**
 * Checks one file on all threads of a pool, with the same result as on a single thread. One thread reads the file into
 * shared memory.
 */
export async function checkInParallel(
  pool: CheckPool,
  task: CheckTask,
  checking: (operations: number) => void,
): Promise<CheckResult> {
  const large = isLarge(task) ? await checkLarge(pool, task, checking) : undefined
  if (large !== undefined) return large
  const read = await pool.run(readJob, task, task)
  if (isFailure(read)) return read
  const started = performance.now()
  const history = inUnits(borrowHistory(read.lent), task.settings)
  checking(history.operations.length)
  const options = checkOptionsFor(task.file, history, task.settings, task.settings.timeoutMs)
  const plan = planShares(history, options, pool.threads)
  if (plan === undefined) return pool.run(lentJob, task, read)
  const judged = await judgePlan(pool, { read, history, options }, plan)
  if (isFailure(judged)) return judged
  const report = reportOfShares(history, options, judged)
  return resultOf(task, {
    history,
    report,
    parseMs: read.parseMs,
    checkMs: performance.now() - started,
    checking: options,
  })
}

interface Planned {
  readonly read: LentFile
  readonly history: History
  readonly options: ShareOptions
}

async function judgePlan(
  pool: CheckPool,
  { read, history, options }: Planned,
  plan: Plan,
): Promise<JudgedShares | FileTrouble> {
  const { task } = read
  const memory = createBoardMemory()
  const part: PartTask = { ...read, board: memory, endsAtMs: epochMs() + options.deadlineMs }
  const notNeeded = new AbortController()
  const sharing = plan.shares.map((share) => pool.run(shareJob, task, { ...part, share }))
  const judgingBeside = plan.beside ? pool.run(besideJob, task, part, notNeeded.signal) : Promise.resolve(undefined)
  // The code that awaits the result handles the rejection.
  judgingBeside.catch(() => {})
  const answers = await Promise.all(sharing)
  const failed = answers.find(isTroubled)
  if (failed !== undefined) return failed
  // A thread that was ended counts as undecided, so that other findings are kept.
  const known = answers.map((answer, n): ShareAnswer => {
    if (isTroubled(answer)) throw new Error('troubles are told before')
    return 'stopped' in answer ? undecidedShare(history, plan.shares[n] ?? new Uint8Array(), limitOf(answer)) : answer
  })
  const linearizable = mergeShares(known, history)
  if (linearizable.result === 'met') {
    notNeeded.abort()
    return { linearizable, beside: undefined, memory }
  }
  const beside = await judgingBeside
  if (beside === undefined) return { linearizable, beside, memory }
  if (isTroubled(beside)) return beside
  return {
    linearizable,
    beside: 'stopped' in beside ? undecidedBeside(options, outOf(limitOf(beside))) : beside,
    memory,
  }
}
