import { count, duration, percent } from '../words.ts'
import type { Figure, MeasuredRecord, Spell, Unit } from './measures.ts'
import type { Comparison, Part, Requirement } from './requirement.ts'
import type { RequirementResult } from './result.ts'

export const judgeRequirements = (
  requirements: readonly Requirement[],
  record: MeasuredRecord,
): readonly RequirementResult[] => requirements.map((requirement) => judgeRequirement(requirement, record))

function judgeRequirement(requirement: Requirement, record: MeasuredRecord): RequirementResult {
  const { text, measure, comparison, bound } = requirement
  const figure = figureOf(requirement, record)
  if ('why' in figure) return { requirement: text, met: 'unknown', found: '', why: figure.why }
  const { value, atLeast } = figure
  const met = COMPARE[comparison](value, bound)
  const found = FOUND[measure.unit](value)
  const json = Number.isFinite(value) ? value : undefined
  if (atLeast !== undefined && !isSettled(comparison, value, bound))
    return { requirement: text, met: 'unknown', found, value: json, why: atLeast }
  return { requirement: text, met, found, value: json, why: '' }
}

/** Whether a greater figure would be judged alike. */
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

function figureOf({ measure, of, during }: Requirement, record: MeasuredRecord): Figure {
  if (measure.ofAll !== undefined) return measure.ofAll(record)
  const rows = rowsOf(record, of, during)
  if (rows.length > 0 && measure.of !== undefined) return measure.of(record.history, rows)
  const what = of === undefined ? 'no operation' : `no ${of}`
  return { why: `${what} was called${during === undefined ? '' : ` ${duringText(during)}`}` }
}

const duringText = (part: Part): string =>
  part === 'calm'
    ? 'while all was calm'
    : part === 'healed'
      ? 'after the last fault'
      : part === 'faults'
        ? 'during a fault'
        : `during a ${part}`

/** The operations meant, by row. */
function rowsOf({ history, faults }: MeasuredRecord, of: string | undefined, during: Part | undefined): number[] {
  const { length, callTime, f } = history.operations
  const isCalledIn = during === undefined ? () => true : momentsOf(during, faults)
  const wanted = of === undefined ? undefined : history.functions.indexOf(of)
  const rows: number[] = []
  for (let row = 0; row < length; row++)
    if ((wanted === undefined || f[row] === wanted) && isCalledIn(callTime[row] ?? 0)) rows.push(row)
  return rows
}

function momentsOf(part: Part, faults: readonly Spell[]): (time: number) => boolean {
  const lastEnd = Math.max(...faults.map(({ to }) => to), Number.NEGATIVE_INFINITY)
  const isIn = (spans: readonly Spell[]) => (time: number) => spans.some(({ from, to }) => from <= time && time < to)
  switch (part) {
    case 'healed':
      return (time) => faults.length > 0 && time >= lastEnd
    case 'calm': {
      const hurt = isIn(faults)
      return (time) => !hurt(time) && (faults.length === 0 || time < lastEnd)
    }
    case 'faults':
      return isIn(faults)
    default:
      return isIn(faults.filter(({ kind }) => kind === part))
  }
}
