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
  unlessTroubled,
} from './check-file.ts'
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

/** What a thread of the pool does with a task. */
export const checkOne = (task: CheckTask): Promise<CheckResult> => checkFile(task)

/** Reads a file into memory that the other threads see. */
export const readOne = (task: CheckTask): Promise<LentFile | FileTrouble> =>
  unlessTroubled(task, async () => {
    const { history, parseMs } = await readTimed(task, true)
    if (history.lend === undefined) throw new Error('a history that was read can be lent')
    return { task, lent: history.lend(), parseMs }
  })

/** Checks what another thread read. */
export const checkLent = ({ task, lent, parseMs }: LentFile): Promise<CheckResult> =>
  unlessTroubled(task, () => checkRead(task, { history: borrowHistory(lent), parseMs }))

export const judgeOneShare = (part: ShareTask): Promise<ShareAnswer | FileTrouble> =>
  unlessTroubled(part.task, () => {
    const history = borrowHistory(part.lent)
    return judgeShare(history, optionsOf(history, part), part.share, part.board)
  })

export const judgeWhatIsBeside = (part: PartTask): Promise<Others | FileTrouble> =>
  unlessTroubled(part.task, () => {
    const history = borrowHistory(part.lent)
    return judgeBeside(history, optionsOf(history, part), part.board)
  })

const optionsOf = (history: History, { task, endsAtMs }: PartTask): ShareOptions =>
  checkOptionsFor(task.file, history, task.settings, endsAtMs - epochMs())

/** A clock that goes steadily and that all threads read alike, unlike `performance.now()`. */
export const epochMs = (): number => performance.timeOrigin + performance.now()
