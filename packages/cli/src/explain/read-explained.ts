import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { levelsInWords, type Report } from '@chaosproxy/checker'
import { type CheckedHistory, check, createOrderProver } from '@chaosproxy/engine'
import { RUN_JSON, readSummary } from '@chaosproxy/engine/run'
import { type History, usageError } from '@chaosproxy/history'
import { isStored, readHistory, storedHistory } from '@chaosproxy/history/files'
import type { ExplainInput } from '@chaosproxy/report/explanation'
import { parseLevel } from '../arguments/names.ts'
import { givenObject, type objectOptions, readingOf, type readingOptions } from '../arguments/reading.ts'
import type { ValuesOf } from '../option.ts'

/** The history or run to be explained, and how it is read. */
interface ExplainRequest extends Partial<ValuesOf<typeof readingOptions>>, Partial<ValuesOf<typeof objectOptions>> {
  /** The level to explain; by default the strongest violated one. */
  readonly level?: string | undefined
  readonly prove?: boolean | undefined
}

/** Reads and judges a run's directory or a history. @throws UserError (usage, input) */
export async function readExplained(path: string, request: ExplainRequest): Promise<ExplainInput> {
  const { history, backend, run: summary } = explainedFiles(path)
  const run = summary === undefined ? undefined : readSummary(summary)
  const level = request.level === undefined ? undefined : parseLevel('level', request.level)
  const { model, initial } = request
  const read = await readHistory(history, { ...readingOf(request), model })
  const report = judged(read, { model, initial })
  if (level !== undefined && report.levels[level] === undefined)
    throw usageError(
      `--level ${level}: the ${report.model} model does not have that level. It has ${levelsInWords(Object.keys(report.levels))}.`,
    )
  return {
    report,
    history: read,
    run,
    ...(run === undefined ? { vacuous: report.vacuous } : {}),
    level,
    ...(request.prove === true
      ? { prove: await createOrderProver(read, givenObject({ model, initial }), report) }
      : {}),
    backend: backend === undefined ? undefined : judged(await readHistory(backend, { model }), { model, initial }),
  }
}

const judged = (
  history: History,
  request: Pick<ExplainRequest, 'model' | 'initial'>,
): Report<string> & Pick<CheckedHistory, 'vacuous'> => check(history, givenObject(request))

interface ExplainedFiles {
  readonly history: string
  readonly backend: string | undefined
  /** The path of the run's summary. */
  readonly run: string | undefined
}

/** Returns the files of a run's directory, or the single named history. @throws UserError (usage) */
export function explainedFiles(typed: string): ExplainedFiles {
  if (isStored(typed)) return { history: typed, backend: undefined, run: undefined }
  if (!existsSync(typed)) throw usageError(`${typed}: there is no such run or history. Check the path.`)
  if (basename(typed) === RUN_JSON)
    throw usageError(
      `${typed}: this describes a run and is not a history. Give the run's directory: chaos explain ${dirname(typed)}`,
    )
  const stored = storedHistory(typed)
  if (!statSync(typed).isDirectory()) return { history: stored ?? typed, backend: undefined, run: undefined }
  const history = join(typed, 'history.jsonl')
  if (stored !== undefined && stored !== history) return { history: stored, backend: undefined, run: undefined }
  if (stored === undefined)
    throw usageError(`${typed}: this directory has no history.jsonl. Give the directory of a run, or a history.`)
  const backend = join(typed, 'history.backend.jsonl')
  return { history, backend: existsSync(backend) ? backend : undefined, run: join(typed, RUN_JSON) }
}
