import type { Reading } from './record.ts'

/** Ranges of revisions whose changes were read from the store in full. */
export interface Coverage {
  /** The reading that covers a revision, if any. */
  at(revision: number): Reading | undefined
  /** How many of the revisions from `from` to `to`, inclusive, are covered. */
  count(from: number, to: number): number
}

export function coverageOf(readings: readonly Reading[]): Coverage {
  const spans: { readonly from: number; to: number }[] = []
  for (const { from, to } of [...readings].sort((a, b) => a.from - b.from)) {
    const last = spans.at(-1)
    if (to < from) continue
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to)
    else spans.push({ from, to })
  }
  return {
    at: (revision) => readings.find(({ from, to }) => from <= revision && revision <= to),
    count: (from, to) =>
      spans.reduce((sum, span) => sum + Math.max(0, Math.min(to, span.to) - Math.max(from, span.from) + 1), 0),
  }
}
