import { models, UNKNOWN_START } from '@chaosproxy/checker'
import type { CheckSpec } from '@chaosproxy/engine'
import { formats, type Json, UserError } from '@chaosproxy/history'
import { isUserFile } from '@chaosproxy/targets/user-file'
import { parseBaselineOptions } from '../arguments/baseline.ts'
import { parseLevel } from '../arguments/names.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration, parseSize } from '../arguments/quantities.ts'
import { parseRequire } from '../arguments/require.ts'
import { flagOf, type ParsedOptions, textOf } from '../command.ts'
import { chooseReporters, pageChoice, type ReporterChoice } from '../reporting/choice.ts'

/** Every model's name, then the names that other tools and older files use. */
const MODEL_NAMES: readonly string[] = [...models.map(({ name }) => name), ...models.flatMap(({ aliases }) => aliases)]
/** In place of a level, as for a run: nothing is expected. */
const NO_EXPECTATION = 'none'
const FAILED_CAS = ['auto', 'drop', 'observes'] as const

/** More threads than this are taken for a typing mistake. */
const MOST_WORKERS = 256

/** The settings of `chaos check`. */
export interface CheckSettings {
  readonly spec: CheckSpec
  readonly out: string | undefined
  /** Whether reports may replace files that are none. */
  readonly force: boolean
  readonly verbose: boolean
  /** With the one that `--out` stands for. */
  readonly reporters: readonly ReporterChoice[]
}

/** @throws UserError (usage, input) */
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
    spec: {
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
    },
    out,
    force: flagOf(options, 'force'),
    verbose: flagOf(options, 'verbose'),
    reporters: [...chooseReporters(options, 'file'), ...(out === undefined ? [] : [pageChoice(out)])],
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
