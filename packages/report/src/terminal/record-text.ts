import { type RecordFacts, type RecordLine, recordLines } from '../record.ts'
import type { PageStyle } from './evidence.ts'
import { wrap } from './width.ts'

/** Maximum number of entries of each kind; the HTML page has all of them. */
const MOST_NAMED = 5

const RECORD_COLUMN = 9

/** Says what is missing in the record, and what is undecided for this reason. */
export function recordText(
  facts: RecordFacts | undefined,
  isShown: (line: RecordLine) => boolean,
  { width, style }: PageStyle,
): string[] {
  if (facts === undefined) return []
  const indent = ' '.repeat(RECORD_COLUMN)
  return recordLines(facts, MOST_NAMED)
    .filter(isShown)
    .flatMap(({ about, text, isDoubt }) =>
      wrap(text, width - RECORD_COLUMN).map((line, part) => {
        const painted = isDoubt ? style.yellow(line) : line
        return part === 0 ? `${style.dim(about.padEnd(RECORD_COLUMN))}${painted}` : `${indent}${painted}`
      }),
    )
}
