import { findingsOf } from './finding.ts'
import type { Reporter } from './reporter.ts'

/** The finding alone, which fits a line of a log; `json` has everything. */
export const jsonlReporter: Reporter = {
  name: 'jsonl',
  summary: 'the verdict in short, one line of JSON for each run, file or failure found',
  each: (subject) =>
    findingsOf(subject)
      .map((finding) => `${JSON.stringify(finding)}\n`)
      .join(''),
}
