import {
  findModel,
  type Model,
  type ModelEntry,
  modelEntry,
  models,
  type ShareOptions,
  UNKNOWN_START,
} from '@chaosproxy/checker'
import { type Format, formats, type History, type Json, type Millis, millis, UserError } from '@chaosproxy/history'
import { type ProbeAnswer, requireKnownFunctions, requireSameSubject } from '@chaosproxy/report'
import { isUserFile } from '@chaosproxy/targets/user-file'
import { type ChosenBaseline, parseBaselineOptions } from '../arguments/baseline.ts'
import { parseLevel } from '../arguments/names.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration, parseSize } from '../arguments/quantities.ts'
import { parseRequire } from '../arguments/require.ts'
import { flagOf, type ParsedOptions, textOf } from '../command.ts'
import { pageChoice, parseReporters, type ReporterChoice } from '../reporting/choice.ts'
import { usualFailedCas, usualInitial } from './usual.ts'

/** Every model's name, then the names that other tools and older files use. */
const MODEL_NAMES: readonly string[] = [...models.map(({ name }) => name), ...models.flatMap(({ aliases }) => aliases)]
/** In place of a level, as for a run: nothing is expected. */
const NO_EXPECTATION = 'none'
const FAILED_CAS = ['auto', 'drop', 'observes'] as const

export const MODEL_NAMES_TEXT: string = models.map(({ name }) => name).join(', ')

/** More threads than this are taken for a typing mistake. */
const MOST_WORKERS = 256

/** How each file is checked. Plain data, so that it can be sent to other threads. */
export interface CheckSettings {
  readonly initial: Json | undefined
  /** A name, or the path of the user's own file; undefined for the model the history names. */
  readonly model: string | undefined
  /** The levels chosen; undefined for all that the model's judge decides. */
  readonly levels: readonly string[] | undefined
  readonly expect: string | undefined
  /** Bounds besides the level. */
  readonly require: readonly string[] | undefined
  readonly baseline: ChosenBaseline | undefined
  /** What probes answered; they are asked once, before the files are checked. */
  readonly answers?: readonly (readonly [requirement: string, answer: ProbeAnswer])[] | undefined
  readonly format: Format | undefined
  /** EDN: whether a pair is a key and a value; undefined to find out. */
  readonly keyed: boolean | undefined
  readonly failedCas: (typeof FAILED_CAS)[number]
  /** For one file: reading, checking and explaining. */
  readonly timeoutMs: Millis
  readonly memoryBytes: number
  /** The number of threads; undefined to choose by the size of the files. */
  readonly workers: number | undefined
  readonly explain: boolean
  readonly out: string | undefined
  /** Whether the report may replace a file that is not a report. */
  readonly force: boolean
  readonly verbose: boolean
  /** With the one that `--out` stands for. */
  readonly reporters: readonly ReporterChoice[]
}

export function parseCheckSettings(options: ParsedOptions): CheckSettings {
  const expect = textOf(options, 'expect')
  const format = textOf(options, 'format')
  const model = textOf(options, 'model')
  const workers = textOf(options, 'workers')
  const out = textOf(options, 'out')
  const chosen = textOf(options, 'level')
    ?.split(',')
    .map((level) => parseLevel('level', level.trim()))
  return {
    initial: parseInitial(textOf(options, 'initial')),
    model: model === undefined || isUserFile(model) ? model : oneOf('model', 'model', model, MODEL_NAMES),
    levels: chosen,
    expect: expect === undefined || expect === NO_EXPECTATION ? undefined : parseLevel('expect', expect),
    require: parseRequire(options),
    baseline: parseBaselineOptions(options),
    format: format === undefined ? undefined : oneOf('format', 'format', format, formats),
    keyed: options['keyed'] === undefined ? undefined : flagOf(options, 'keyed'),
    failedCas: oneOf('failed-cas', 'reading of a failed cas', textOf(options, 'failed-cas') ?? 'auto', FAILED_CAS),
    timeoutMs: parseDuration('timeout', textOf(options, 'timeout') ?? ''),
    memoryBytes: parseSize('memory', textOf(options, 'memory') ?? ''),
    workers: workers === undefined ? undefined : parseCount('workers', workers, { min: 1, max: MOST_WORKERS }),
    explain: flagOf(options, 'explain'),
    out,
    force: flagOf(options, 'force'),
    verbose: flagOf(options, 'verbose'),
    reporters: [...parseReporters(options, 'file'), ...(out === undefined ? [] : [pageChoice(out)])],
  }
}

function parseInitial(text: string | undefined): Json | undefined {
  if (text === undefined || text === UNKNOWN_START) return text
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new UserError(
      'usage',
      `--initial ${text}: not JSON. A number is written 0, a text '"a"', nothing null; unknown where nobody knows it.`,
    )
  }
}

/** The checker's options for a history; `remainingMs` is the time left to decide. */
export function checkOptionsFor(
  file: string,
  history: History,
  settings: CheckSettings,
  remainingMs: number,
  own?: Model<unknown>,
): ShareOptions {
  const entry = own === undefined ? entryFor(file, history, settings) : modelEntry(own)
  if (settings.baseline !== undefined) requireSameSubject(settings.baseline.baseline, { model: entry.name })
  requireKnownFunctions(settings.require ?? [], own ?? entry.name, history.functions)
  return {
    model: own ?? entry.name,
    initial: initialOf(history, settings),
    levels: levelsFor(file, entry, settings),
    failedCas: settings.failedCas === 'auto' ? usualFailedCas(history) : settings.failedCas,
    staleness: true,
    deadlineMs: millis(Math.max(0, remainingMs)),
    memoryBytes: settings.memoryBytes,
    now: () => millis(performance.now()),
  }
}

/** The initial value to assume. A null given as an option is a value like any other. */
export const initialOf = (history: History, { initial }: Pick<CheckSettings, 'initial'>): Json =>
  initial === undefined ? usualInitial(history) : initial

/** The file of the user's own model, if one was given. */
export const modelFileOf = ({ model }: Pick<CheckSettings, 'model'>): string | undefined =>
  model !== undefined && isUserFile(model) ? model : undefined

/** The levels to ask of the judge, which knows only its own. */
function levelsFor(
  file: string,
  { name, judge }: ModelEntry<string>,
  { levels, expect }: CheckSettings,
): readonly string[] {
  const { ladder } = judge
  for (const [option, asked] of [
    ['level', levels ?? []],
    ['expect', expect === undefined ? [] : [expect]],
  ] as const) {
    const other = asked.find((level) => !ladder.levels.includes(level))
    if (other === undefined) continue
    throw new UserError(
      'usage',
      `${file}: --${option} ${other}: the ${name} model is not judged by that level, but by ${ladder.levels.join(', ')}.`,
    )
  }
  const chosen = levels ?? ladder.levels
  return expect === undefined || chosen.includes(expect) ? chosen : [...chosen, expect]
}

function entryFor(file: string, history: History, settings: CheckSettings): ModelEntry<string> {
  const model = settings.model ?? history.header?.model ?? 'register'
  const known = findModel(model)
  if (known !== undefined) return known
  throw new UserError(
    'input',
    `${file}: its model is "${model}", which this version cannot check. Force one with --model: ${MODEL_NAMES_TEXT}.`,
  )
}
