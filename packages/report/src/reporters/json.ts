import type { Json } from '@chaosproxy/history'
import { RESULT_FORM } from '@chaosproxy/runner/result'
import { comparisonNext } from '../comparison-words.ts'
import { printable } from '../operation-words.ts'
import type { Reporter } from './reporter.ts'
import { toJson } from './result-json.ts'
import type { Subject } from './subject.ts'

export const jsonReporter: Reporter = {
  name: 'json',
  summary: 'everything, as one JSON object for each run or file (schema/result.schema.json describes it)',
  recognises: isResult,
  // `JSON.stringify` does not escape all control characters, nor the characters that change the writing direction.
  each: (subject) => `${printable(JSON.stringify(jsonOf(subject)))}\n`,
}

/** For each kind of JSON result, the members that identify it. The header of a history does not have them. */
const MEMBERS = [['headline'], ['file', 'error'], ['found', 'trials'], ['systems', 'conditions'], ['story', 'tellings']]

function isResult(start: string): boolean {
  const [line = ''] = start.split('\n', 1)
  let result: unknown
  try {
    result = JSON.parse(line)
  } catch {
    return false
  }
  if (typeof result !== 'object' || result === null || !('chaos' in result) || result.chaos !== RESULT_FORM)
    return false
  return MEMBERS.some((members) => members.every((member) => member in result))
}

/** Returns all that is known about a subject. The members stay the same between versions. */
export function jsonOf(subject: Subject): Json {
  switch (subject.kind) {
    case 'run': {
      const { summary, history, directory, proof } = subject
      const { checkMs } = summary.timing
      return toJson({ report: summary.report, history, run: summary, directory, checkMs, again: subject.again, proof })
    }
    case 'file':
      // If no level is expected, the result is about the strongest level.
      return toJson({ ...subject, requestedLevel: undefined })
    case 'trouble': {
      const { file, message, why } = subject
      return why === 'stopped'
        ? { chaos: RESULT_FORM, file, headline: 'unknown', error: message }
        : { chaos: RESULT_FORM, file, error: message }
    }
    case 'comparison':
      return { chaos: RESULT_FORM, ...subject.comparison, next: comparisonNext(subject.comparison) } as unknown as Json
    case 'search':
    case 'story':
      return subject.json
    default:
      return subject satisfies never
  }
}
