import {
  createBoardMemory,
  type JudgedShares,
  mergeShares,
  type Plan,
  planShares,
  reportOfShares,
  type ShareAnswer,
} from '@chaos/checker'
import { borrowHistory, type Millis } from '@chaos/history'
import { type CheckResult, type CheckTask, checking, type FileTrouble, type StoppedFile } from './check-file.ts'
import { epochMs } from './epoch.ts'
import { resultOf } from './outcome.ts'
import type { CheckPool } from './pool.ts'
import { checkOptionsFor } from './settings.ts'
import type { LentFile, PartTask } from './worker.ts'

/**
 * Checks one file on all threads of a pool: read by one of them into memory that all see, its keys spread over them where
 * that pays. The result is the one that a single thread would have come to.
 */
export async function checkInParallel(
  pool: CheckPool,
  task: CheckTask,
  say: (text: string) => void,
): Promise<CheckResult> {
  const read = await pool.run('readOne', task, task)
  if (isFailure(read)) return read
  const started = performance.now()
  const history = borrowHistory(read.lent)
  say(checking(task.file, history))
  const options = checkOptionsFor(task.file, history, task.settings, task.settings.timeoutMs)
  const plan = planShares(history, options, pool.threads)
  if (plan === undefined) return pool.run('checkLent', task, read)
  const judged = await judgePlan(pool, read, plan, options.deadlineMs)
  if (isFailure(judged)) return judged
  const report = reportOfShares(history, options, judged)
  return resultOf(task, { history, report, parseMs: read.parseMs, checkMs: performance.now() - started })
}

async function judgePlan(
  pool: CheckPool,
  read: LentFile,
  plan: Plan,
  deadlineMs: Millis,
): Promise<JudgedShares | FileTrouble | StoppedFile> {
  const { task } = read
  const memory = createBoardMemory()
  const part: PartTask = { ...read, board: memory, endsAtMs: epochMs() + deadlineMs }
  const notNeeded = new AbortController()
  const sharing = plan.shares.map((share) => pool.run('judgeOneShare', task, { ...part, share }))
  const judgingBeside = plan.beside
    ? pool.run('judgeWhatIsBeside', task, part, notNeeded.signal)
    : Promise.resolve(undefined)
  // Called off or failed, it matters only where it is waited for.
  judgingBeside.catch(() => {})
  const answers = await Promise.all(sharing)
  const failed = answers.find(isFailure)
  if (failed !== undefined) return failed
  const linearizable = mergeShares(answers.filter((answer): answer is ShareAnswer => !isFailure(answer)))
  if (linearizable.result === 'met') {
    notNeeded.abort()
    return { linearizable, beside: undefined, memory }
  }
  const beside = await judgingBeside
  return beside !== undefined && isFailure(beside) ? beside : { linearizable, beside, memory }
}

const isFailure = <Result extends object>(
  result: Result | FileTrouble | StoppedFile,
): result is FileTrouble | StoppedFile => 'trouble' in result || 'stopped' in result
