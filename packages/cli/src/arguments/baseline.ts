import { resolve } from 'node:path'
import { baselineEntries, type ChosenBaseline, type LoadedConfig, readTextFile } from '@chaosproxy/engine/run'
import { inputError, usageError } from '@chaosproxy/history'
import type { PlannedRun } from '@chaosproxy/runner'
import { type Baseline, parseBaseline, requireSameSubject } from '@chaosproxy/runner/result'
import { type ParsedOptions, textOf } from '../command.ts'
import type { Options } from '../option.ts'
import { asText } from './declare.ts'
import { modelNameOf } from './workload.ts'

const DEFAULT_TOLERANCE = '20%'

export const baselineOptions: Options = {
  baseline: asText(baselineEntries.baseline),
  tolerance: asText(baselineEntries.tolerance, { usual: DEFAULT_TOLERANCE }),
}

/**
 * Returns the baseline from the options, or from the configuration if the options name none.
 *
 * @throws UserError (usage, input) if the file or the tolerance cannot be read.
 */
export function parseBaselineOptions(
  options: ParsedOptions,
  loaded?: LoadedConfig,
  run?: string,
): ChosenBaseline | undefined {
  const { baseline, tolerance: usual } = configured(loaded, run)
  const file = textOf(options, 'baseline') ?? (baseline && resolve(loaded?.directory ?? '.', baseline))
  const tolerance = textOf(options, 'tolerance') ?? usual
  if (file !== undefined)
    return { baseline: readBaseline(file), tolerance: Number.parseFloat(tolerance ?? DEFAULT_TOLERANCE) / 100 }
  if (tolerance !== undefined)
    throw usageError(`--tolerance ${tolerance} needs a baseline to compare with. Add --baseline FILE.`)
  return undefined
}

/** @throws UserError (usage) if the baseline is of another target, workload or model. */
export function requireSameRun({ baseline }: ChosenBaseline, { spec, workload }: PlannedRun): void {
  requireSameSubject(baseline, { target: spec.target.name, workload: spec.workload.name, model: modelNameOf(workload) })
}

/**
 * Returns the configured baseline and tolerance. A run without its own baseline uses the baseline at the top level of
 * the configuration. It may still have its own tolerance.
 */
function configured(loaded: LoadedConfig | undefined, run: string | undefined) {
  const own = run === undefined ? undefined : loaded?.config.runs?.[run]
  if (own?.baseline !== undefined) return own
  return { baseline: loaded?.config.baseline, tolerance: own?.tolerance ?? loaded?.config.tolerance }
}

function readBaseline(file: string): Baseline {
  const text = readTextFile('--baseline', file)
  const json = parsed(text)
  if (json !== undefined) return parseBaseline(json, file)
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  throw inputError(
    lines.every((line) => parsed(line) !== undefined) && lines.length > 1
      ? `--baseline ${file} holds ${lines.length} results, one per line. Give a file with one result, as --json prints for a single run.`
      : `--baseline ${file} is not JSON. Give the output of --json, or a run.json.`,
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
