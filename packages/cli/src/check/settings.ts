import { findModel, type Level, levels, type ModelName, models, type ShareOptions, UNKNOWN_START } from '@chaos/checker'
import { type Format, formats, type History, type Json, type Millis, millis, UserError } from '@chaos/history'
import { parseLevel } from '../arguments/names.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration, parseSize } from '../arguments/quantities.ts'
import { flagOf, type ParsedOptions, textOf } from '../command.ts'

/** Every model's name, then what other tools and older files call them. */
const MODEL_NAMES: readonly string[] = [...models.map(({ name }) => name), ...models.flatMap(({ aliases }) => aliases)]
const FAILED_CAS = ['auto', 'drop', 'observes'] as const

export const MODEL_NAMES_TEXT: string = models.map(({ name }) => name).join(', ')

/** More threads than this are a slip of the finger. */
const MOST_WORKERS = 256

/** How each file is checked. Plain data: it goes to other threads as it is. */
export interface CheckSettings {
  readonly initial: Json | undefined
  readonly model: string | undefined
  readonly levels: readonly Level[]
  /** The strongest of those that were chosen: what the first words are about, unless a level is expected. */
  readonly asked: Level
  readonly expect: Level | undefined
  readonly format: Format | undefined
  readonly failedCas: (typeof FAILED_CAS)[number]
  /** For one file: reading, checking and explaining. */
  readonly timeoutMs: Millis
  readonly memoryBytes: number
  /** Threads; undefined to choose by the size of the files. */
  readonly workers: number | undefined
  readonly explain: boolean
  readonly out: string | undefined
  /** Whether the report may replace what is no report. */
  readonly force: boolean
  readonly json: boolean
}

export function parseCheckSettings(options: ParsedOptions): CheckSettings {
  const expect = textOf(options, 'expect')
  const format = textOf(options, 'format')
  const model = textOf(options, 'model')
  const workers = textOf(options, 'workers')
  const chosen = (textOf(options, 'level') ?? levels.join(','))
    .split(',')
    .map((level) => parseLevel('level', level.trim()))
  const expected = expect === undefined ? undefined : parseLevel('expect', expect)
  return {
    initial: parseInitial(textOf(options, 'initial')),
    model: model === undefined ? undefined : oneOf('model', 'model', model, MODEL_NAMES),
    levels: expected === undefined || chosen.includes(expected) ? chosen : [...chosen, expected],
    asked: levels.find((level) => chosen.includes(level)) ?? 'linearizable',
    expect: expected,
    format: format === undefined ? undefined : oneOf('format', 'format', format, formats),
    failedCas: oneOf('failed-cas', 'reading of a failed cas', textOf(options, 'failed-cas') ?? 'auto', FAILED_CAS),
    timeoutMs: parseDuration('timeout', textOf(options, 'timeout') ?? ''),
    memoryBytes: parseSize('memory', textOf(options, 'memory') ?? ''),
    workers: workers === undefined ? undefined : parseCount('workers', workers, { min: 1, max: MOST_WORKERS }),
    explain: flagOf(options, 'explain'),
    out: textOf(options, 'out'),
    force: flagOf(options, 'force'),
    json: flagOf(options, 'json'),
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

/** What the checker is asked about a history that was read; `remainingMs` is what is left of the time to decide in. */
export function checkOptionsFor(
  file: string,
  history: History,
  settings: CheckSettings,
  remainingMs: number,
): ShareOptions {
  // Porcupine's logs mean by a failed cas that another value was there, and by a missing key the empty string.
  const observes =
    settings.failedCas === 'observes' || (settings.failedCas === 'auto' && history.format === 'porcupine-etcd')
  return {
    model: modelOf(file, history, settings),
    initial: initialOf(history, settings),
    levels: settings.levels,
    failedCas: observes ? 'observes' : 'drop',
    staleness: true,
    deadlineMs: millis(Math.max(0, remainingMs)),
    memoryBytes: settings.memoryBytes,
    now: () => millis(performance.now()),
  }
}

/** What is taken to be there before the first write. A null that is given is a value like any other. */
export function initialOf(history: History, { initial }: Pick<CheckSettings, 'initial'>): Json {
  if (initial !== undefined) return initial
  return history.header?.initial ?? (history.format === 'porcupine-kv' ? '' : null)
}

function modelOf(file: string, history: History, settings: CheckSettings): ModelName {
  const model = settings.model ?? history.header?.model ?? 'register'
  const known = findModel(model)
  if (known !== undefined) return known.name
  throw new UserError(
    'input',
    `${file}: its model is "${model}", which this version cannot check. Force one with --model: ${MODEL_NAMES_TEXT}.`,
  )
}
