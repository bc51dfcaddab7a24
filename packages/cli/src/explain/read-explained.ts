import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { findModel, levelsInWords, models, type Report } from '@chaosproxy/checker'
import { type CheckedHistory, check } from '@chaosproxy/engine'
import { RUN_JSON, readSummary } from '@chaosproxy/engine/run'
import { type History, UserError } from '@chaosproxy/history'
import { isStored, readHistory } from '@chaosproxy/history/files'
import type { ExplainInput } from '@chaosproxy/report/explanation'
import type { RunSummary } from '@chaosproxy/runner/result'
import { oneOf, parseLevel } from '../arguments/names.ts'
import { orderingOf, type TypedOrder } from '../arguments/reading.ts'

/** What is to be explained, and how it is read. */
interface Asked extends TypedOrder {
  /** By default the strongest that is violated. */
  readonly level?: string | undefined
  /** By default the one that the history names. */
  readonly model?: string | undefined
  readonly keyed?: boolean | undefined
}

/** Reads and judges a run's directory, or a history. @throws UserError (usage, input) */
export async function readExplained(path: string, asked: Asked): Promise<ExplainInput> {
  const { history, backend, run } = filesOf(path)
  const level = asked.level === undefined ? undefined : parseLevel('level', asked.level)
  const model = parseModel(asked.model)
  const read = await readHistory(history, { independent: asked.keyed, ordering: orderingOf(asked) })
  const report = judged(read, model)
  if (level !== undefined && report.levels[level] === undefined)
    throw new UserError(
      'usage',
      `--level ${level}: the ${report.model} model is not judged by that level, but by ${levelsInWords(Object.keys(report.levels))}.`,
    )
  return {
    report,
    history: read,
    run,
    ...(run === undefined ? { vacuous: report.vacuous } : {}),
    level,
    backend: backend === undefined ? undefined : judged(await readHistory(backend), model),
  }
}

const judged = (history: History, model: string | undefined): Report<string> & Pick<CheckedHistory, 'vacuous'> =>
  check(history, model === undefined ? {} : { model })

interface Files {
  readonly history: string
  readonly backend: string | undefined
  /** The summary that the run wrote. */
  readonly run: RunSummary | undefined
}

/** The histories of a run's directory, or the one history named. */
function filesOf(typed: string): Files {
  if (isStored(typed)) return { history: typed, backend: undefined, run: undefined }
  if (!existsSync(typed)) throw new UserError('usage', `${typed}: there is no such run or history.`)
  if (basename(typed) === RUN_JSON)
    throw new UserError(
      'usage',
      `${typed}: this describes a run and is not a history. Give the run's directory: chaos explain ${dirname(typed)}`,
    )
  if (!statSync(typed).isDirectory()) return { history: typed, backend: undefined, run: undefined }
  const history = join(typed, 'history.jsonl')
  if (!existsSync(history))
    throw new UserError(
      'usage',
      `${typed}: there is no history.jsonl in it. Give the directory of a run, or a history.`,
    )
  const backend = join(typed, 'history.backend.jsonl')
  return { history, backend: existsSync(backend) ? backend : undefined, run: readSummary(join(typed, RUN_JSON)) }
}

function parseModel(typed: string | undefined): string | undefined {
  if (typed === undefined || findModel(typed) !== undefined) return typed
  return oneOf(
    'model',
    'model',
    typed,
    models.map(({ name }) => name),
  )
}
