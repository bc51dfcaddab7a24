import { check, entryOf, type Model, reportOfSettled, type Settled } from '@chaosproxy/checker'
import { type History, plural, UserError, withRequestedValues } from '@chaosproxy/history'
import { MemoryLimitError, type ReadOptions, readHistory, sourceName } from '@chaosproxy/history/files'
import { megabytes, roomFor } from './memory.ts'
import { checkOptionsFor, inUnits } from './options.ts'
import { resultOf } from './outcome.ts'
import type { CheckedFile, CheckResult, CheckTask, FileTrouble, StoppedFile } from './result.ts'

export interface CheckListener {
  readonly checking?: ((operations: number) => void) | undefined
  /** Called when the file has been read. The time limit then starts. */
  readonly began?: (() => void) | undefined
  readonly judged?: (() => void) | undefined
  /** The user's own model, if the settings name a file. */
  readonly own?: Model<unknown> | undefined
  /** The results of workers that judged by the user's own model. */
  readonly settled?: Settled | undefined
}

/** Reads and checks a file. Returns errors of the file as a result, instead of throwing them. */
export function checkFile(task: CheckTask, listener: CheckListener = {}): Promise<CheckResult> {
  return unlessTroubled(task, async () => {
    const read = await readTimed(task, false)
    listener.began?.()
    return checkRead(task, read, listener)
  })
}

export interface ReadFile {
  readonly history: History
  readonly parseMs: number
}

export async function readTimed(task: CheckTask, shared: boolean): Promise<ReadFile> {
  const started = performance.now()
  const history = await readHistory(task.file, { ...readingOf(task), shared })
  return { history, parseMs: performance.now() - started }
}

export function readingOf({
  stored,
  merged,
  settings,
}: Pick<CheckTask, 'stored' | 'merged' | 'settings'>): ReadOptions {
  const { format, memoryBytes, keyed, ordering, mapping, model } = settings
  return { format, stored, merged, memoryBytes: roomFor(memoryBytes), ordering, independent: keyed, mapping, model }
}

/** Checks a history. The time limit starts with this call. */
export async function checkRead(
  task: CheckTask,
  { history: read, parseMs }: ReadFile,
  { checking: begins, judged, own, settled }: CheckListener = {},
): Promise<CheckedFile> {
  const { file, settings } = task
  const whole = inUnits(read, settings)
  const started = performance.now()
  begins?.(whole.operations.length)
  const checking = checkOptionsFor(file, whole, settings, settings.timeoutMs, own)
  const history = entryOf(checking.model).isOwn === true ? withRequestedValues(whole) : whole
  const report =
    own === undefined || settled === undefined
      ? check(history, checking)
      : reportOfSettled(history, own, checking, settled)
  judged?.()
  const checkMs = performance.now() - started
  const isFile = task.stored === undefined && task.merged === undefined
  // Imported on demand, because few checks write a proof.
  const proof =
    settings.prove === undefined
      ? undefined
      : (await import('../written-proof.ts')).writeProof(isFile ? file : undefined, settings.prove, {
          ...{ history, report, checking },
        })
  return resultOf(task, { history, report, parseMs, checkMs, checking, proof })
}

export async function unlessTroubled<Result>(
  { file, settings }: CheckTask,
  work: () => Result | Promise<Result>,
): Promise<Result | FileTrouble | StoppedFile> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UserError) return troubleOf(file, error)
    if (error instanceof MemoryLimitError)
      return {
        file,
        stopped: `${sourceName(file)}: out of memory while reading (see --memory ${megabytes(settings.memoryBytes)}) after ${plural(error.events, 'event')} in ${megabytes(error.textBytes)} of ${error.of === undefined ? '' : `${megabytes(error.of)} of `}text, so nothing is known about the history. Raise the limit, or check a shorter history.`,
      }
    throw error
  }
}

export const troubleOf = (file: string, { code, message }: UserError): FileTrouble => ({
  file,
  trouble: { code, message },
})
