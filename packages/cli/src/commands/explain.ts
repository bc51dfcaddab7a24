import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { findModel, models, type Report } from '@chaosproxy/checker'
import { check, EXIT, type ExitCode, RUN_JSON, readSummary } from '@chaosproxy/engine'
import { type History, UserError } from '@chaosproxy/history'
import { isStored, readHistory } from '@chaosproxy/history/files'
import { type Explained, explain, renderExplained } from '@chaosproxy/report'
import { missingSuccesses } from '@chaosproxy/runner'
import type { RunSummary } from '@chaosproxy/runner/result'
import { flag, word } from '../arguments/declare.ts'
import { parseLevel } from '../arguments/names.ts'
import { oneOf } from '../arguments/one-of.ts'
import { type Command, flagOf, type ParsedOptions, textOf } from '../command.ts'
import { print } from '../terminal/output.ts'
import { terminalOptions } from '../terminal/page-width.ts'
import { styleFor } from '../terminal/style.ts'

export const explainCommand: Command = {
  name: 'explain',
  positional: '<run>',
  needs: 'a run or a history: chaos explain chaos-results/DIR, or chaos explain history.jsonl.',
  summary: 'explain a violation as a story: what happened, what each level allows, what usually causes it',
  options: {
    level: word('the level to explain', 'the strongest that is violated'),
    model: word('what the object is', 'what the history names'),
    keyed: flag("EDN: values are pairs of a key and a value, as in Jepsen's independent tests [default: detected]"),
    json: flag('print one JSON object on stdout instead of the page'),
  },
  groups: {
    'What is explained': ['level', 'model', 'keyed'],
    Output: ['json'],
  },
  examples: [
    ['chaos explain chaos-results/20261120-074501-raft', 'a run'],
    ['chaos explain histories/stale-read.jsonl --level linearizable', 'a history, by one level'],
  ],
  run: executeExplain,
}

async function executeExplain(options: ParsedOptions): Promise<ExitCode> {
  const { history, backend, run } = filesOf(textOf(options, 'run') ?? '')
  const level = textOf(options, 'level')
  const asked = level === undefined ? undefined : parseLevel('level', level)
  const model = parseModel(textOf(options, 'model'))
  const independent = options['keyed'] === undefined ? undefined : flagOf(options, 'keyed')
  const read = await readHistory(history, { independent })
  const report = judged(read, model)
  if (asked !== undefined && report.levels[asked] === undefined)
    throw new UserError(
      'usage',
      `--level ${asked}: the ${report.model} model is not judged by that level, but by ${Object.keys(report.levels).join(', ')}.`,
    )
  const told = explain({
    report,
    history: read,
    run,
    ...(run === undefined ? { vacuous: missingSuccesses(read, report.model) } : {}),
    level: asked,
    backend: backend === undefined ? undefined : judged(await readHistory(backend), model),
  })
  print(process.stdout, flagOf(options, 'json') ? `${JSON.stringify(told)}\n` : pageOf(told))
  return EXIT.met
}

const judged = (history: History, model: string | undefined): Report<string> =>
  check(history, model === undefined ? {} : { model })

const pageOf = (told: Explained): string =>
  renderExplained(told, styleFor(process.stdout), terminalOptions(process.stdout))

interface Files {
  readonly history: string
  readonly backend: string | undefined
  /** What the run wrote of itself. */
  readonly run: RunSummary | undefined
}

/** The histories of a run's directory, or the one history named. */
function filesOf(typed: string): Files {
  if (isStored(typed)) return { history: typed, backend: undefined, run: undefined }
  if (!existsSync(typed)) throw new UserError('usage', `${typed}: there is no such run or history.`)
  if (basename(typed) === RUN_JSON)
    throw new UserError(
      'usage',
      `${typed}: it describes a run, and is no history. Give the run's directory: chaos explain ${dirname(typed)}`,
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
