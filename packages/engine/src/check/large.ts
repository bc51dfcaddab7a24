import { check, findModel, reportOfApart, reportOfKeys, reportUndecided, type ViolatedKey } from '@chaosproxy/checker'
import { environmentError, type History, historyOfTally, plural, type Tally } from '@chaosproxy/history'
import { MemoryLimitError, type PackedRecording, readHeader, readKeys } from '@chaosproxy/history/files'
import { proves } from '@chaosproxy/runner'
import type { ApartResult } from './apart-result.ts'
import { readingOf } from './check-file.ts'
import { megabytes } from './memory.ts'
import { textBytesOf } from './named-file.ts'
import { checkOptionsFor } from './options.ts'
import { resultOf } from './outcome.ts'
import type { CheckedFile, CheckResult, CheckTask } from './result.ts'

// Checks each key of a recording that is too large for memory. If each key is linearizable, the recording is too.
// Otherwise, only the violated keys are read again and judged in full.

/** The size of the largest text whose operations fit into memory, as a fraction of the memory limit. */
const TEXT_PER_MEMORY = 0.75

/** Memory of an operation, if all are judged together. */
const BYTES_PER_OPERATION = 200

/** Whether to check a file key by key, because it would take most of the memory. */
export const isLarge = (task: CheckTask): boolean => textBytesOf(task) > task.settings.memoryBytes * TEXT_PER_MEMORY

/** Whether a recording may be checked key by key, because only the linearizability of keys matters. */
export async function canBeApart({ file, stored, merged, settings, output }: CheckTask): Promise<boolean> {
  const { levels, require = [], baseline, model, format, keyed, ordering, mapping, unit } = settings
  // Sorting by time needs all events in memory.
  if (merged !== undefined || ordering?.by === 'time' || keyed === true || mapping !== undefined || unit !== undefined)
    return false
  if (format !== undefined && format !== 'jsonl') return false
  if (require.length > 0 || baseline !== undefined) return false
  // An HTML page shows all operations, so all must be in memory.
  if (output.reporters.some(({ name, isOwn }) => isOwn || name === 'html')) return false
  if (levels !== undefined && !levels.includes('linearizable')) return false
  const header = await readHeader(file, stored)
  const named = model ?? header?.model
  return named === undefined || findModel(named)?.name === 'register'
}

/** The known facts about a recording whose operations are no longer in memory. */
export interface Known {
  readonly task: CheckTask
  readonly rest: PackedRecording['rest']
  readonly tally: Tally
  readonly apart: ApartResult
  readonly parseMs: number
  readonly checkMs: number
}

/** Whether the recording must be judged as a whole. */
export const isForWhole = ({ tally, apart: { answer, signs } }: Known): boolean =>
  answer.result === 'whole' || (answer.result === 'met' && !proves(tally, [signs]))

/**
 * Whether to judge the whole recording too, for the levels that concern all keys together. This is useful if at least
 * one key was violated or undecided, and memory may suffice.
 */
export const mayFit = ({ task, tally, apart: { answer } }: Known): boolean =>
  answer.result !== 'met' && tally.operations * BYTES_PER_OPERATION <= task.settings.memoryBytes

/** Whether the check of the whole recording decides linearizability at least as well as the checks of its keys. */
export function isAsDecisive(whole: CheckResult, { apart: { answer } }: Known): boolean {
  const row = 'part' in whole ? whole.part.row : undefined
  const verdict = row !== undefined && 'report' in row ? row.report.levels['linearizable'] : undefined
  return verdict !== undefined && (answer.result !== 'violated' || verdict.result === 'violated')
}

/**
 * Returns the result of a recording whose operations are no longer in memory. Calls `began` once everything is read.
 *
 * @throws MemoryLimitError if the keys that are not linearizable take more than `--memory`.
 */
export async function resultOfKnown(known: Known, began: () => void = () => {}): Promise<CheckedFile> {
  const { task, rest, tally, parseMs, checkMs } = known
  const { answer } = known.apart
  const { file, settings } = task
  if (answer.result === 'whole') throw new Error('this recording must be judged as a whole, not by key')
  const counted = historyOfTally(rest, tally)
  if (answer.result !== 'violated') {
    began()
    const checking = checkOptionsFor(file, counted, settings, settings.timeoutMs)
    const report =
      answer.result === 'met'
        ? reportOfApart(answer, checking)
        : reportUndecided(answer, unknownOutcomes(tally), tooLarge(known))
    return resultOf(task, { history: counted, report, parseMs, checkMs, checking })
  }
  const started = performance.now()
  const history = { ...(await readViolated(task, answer.keys)), tally }
  began()
  const checking = checkOptionsFor(file, history, settings, settings.timeoutMs)
  const part = check(history, checking)
  if (part.levels['linearizable']?.result === 'met')
    throw environmentError(
      `${file}: keys ${answer.keys.map(({ key }) => key ?? '').join(', ')} were first judged not linearizable, but they are linearizable. If workers of a queue judged them, remove those workers from the queue.`,
    )
  const report = reportOfKeys(part, unknownOutcomes(tally), tooLarge(known))
  return resultOf(task, { history, report, parseMs, checkMs: checkMs + performance.now() - started, checking })
}

/** Reads all violated keys, or a single one if memory does not suffice. */
async function readViolated(task: CheckTask, keys: readonly ViolatedKey[]): Promise<History> {
  const wanted = new Map(keys.map(({ key, values }) => [key ?? '', values]))
  try {
    return await readKeys(task.file, wanted, readingOf(task))
  } catch (error) {
    const one = keys.find(({ values }) => values !== undefined) ?? keys[0]
    if (!(error instanceof MemoryLimitError) || keys.length < 2 || one === undefined) throw error
    return readViolated(task, [one])
  }
}

const unknownOutcomes = ({ functions }: Tally): number => functions.reduce((sum, { info }) => sum + info, 0)

const tooLarge = ({ task: { settings }, tally: { operations } }: Known): string =>
  `it is about all keys together, and ${plural(operations, 'operation')} take ${megabytes(operations * BYTES_PER_OPERATION)} of memory (see --memory ${megabytes(settings.memoryBytes)})`
