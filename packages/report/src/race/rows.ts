import type { CodeRun, CodeStep, LineTimes, RaceRow, RacingPart } from './code-run.ts'

/** Nobody reads more. */
const MOST_ROWS = 40
/** Gaps of at most this many lines are shown. */
const FEW = 2

/** Returns the lines that the two racing requests ran, and the lines in short gaps between them. */
export function rowsOf(
  { steps: [ofOvertaken, ofOther], sources }: Ran,
  { overtaken, by }: { readonly overtaken: RacingPart; readonly by: RacingPart },
): RaceRow[] {
  const [one, other] = [timesByPlace(ofOvertaken), timesByPlace(ofOther)]
  const statements = sqlByPlace([...ofOvertaken, ...ofOther])
  const sqlAt = (place: string): Pick<RaceRow, 'sql'> => {
    const found = statements.get(place)
    return found === undefined ? {} : { sql: [...found] }
  }
  const files = [...new Set([overtaken.file, by.file, ...[...ofOvertaken, ...ofOther].map(({ file }) => file)])]
  const rows = files.flatMap((file) => {
    const lines = sources[file] ?? []
    const ran = lines
      .map((_, i) => i + 1)
      .filter((line) => one.has(placeOf(file, line)) || other.has(placeOf(file, line)))
    return withShortGaps(ran).map(
      (line, i, all): RaceRow => ({
        ...{ file, line, text: lines[line - 1] ?? '' },
        overtaken: one.get(placeOf(file, line)),
        by: other.get(placeOf(file, line)),
        isOvertaken: file === overtaken.file && line === overtaken.lines[0],
        isAfterGap: i > 0 && line > (all[i - 1] ?? 0) + 1,
        ...sqlAt(placeOf(file, line)),
      }),
    )
  })
  return around(rows)
}

interface Ran {
  readonly steps: readonly [readonly CodeStep[], readonly CodeStep[]]
  readonly sources: CodeRun['sources']
}

const placeOf = (file: string, line: number): string => `${file}:${line}`

function timesByPlace(steps: readonly CodeStep[]): ReadonlyMap<string, LineTimes> {
  const times = new Map<string, LineTimes>()
  for (const { type, file, line, at } of steps) {
    if (type === 'sql') continue
    const place = placeOf(file, line)
    const before = times.get(place)
    const resumed = (before?.resumed ?? false) || (type === 'back' && at > (before?.last ?? at))
    times.set(place, { first: before?.first ?? at, last: at, resumed })
  }
  return times
}

function sqlByPlace(steps: readonly CodeStep[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const { file, line, sql } of steps) {
    if (sql === undefined) continue
    const place = placeOf(file, line)
    found.set(
      place,
      (found.get(place) ?? new Set()).add(sql.outcome === '' ? sql.text : `${sql.text} (${sql.outcome})`),
    )
  }
  return found
}

const withShortGaps = (lines: readonly number[]): readonly number[] =>
  lines.flatMap((line, i) => {
    const next = lines[i + 1] ?? line + 1
    const between = next - line - 1
    return between > FEW ? [line] : Array.from({ length: between + 1 }, (_, more) => line + more)
  })

/** Returns up to `MOST_ROWS` source lines around the await during which another request changed the state. */
function around(rows: RaceRow[]): RaceRow[] {
  const middle = rows.findIndex(({ isOvertaken }) => isOvertaken)
  const start = Math.max(0, Math.min(middle - MOST_ROWS / 2, rows.length - MOST_ROWS))
  return rows.slice(start, start + MOST_ROWS)
}
