import { findingsOf } from './finding.ts'
import type { Reporter } from './reporter.ts'

/** Prints findings without diagrams, which `json` and `markdown` have, so that each fits a line of a log. */
export const jsonlReporter: Reporter = {
  name: 'jsonl',
  summary: 'the verdict in short, one line of JSON for each run, file or failure found',
  recognises: (start) => /^\{"command":"(?:run|check|fuzz|compare|scenario)","name":"/.test(start),
  each: (subject) =>
    findingsOf(subject)
      .map(({ command, name, ...finding }) => `${JSON.stringify({ command, name, ...finding, diagram: undefined })}\n`)
      .join(''),
}
