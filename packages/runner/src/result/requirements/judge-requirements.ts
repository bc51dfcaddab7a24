import type { Report } from '@chaosproxy/checker'
import { count, duration, hasConcurrency, hasTimes, mayChange, percent } from '@chaosproxy/history'
import type { RequirementResult } from '../requirement-result.ts'
import type { Expectation } from '../run-summary.ts'
import { type Standstill, standstillsOf, standstillText } from '../standstills.ts'
import type { Comparison } from './bound.ts'
import type { Figure, MeasuredRecord, Spell, Unit } from './measures.ts'
import { judgeOwnLevel } from './own-level.ts'
import type {
  ConcurrencyRequirement,
  LevelRequirement,
  MeasureRequirement,
  OwnLevelRequirement,
  ProbeRequirement,
  Requirement,
  RunPart,
} from './requirement.ts'

/** The level that a run must meet: the requested level, or the target's promise. */
export interface RunExpectation {
  readonly level: string
  readonly promised: boolean
}

/**
 * Judges whether a report meets a level. If `vacuous` has reasons, a met level becomes unknown, but a violated level
 * stays violated.
 */
export function judgeExpectation(report: Report<string>, level: string, vacuous: readonly string[]): Expectation {
  const result = report.levels[level]?.result
  if (result === 'violated') return { level, met: false }
  return { level, met: result === 'met' && vacuous.length === 0 ? true : 'unknown' }
}

/** Judges a level, and notes whether it was the target's own promise. */
export const judgeHeldTo = (
  { level, promised }: RunExpectation,
  report: Report<string>,
  vacuous: readonly string[],
): Expectation => ({
  ...judgeExpectation(report, level, vacuous),
  ...(promised ? { promised } : {}),
})

export const judgeRequirements = (
  requirements: readonly Requirement[],
  record: MeasuredRecord,
): readonly RequirementResult[] => requirements.map((requirement) => judgeRequirement(requirement, record))

function judgeRequirement(requirement: Requirement, record: MeasuredRecord): RequirementResult {
  switch (requirement.kind) {
    case 'measure':
      return judgeMeasure(requirement, record)
    case 'level':
      return judgeLevel(requirement, record)
    case 'own level':
      return judgeOwn(requirement, record)
    case 'concurrency':
      return judgeConcurrency(requirement, record)
    case 'probe':
      return judgeProbe(requirement, record)
    default:
      return requirement satisfies never
  }
}

/** Returns the result of a requirement that cannot be judged. */
export const undecided = (requirement: string, why: string): RequirementResult => ({
  requirement,
  met: 'unknown',
  found: '',
  why,
})

function judgeMeasure(requirement: MeasureRequirement, record: MeasuredRecord): RequirementResult {
  const { text, measure, comparison, bound } = requirement
  const figure = figureOf(requirement, record)
  if ('why' in figure) return undecided(text, figure.why)
  const { value, atLeast } = figure
  const met = COMPARE[comparison](value, bound)
  const found = FOUND[measure.unit](value)
  const json = Number.isFinite(value) ? value : undefined
  if (atLeast !== undefined && !isSettled(comparison, value, bound))
    return { requirement: text, met: 'unknown', found, value: json, why: atLeast }
  return { requirement: text, met, found, value: json, why: '' }
}

function judgeProbe(
  { text, written, comparison, bound }: ProbeRequirement,
  { answers }: MeasuredRecord,
): RequirementResult {
  const answer = answers?.get(written) ?? { why: 'the probe was not carried out' }
  if ('why' in answer) return undecided(text, answer.why)
  const { value } = answer
  return { requirement: text, met: COMPARE[comparison](value, bound), found: String(value), value, why: '' }
}

function judgeConcurrency({ text }: ConcurrencyRequirement, { history }: MeasuredRecord): RequirementResult {
  // The requirement is met if some operation overlapped a change: only then could the two race.
  const met = hasConcurrency(history, mayChange)
  return { requirement: text, met, found: met ? 'operations overlapped' : 'no operation overlapped a change', why: '' }
}

function judgeLevel({ text, level }: LevelRequirement, { report }: MeasuredRecord): RequirementResult {
  if (report === undefined) return undecided(text, 'nothing was checked')
  const verdict = report.levels[level]
  switch (verdict?.result) {
    case undefined:
      return undecided(
        text,
        `${level} was not decided: it does not apply to the model ${report.model}, or was not asked for`,
      )
    case 'met':
      return { requirement: text, met: true, found: level, why: '' }
    case 'violated':
      return { requirement: text, met: false, found: `a violation: ${verdict.counterexample.sentence}`, why: '' }
    case 'unknown':
      return undecided(text, verdict.reason.text)
    default:
      return verdict satisfies never
  }
}

function judgeOwn({ text, level }: OwnLevelRequirement, { history }: MeasuredRecord): RequirementResult {
  const { found, why, met } = { found: '', why: '', ...judgeOwnLevel(level, history) }
  return { requirement: text, met, found, why }
}

/** Whether the comparison with `bound` has the same result for `value` and for every greater figure. */
function isSettled(comparison: Comparison, value: number, bound: number): boolean {
  if (comparison === '>' || comparison === '>=') return COMPARE[comparison](value, bound)
  return comparison === '==' ? value > bound : !COMPARE[comparison](value, bound)
}

const COMPARE: { readonly [comparison in Comparison]: (value: number, bound: number) => boolean } = {
  '>=': (value, bound) => value >= bound,
  '<=': (value, bound) => value <= bound,
  '==': (value, bound) => value === bound,
  '>': (value, bound) => value > bound,
  '<': (value, bound) => value < bound,
}

const FOUND: { readonly [unit in Unit]: (value: number) => string } = {
  share: (value) => percent(value),
  duration: (value) => (value === Number.POSITIVE_INFINITY ? 'never' : duration(value)),
  count,
}

function figureOf({ measure, of, during }: MeasureRequirement, record: MeasuredRecord): Figure {
  if (measure.unit === 'duration' && !hasTimes(record.history)) return { why: 'the history has no times' }
  if (measure.unit === 'duration' && record.history.isUnitGuessed === true)
    return { why: 'the unit of the times is unknown: name it in the file, as in "start_ms"' }
  const standstills = measure.isTimed === true ? standstillsOf(record.history) : []
  if (measure.ofAll !== undefined) return doubtful(standstills) ?? measure.ofAll(record)
  const rows = rowsOf(record, of, during)
  const doubt = doubtful(
    during === undefined ? standstills : standstills.filter((each) => overlaps(each, rows, record)),
  )
  if (doubt !== undefined) return doubt
  if (rows.length > 0 && measure.of !== undefined) return measure.of(record.history, rows)
  return { why: whyNone(of, during) }
}

const doubtful = ([standstill]: readonly Standstill[]): Figure | undefined =>
  standstill === undefined ? undefined : { why: standstillText(standstill) }

/** Whether an operation was in progress during a standstill. */
function overlaps({ from, to }: Standstill, rows: readonly number[], { history }: MeasuredRecord): boolean {
  const { callTime, returnTime, returnEvent } = history.operations
  return rows.some((row) => (callTime[row] ?? 0) <= to && (returnEvent[row] === -1 || (returnTime[row] ?? 0) >= from))
}

const whyNone = (of: string | undefined, during: RunPart | undefined): string =>
  `${of === undefined ? 'no operation' : `no ${of}`} was called${during === undefined ? '' : ` ${duringText(during)}`}`

const duringText = (part: RunPart): string =>
  part === 'calm'
    ? 'while all was calm'
    : part === 'before'
      ? 'before the first fault'
      : part === 'healed'
        ? 'after the last fault'
        : part === 'faults'
          ? 'during a fault'
          : `during a ${part}`

/** Returns the operations that a requirement selects. */
function rowsOf({ history, faults }: MeasuredRecord, of: string | undefined, during: RunPart | undefined): number[] {
  const { length, callTime, f } = history.operations
  const isCalledIn = during === undefined ? () => true : momentsOf(during, faults)
  const wanted = of === undefined ? undefined : history.functions.indexOf(of)
  const rows: number[] = []
  for (let row = 0; row < length; row++)
    if ((wanted === undefined || f[row] === wanted) && isCalledIn(callTime[row] ?? 0)) rows.push(row)
  return rows
}

function momentsOf(part: RunPart, faults: readonly Spell[]): (time: number) => boolean {
  const perhaps = faults.map(({ perhapsUntil, ...fault }) => ({ ...fault, to: perhapsUntil ?? fault.to }))
  const lastEnd = Math.max(...perhaps.map(({ to }) => to), Number.NEGATIVE_INFINITY)
  const isIn = (spans: readonly Spell[]) => (time: number) => spans.some(({ from, to }) => from <= time && time < to)
  switch (part) {
    case 'before': {
      const firstBegin = Math.min(...faults.map(({ from }) => from), Number.POSITIVE_INFINITY)
      return (time) => time < firstBegin
    }
    case 'healed':
      return (time) => faults.length > 0 && time >= lastEnd
    case 'calm': {
      const isDoubtful = isIn(perhaps)
      return (time) => !isDoubtful(time) && (faults.length === 0 || time < lastEnd)
    }
    case 'faults':
      return isIn(faults)
    default:
      return isIn(faults.filter(({ kind, name = kind }) => name === part))
  }
}
