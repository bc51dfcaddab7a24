import { duration, inputError, isObject, percent, usageError } from '@chaosproxy/history'
import { foundText, haveIsolation, highest } from '../found.ts'
import { numberAt, RESULT_FORM, resultIn, textAt } from '../parsed.ts'
import type { RequirementResult } from '../requirement-result.ts'
import { judgeRequirements, undecided } from './judge-requirements.ts'
import type { MeasuredRecord } from './measures.ts'
import { parseRequirement } from './requirement.ts'

/** The figures of an earlier result, for comparison. */
export interface Baseline {
  readonly where: string
  /** The target of the earlier run; undefined for a saved history. */
  readonly target: string | undefined
  readonly workload: string | undefined
  readonly model: string | undefined
  /** The levels that were met, strongest first. */
  readonly met: readonly string[]
  /** The share of operations that were answered, from 0 to 1. */
  readonly availability: number | undefined
  readonly p99Nanos: number | undefined
  readonly lost: number
}

/**
 * Parses the output of `--json`, or the `run.json` of a run.
 *
 * @throws UserError (input) if it is neither, or of a format version that this program does not know.
 */
export function parseBaseline(json: unknown, where: string): Baseline {
  const refuse = (problem: string): never => {
    throw inputError(`${where}: ${problem} Give the output of --json, or a run.json.`)
  }
  if (!isObject(json)) return refuse('this is not a result.')
  const result = resultIn(json)
  if (result === undefined) return refuse('this is not a result of chaos.')
  const form = result['chaos'] ?? json['chaos'] ?? RESULT_FORM
  if (form !== RESULT_FORM)
    return refuse(`it has format ${String(form)}, but this version of chaos reads format ${RESULT_FORM}.`)
  const levels = isObject(result['levels']) ? Object.keys(result['levels']) : []
  return {
    where,
    target: textAt(result, 'target') ?? textAt(json, 'spec', 'target', 'name'),
    workload: textAt(result, 'workload'),
    model: textAt(result, 'model'),
    met: levels.filter((level) => textAt(result, 'levels', level, 'result') === 'met'),
    availability: numberAt(result, 'availability', 'overall'),
    p99Nanos: numberAt(result, 'latency', 'p99Nanos'),
    lost:
      numberAt(result, 'accounting', 'totals', 'lost') ??
      numberAt(result, 'totals', 'lost') ??
      numberAt(result, 'lost', 'length') ??
      0,
  }
}

export interface Compared {
  readonly target?: string | undefined
  readonly workload?: string | undefined
  readonly model?: string | undefined
}

/** @throws UserError (usage) if the baseline is of another target, workload or model. */
export function requireSameSubject(baseline: Baseline, compared: Compared): void {
  for (const what of ['target', 'workload', 'model'] as const) {
    const [earlier, later] = [baseline[what], compared[what]]
    if (earlier !== undefined && later !== undefined && earlier !== later)
      throw usageError(
        `--baseline ${baseline.where}: the baseline has the ${what} ${earlier}, but this run has ${later}. Run chaos with the ${what} ${later} and --json, and give its output to --baseline.`,
      )
  }
}

/**
 * Compares a result with an earlier one. Levels that were met must be met again. Figures may be worse by the share
 * `tolerance`. With 0.2, p99 may be 1.2 times as long, and availability must be at least 0.8 times as high.
 */
export function judgeBaseline(
  baseline: Baseline,
  tolerance: number,
  record: MeasuredRecord,
): readonly RequirementResult[] {
  const { where, availability, p99Nanos, lost } = baseline
  const judged = (text: string, earlier: string): RequirementResult[] =>
    judgeRequirements([parseRequirement(text, where)], record).map((result) => ({
      ...result,
      requirement: `${text} (the baseline has ${earlier})`,
    }))
  const most = p99Nanos === undefined ? 0 : Math.ceil((p99Nanos * (1 + tolerance)) / 1e3)
  return [
    judgeLevels(baseline, record),
    ...(availability === undefined
      ? []
      : judged(`availability >= ${shareText(availability * Math.max(0, 1 - tolerance))}`, percent(availability))),
    ...(p99Nanos === undefined ? [] : judged(`p99 <= ${most}us`, duration(p99Nanos))),
    // The losses of counters are not compared: `judgeLevels` has compared the levels that forbid losses. If the
    // baseline itself lost additions, it met none of these levels, and more losses are accepted.
    ...(record.report?.accounting?.okAre === 'explained reads' ? [] : judged(`lost <= ${lost}`, String(lost))).filter(
      ({ met, found }) => met !== 'unknown' || (lost > 0 && found === ''),
    ),
  ]
}

const shareText = (share: number): string => `${(Math.floor(share * 1e6) / 1e4).toString()}%`

function judgeLevels({ met }: Baseline, { report }: MeasuredRecord): RequirementResult {
  const named = haveIsolation(met) ? highest(met) : met.slice(0, 1)
  const requirement = `no weaker than the baseline (${named.join(', ') || 'no level'})`
  if (report === undefined) return undecided(requirement, 'nothing was checked')
  const broken = met.filter((level) => report.levels[level]?.result === 'violated')
  const open = met.filter((level) => report.levels[level]?.result !== 'met')
  const found = foundText(report)
  if (broken.length > 0)
    return { requirement, met: false, found: `${found}; no longer ${highest(broken).join(', ')}`, why: '' }
  if (open.length > 0) return { requirement, met: 'unknown', found, why: `undecided: ${highest(open).join(', ')}` }
  return { requirement, met: true, found, why: '' }
}
