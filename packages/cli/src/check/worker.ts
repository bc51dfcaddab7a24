import {
  type BoardMemory,
  judgeBeside,
  judgeShare,
  type Others,
  type ShareAnswer,
  type ShareOptions,
} from '@chaos/checker'
import { borrowHistory, type History, type LentHistory } from '@chaos/history'
import {
  type CheckResult,
  type CheckTask,
  checkFile,
  checkRead,
  type FileTrouble,
  readTimed,
  type StoppedFile,
  unlessTroubled,
} from './check-file.ts'
import { epochMs } from './epoch.ts'
import { checkOptionsFor } from './settings.ts'
import { markDecided, markDeciding, markStarted, type Stopwatch } from './stopwatch.ts'

/** A history that another thread read. */
export interface LentFile {
  readonly task: CheckTask
  readonly lent: LentHistory
  readonly parseMs: number
}

/** One thread's part of a history: some keys or, without a share, what is beside them. */
export interface PartTask extends LentFile {
  /** By `epochMs`, so that a part that had to wait for a thread has less time. */
  readonly endsAtMs: number
  readonly board: BoardMemory
}

export interface ShareTask extends PartTask {
  readonly share: Uint8Array
}

/** What a thread of the pool is given: what to do it to, and where to say how far it is. */
export interface Timed<Input> {
  readonly input: Input
  readonly stopwatch: Stopwatch
}

/** What a thread of the pool does with a task. */
export const checkOne = ({ input: task, stopwatch }: Timed<CheckTask>): Promise<CheckResult> => {
  markStarted(stopwatch)
  return checkFile(task, { began: () => markDeciding(stopwatch), judged: () => markDecided(stopwatch) })
}

/** Reads a file into memory that the other threads see. */
export const readOne = ({
  input: task,
  stopwatch,
}: Timed<CheckTask>): Promise<LentFile | FileTrouble | StoppedFile> => {
  markStarted(stopwatch)
  return unlessTroubled(task, async () => {
    const { history, parseMs } = await readTimed(task, true)
    if (history.lend === undefined) throw new Error('a history that was read can be lent')
    return { task, lent: history.lend(), parseMs }
  })
}

/** Checks what another thread read. */
export const checkLent = ({ input, stopwatch }: Timed<LentFile>): Promise<CheckResult> => {
  markDeciding(stopwatch)
  const { task, lent, parseMs } = input
  return unlessTroubled(task, () =>
    checkRead(task, { history: borrowHistory(lent), parseMs }, { judged: () => markDecided(stopwatch) }),
  )
}

export const judgeOneShare = ({
  input: part,
  stopwatch,
}: Timed<ShareTask>): Promise<ShareAnswer | FileTrouble | StoppedFile> => {
  markDeciding(stopwatch)
  return unlessTroubled(part.task, () => {
    const history = borrowHistory(part.lent)
    return judgeShare(history, optionsOf(history, part), part.share, part.board)
  })
}

export const judgeWhatIsBeside = ({
  input: part,
  stopwatch,
}: Timed<PartTask>): Promise<Others | FileTrouble | StoppedFile> => {
  markDeciding(stopwatch)
  return unlessTroubled(part.task, () => {
    const history = borrowHistory(part.lent)
    return judgeBeside(history, optionsOf(history, part), part.board)
  })
}

const optionsOf = (history: History, { task, endsAtMs }: PartTask): ShareOptions =>
  checkOptionsFor(task.file, history, task.settings, endsAtMs - epochMs())
