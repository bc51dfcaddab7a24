import { findingsOf } from './finding.ts'
import type { Reporter } from './reporter.ts'

/**
 * Prints findings without diagrams, so that each finding fits a line of a log. `json` and `markdown` print the
 * diagrams.
 */
export const jsonlReporter: Reporter = {
  name: 'jsonl',
  summary: 'the verdict in short, one line of JSON for each run, file or failure found',
  recognises: (start) => /^\{"command":"(?:run|check|fuzz|compare|scenario)","name":"/.test(start),
  each: (subject) =>
    findingsOf(subject)
      .map(({ command, name, ...finding }) => `${JSON.stringify({ command, name, ...finding, diagram: undefined })}\n`)
      .join(''),
}
