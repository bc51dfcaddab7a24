import {
  type Counterexample,
  consistency,
  isolationForms,
  isolationLadder,
  isolations,
  type Report,
  type Verdict,
  verdictOf,
  wordsOfLevel,
} from '@chaosproxy/checker'
import { plural } from '@chaosproxy/history'
import { judgedLevels, levelsNotOfModel } from '@chaosproxy/runner/result'

/** Returns the adjective for a history that meets the level: `sequentially consistent`. */
export const adjective = (level: string): string =>
  wordsOfLevel(level)?.adjective ??
  nouns.reduce((text, [noun, instead]) => text.replace(noun, instead), level.replaceAll('-', ' '))

/** Patterns for parts of levels' names, each with the adjective that replaces the part. */
const nouns: readonly (readonly [RegExp, string])[] = [
  [/snapshot isolation$/, 'snapshot isolated'],
  [/cursor stability$/, 'cursor stable'],
  [/prefix$/, 'prefix consistent'],
  [/^no /, 'free of '],
]

const guarantees: readonly string[] = consistency.implied.session

interface LevelRow {
  readonly levels: readonly [string, ...string[]]
  readonly result: Verdict['result']
  readonly note: string
}

/**
 * The levels that readers ask for most. Without a note (`LevelRow.note`), such a level has its own row. With a note, it
 * shares a row with adjacent levels of the same result and note, as other levels do (see `levelRows`).
 */
const mainLevels: readonly string[] = ['linearizable', 'sequential', 'eventual']

/** A consistency level that a history meets even though the system broke a promise. */
export interface Despite {
  readonly level: string
  /** A clause that says why the level is met, such as `it leaves real time out, so …`. */
  readonly because: string
}

export const despiteText = ({ level, because }: Despite): string => `${level} is met all the same: ${because}`

/**
 * Returns the rows of a table of levels, strongest level first. Adjacent levels share a row if their results and notes
 * are equal. A level in `mainLevels` without a note has its own row.
 */
export function levelRows(report: Report<string>, despite?: Despite): LevelRow[] {
  const rows: LevelRow[] = []
  const foreign = levelsNotOfModel(report)
  for (const [level, verdict] of Object.entries(report.levels)) {
    if (foreign.includes(level)) continue
    const note = despite?.level === level ? despite.because : noteOf(report, level, verdict)
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

/** Returns the name of a row: `sequential`, `sequential, causal`, or for more than two levels `causal … session`. */
export function rowName(levels: LevelRow['levels'], ellipsis: string): string {
  const [first, ...others] = levels
  const last = others.at(-1)
  if (last === undefined) return first
  return others.length === 1 ? `${first}, ${last}` : `${first} ${ellipsis} ${last}`
}

function noteOf(report: Report<string>, level: string, verdict: Verdict): string {
  if (verdict.result === 'unknown') return reasonText(level, verdict.reason.text)
  if (verdict.result === 'violated') {
    const shared = judgedLevels(report).find((stronger) => {
      const other = verdictOf(report, stronger)
      return other.result === 'violated' && other.counterexample === verdict.counterexample
    })
    if (shared !== undefined && shared !== level) return `by the same operations`
    const apart = heldApart(report, level)
    return `by ${plural(verdict.counterexample.operations.length, 'operation')}${apart === '' ? '' : `: ${apart}`}`
  }
  return verdict.witness.kind === 'implied' ? 'follows' : ''
}

/**
 * Returns why some levels have no verdict: the model does not define them. Undefined if the model defines all levels.
 */
export function whyNotOfModel(report: Report<string>): string | undefined {
  const [level] = levelsNotOfModel(report)
  const verdict = level === undefined ? undefined : verdictOf(report, level)
  return verdict?.result === 'unknown' ? verdict.reason.text : undefined
}

export function witnessText(witness: Extract<Verdict, { readonly result: 'met' }>['witness']): string {
  switch (witness.kind) {
    case 'order':
      return 'an order of all operations was found that explains every answer'
    case 'convergence':
      return 'the final reads of every key agree'
    case 'arbitration':
      return 'one order of all writes was found that explains every read'
    case 'checked':
      return 'every read was examined, and none contradicts it'
    case 'implied':
      return `${witness.by} holds`
    default:
      return witness satisfies never
  }
}

/** Explains why `session` is violated although each of its guarantees is met. */
export function heldApart(report: Report<string>, level: string): string {
  if (level !== 'session' || verdictOf(report, level).result !== 'violated') return ''
  return guarantees.every((guarantee) => verdictOf(report, guarantee).result === 'met')
    ? 'each of the four guarantees holds by itself, but no single order gives a client all four'
    : ''
}

/** Removes the level's name from a reason, so that adjacent levels can share a row. */
export const reasonText = (level: string, reason: string): string =>
  reason.startsWith(`${level} is `) ? reason.slice(`${level} is `.length) : reason

/** The meaning of each guarantee of a watch or a partitioned log. */
export const guaranteeText: { readonly [guarantee: string]: string } = {
  faithful: 'all of these',
  filtered: 'sends only what was asked for',
  ordered: 'never goes back to an earlier change',
  unique: 'sends no change twice',
  atomic: 'sends a transaction in one piece',
  bookmarkable: 'reports its progress truthfully',
  reliable: 'skips no change between two others',
  resumable: 'skips no change at its start',
  truthful: 'reports each change as it was made',
  live: 'sends every change eventually',
  future: 'sends nothing from before its start',
  'consistent-offsets': 'an offset holds one message',
  'no-duplicates': 'a message stands at one offset',
  'no-aborted-reads': 'every polled message was sent',
  'monotonic-sends': "one producer's messages stay in order",
  'monotonic-polls': 'a consumer never goes back',
  'no-skips': 'a consumer skips no message',
  'no-lost-writes': 'no message is skipped by every consumer',
  'committed-starts': 'a consumer resumes where it committed',
  'no-unseen': 'every message is polled in the end',
}

/** One form of an isolation level: the level alone, with session order, or in real time. */
interface IsolationCell {
  readonly level: string
  readonly result: Verdict['result']
}

interface IsolationRow {
  readonly isolations: LevelRow['levels']
  readonly cells: readonly (readonly IsolationCell[])[]
}

/** The columns of isolation levels. The names of the levels in a column begin with `prefix`. */
export const isolationColumns: readonly { readonly title: string; readonly prefix: string; readonly means: string }[] =
  [
    { title: 'alone', prefix: '', means: 'by itself' },
    { title: 'session', prefix: 'strong-session-', means: 'each client sees its own order' },
    { title: 'strong', prefix: 'strong-', means: 'in real time' },
  ]

/** Strongest first. */
export function isolationRows(report: Report<string>): readonly IsolationRow[] {
  // A level outside the isolation ladder, such as `declared`, has no variants for sessions and real time.
  const rows: IsolationRow[] = Object.keys(report.levels).flatMap((level) =>
    (isolationLadder.levels as readonly string[]).includes(level)
      ? []
      : { isolations: [level], cells: [[{ level, result: verdictOf(report, level).result }], [], []] },
  )
  for (const isolation of isolations) {
    const cells = isolationForms.toReversed().map((form) => {
      const level = form.prefixed(isolation)
      return { level, result: verdictOf(report, level).result }
    })
    const last = rows.at(-1)
    const isSame = last?.cells.every((column, i) => column[0]?.result === cells[i]?.result) === true
    if (last === undefined || !isSame)
      rows.push({ isolations: [isolation], cells: cells.map((cell): readonly IsolationCell[] => [cell]) })
    else
      rows[rows.length - 1] = {
        isolations: [...last.isolations, isolation],
        cells: last.cells.map((column, i) => [...column, ...cells.slice(i, i + 1)]),
      }
  }
  return rows
}

export function reasonsOfUnknown(report: Report<string>): readonly string[] {
  const reasons = Object.values(report.levels).flatMap((verdict) =>
    verdict.result === 'unknown' ? verdict.reason.text : [],
  )
  return [...new Set(reasons)]
}

/**
 * Returns the level whose counterexample a page shows: the requested level if it is violated, otherwise the strongest
 * violated level.
 */
export function accusedLevel(report: Report<string>, requestedLevel: string | undefined): string | undefined {
  const violated = judgedLevels(report).filter((level) => verdictOf(report, level).result === 'violated')
  if (requestedLevel !== undefined && violated.includes(requestedLevel)) return requestedLevel
  return violated.find((level) => level !== 'eventual') ?? violated[0]
}

export const counterexampleOf = (report: Report<string>, level: string | undefined): Counterexample | undefined => {
  const verdict = level === undefined ? undefined : verdictOf(report, level)
  return verdict?.result === 'violated' ? verdict.counterexample : undefined
}
