import {
  type BoardMemory,
  judgeBeside,
  judgeShare,
  type Others,
  type Settled,
  type ShareAnswer,
  type ShareOptions,
} from '@chaosproxy/checker'
import { borrowHistory, CannotPack, type History, type LentHistory, type ReadStretch } from '@chaosproxy/history'
import { type PackedRecording, readPacked, readStretch, type Stretch } from '@chaosproxy/history/files'
import type { Task } from '../jobs/job.ts'
import { judgePlaces } from './apart.ts'
import type { ApartResult } from './apart-result.ts'
import { checkFile, checkRead, readingOf, readTimed, unlessTroubled } from './check-file.ts'
import { dealingOf } from './dealing.ts'
import { epochMs } from './epoch.ts'
import { type Known, resultOfKnown } from './large.ts'
import { checkOptionsFor } from './options.ts'
import type { CheckResult, CheckTask, FileTrouble, StoppedFile } from './result.ts'
import { markDecided, markDeciding, markStarted, type Stopwatch } from './stopwatch.ts'
import { ownModel } from './thread-model.ts'

export { judgeShard } from './shard.ts'

/** A history that another thread read. */
export interface LentFile {
  readonly task: CheckTask
  readonly lent: LentHistory
  readonly parseMs: number
  /** The results of a queue's workers, if the check has a user's model. */
  readonly settled?: Settled | undefined
}

/** One thread's part of a check. A `ShareTask` judges a share of the keys. Other tasks judge levels across all keys. */
export interface PartTask extends LentFile {
  /** The time at which the check ends, on the clock of `epochMs`. A part that waits for a thread has less time left. */
  readonly endsAtMs: number
  readonly board: BoardMemory
}

export interface ShareTask extends PartTask {
  readonly share: Uint8Array
}

/** A task, and the memory where its thread reports progress. */
export interface Timed<Input> {
  readonly input: Input
  readonly stopwatch: Stopwatch
}

type Work<Input, Result> = (task: Task<Timed<Input>>) => Promise<Result | FileTrouble | StoppedFile>

/** Returns a job's function. The function calls `mark` when it begins, and returns errors of its input as results. */
const work =
  <Input extends { readonly task: CheckTask }, Result>(
    mark: (stopwatch: Stopwatch) => void,
    run: (input: Input, stopwatch: Stopwatch) => Result | Promise<Result>,
  ): Work<Input, Result> =>
  ({ spec: { input, stopwatch } }) => {
    mark(stopwatch)
    return unlessTroubled(input.task, () => run(input, stopwatch))
  }

export const checkOne: Work<CheckTask, CheckResult> = ({ spec, progress }) => {
  const { input: task, stopwatch } = spec
  markStarted(stopwatch)
  return unlessTroubled(task, async () => {
    const own = await ownModel(task.settings, progress)
    return checkFile(task, { began: () => markDeciding(stopwatch), judged: () => markDecided(stopwatch), own })
  })
}

export const readOne: Work<CheckTask, LentFile> = ({ spec }) => {
  const { input: task, stopwatch } = spec
  markStarted(stopwatch)
  return unlessTroubled(task, async () => {
    const { history, parseMs } = await readTimed(task, true)
    if (history.lend === undefined) throw new Error('this history cannot be passed to another thread')
    return { task, lent: history.lend(), parseMs }
  })
}

export const checkLent: Work<LentFile, CheckResult> = ({ spec, progress }) => {
  const { stopwatch } = spec
  const { task, lent, parseMs, settled } = spec.input
  return unlessTroubled(task, async () => {
    const own = await ownModel(task.settings, progress)
    markDeciding(stopwatch)
    return checkRead(
      task,
      { history: borrowHistory(lent), parseMs },
      { judged: () => markDecided(stopwatch), own, settled },
    )
  })
}

export const judgeOneShare: Work<ShareTask, ShareAnswer> = work(markDeciding, (part) => {
  const history = borrowHistory(part.lent)
  return judgeShare(history, optionsOf(history, part), part.share, part.board)
})

export const judgeWhatIsBeside: Work<PartTask, Others> = work(markDeciding, (part) => {
  const history = borrowHistory(part.lent)
  return judgeBeside(history, optionsOf(history, part), part.board)
})

export type ReadLarge = { readonly recording: PackedRecording; readonly parseMs: number } | { readonly cannot: string }

export interface LargeTask {
  readonly task: CheckTask
  readonly places: number
}

export const readLarge: Work<LargeTask, ReadLarge> = work(markStarted, ({ task, places }) =>
  unlessUnpackable(async () => {
    const started = performance.now()
    const recording = await readPacked(task.file, dealingOf(places), readingOf(task))
    return { recording, parseMs: performance.now() - started }
  }),
)

async function unlessUnpackable<T>(read: () => Promise<T>): Promise<T | { readonly cannot: string }> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof CannotPack) return { cannot: error.message }
    throw error
  }
}

export interface StretchTask extends LargeTask {
  readonly stretch: Stretch
  readonly memoryBytes: number
}

export const readOneStretch: Work<StretchTask, ReadOneStretch> = work(markStarted, ({ places, stretch, memoryBytes }) =>
  unlessUnpackable(async () => ({ stretch: await readStretch(stretch, dealingOf(places), { memoryBytes }) })),
)

/** A part of a recording, or the reason why it cannot be read separately. */
export type ReadOneStretch = { readonly stretch: ReadStretch } | { readonly cannot: string }

export interface PlacesTask {
  readonly task: CheckTask
  readonly recording: PackedRecording
  readonly places: readonly number[]
  readonly packedBytes: number
  readonly endsAtMs: number
}

export const judgeSomePlaces: Work<PlacesTask, ApartResult> = work(
  markDeciding,
  ({ task, recording, places, packedBytes, endsAtMs }) =>
    judgePlaces(recording, places, { ...task, packedBytes, leftMs: () => endsAtMs - epochMs() }),
)

export const checkKnown: Work<Known, CheckResult> = work(markStarted, (known, stopwatch) =>
  resultOfKnown(known, () => markDeciding(stopwatch)),
)

const optionsOf = (history: History, { task, endsAtMs }: PartTask): ShareOptions =>
  checkOptionsFor(task.file, history, task.settings, endsAtMs - epochMs())
