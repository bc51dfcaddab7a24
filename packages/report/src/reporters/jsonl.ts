import { findingsOf } from './finding.ts'
import type { Reporter } from './reporter.ts'

/**
 * Prints a finding without its diagram, so that it fits a line of a log. The reporter `json` prints everything;
 * `markdown` prints the diagram.
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
