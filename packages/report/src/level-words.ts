import { implied, type Level, levels, type Report, type Verdict } from '@chaos/checker'
import { plural } from './words.ts'

const adjectives: { readonly [level in Level]: string } = {
  linearizable: 'linearizable',
  sequential: 'sequentially consistent',
  causal: 'causally consistent',
  'causal-memory': 'a causal memory',
  'causal-convergence': 'causally convergent',
  pram: 'PRAM',
  session: 'session consistent',
  'read-your-writes': 'read-your-writes',
  'monotonic-reads': 'monotonic in its reads',
  'monotonic-writes': 'monotonic in its writes',
  'writes-follow-reads': 'writes-follow-reads',
  eventual: 'eventually consistent',
}

/** What a history is that meets the level: `sequentially consistent`. */
export const adjective = (level: Level): string => adjectives[level]

/** A single session guarantee says too little to sum a history up by. */
const summing: readonly Level[] = levels.filter((level) => !implied.session.includes(level))

/** The strongest level that is met. */
export const foundLevel = (report: Report): Level | undefined =>
  summing.find((level) => report.levels[level].result === 'met')

/** The strongest level that is met, or `none`; with what is undecided above it. */
export function foundText(report: Report): string {
  const found = foundLevel(report)
  const above = found === undefined ? summing : summing.slice(0, summing.indexOf(found))
  const open = above.filter((level) => report.levels[level].result === 'unknown')
  const undecided =
    open[0] === undefined
      ? ''
      : ` (undecided: ${open.length > 2 ? `${open[0]} and ${open.length - 1} more` : open.join(', ')})`
  return `${found ?? 'none'}${undecided}`
}

/** Levels beside each other that say the same thing, as one row. */
export interface LevelRow {
  readonly levels: readonly [Level, ...Level[]]
  readonly result: Verdict['result']
  /** What to say beside the result; empty where the result says it all. */
  readonly note: string
}

/** The rungs that everyone asks for: each that is met by itself has a row by itself. */
const mainLevels: readonly Level[] = ['linearizable', 'sequential', 'eventual']

/** Strongest first; neighbours that merely follow, or are undecided for the same reason, are one row. */
export function levelRows(report: Report): LevelRow[] {
  const rows: LevelRow[] = []
  for (const level of levels) {
    const verdict = report.levels[level]
    const note = noteOf(report, level, verdict)
    const last = rows[rows.length - 1]
    if (
      last !== undefined &&
      last.result === verdict.result &&
      last.note === note &&
      (note !== '' || !mainLevels.some((main) => main === level || main === last.levels[0]))
    )
      rows[rows.length - 1] = { ...last, levels: [...last.levels, level] }
    else rows.push({ levels: [level], result: verdict.result, note })
  }
  return rows
}

/** `sequential`, or `causal … session`: the names of a row. */
export function rowName(row: LevelRow, ellipsis: string): string {
  const first = row.levels[0]
  const last = row.levels[row.levels.length - 1]
  if (last === undefined || last === first) return first
  return row.levels.length === 2 ? `${first}, ${last}` : `${first} ${ellipsis} ${last}`
}

function noteOf(report: Report, level: Level, verdict: Verdict): string {
  if (verdict.result === 'unknown') return reasonText(level, verdict.reason)
  if (verdict.result === 'violated') {
    const shared = levels.find((stronger) => {
      const other = report.levels[stronger]
      return other.result === 'violated' && other.counterexample === verdict.counterexample
    })
    if (shared !== undefined && shared !== level) return `by the same operations`
    return `by ${plural(verdict.counterexample.operations.length, 'operation')}`
  }
  return verdict.witness.kind === 'implied' ? 'follows' : ''
}

/** Without the level's own name in front, which stands beside it already: so that neighbours with one reason share a row. */
export const reasonText = (level: Level, reason: string): string =>
  reason.startsWith(`${level} is `) ? reason.slice(`${level} is `.length) : reason
