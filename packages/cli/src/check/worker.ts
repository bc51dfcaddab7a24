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

/** What a thread of the pool is given: what to do it to, and where to say that its time has begun. */
export interface Timed<Input> {
  readonly input: Input
  /** One number, seen by the pool as well: when it began, by `epochMs`; 0 while the thread starts, or reads. */
  readonly beganAt: Float64Array
}

const begin = (beganAt: Float64Array): void => {
  beganAt[0] = epochMs()
}

/** What a thread of the pool does with a task. */
export const checkOne = ({ input: task, beganAt }: Timed<CheckTask>): Promise<CheckResult> =>
  checkFile(task, { began: () => begin(beganAt) })

/** Reads a file into memory that the other threads see. Its limit is one of memory. */
export const readOne = ({ input: task }: Timed<CheckTask>): Promise<LentFile | FileTrouble | StoppedFile> =>
  unlessTroubled(task, async () => {
    const { history, parseMs } = await readTimed(task, true)
    if (history.lend === undefined) throw new Error('a history that was read can be lent')
    return { task, lent: history.lend(), parseMs }
  })

/** Checks what another thread read. */
export const checkLent = ({ input, beganAt }: Timed<LentFile>): Promise<CheckResult> => {
  begin(beganAt)
  const { task, lent, parseMs } = input
  return unlessTroubled(task, () => checkRead(task, { history: borrowHistory(lent), parseMs }))
}

export const judgeOneShare = ({
  input: part,
  beganAt,
}: Timed<ShareTask>): Promise<ShareAnswer | FileTrouble | StoppedFile> => {
  begin(beganAt)
  return unlessTroubled(part.task, () => {
    const history = borrowHistory(part.lent)
    return judgeShare(history, optionsOf(history, part), part.share, part.board)
  })
}

export const judgeWhatIsBeside = ({
  input: part,
  beganAt,
}: Timed<PartTask>): Promise<Others | FileTrouble | StoppedFile> => {
  begin(beganAt)
  return unlessTroubled(part.task, () => {
    const history = borrowHistory(part.lent)
    return judgeBeside(history, optionsOf(history, part), part.board)
  })
}

const optionsOf = (history: History, { task, endsAtMs }: PartTask): ShareOptions =>
  checkOptionsFor(task.file, history, task.settings, endsAtMs - epochMs())
