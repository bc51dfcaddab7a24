import { plural } from '../words.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { Reporter } from './reporter.ts'

const MARKS: { readonly [result in Finding['result']]: string } = {
  passed: '.',
  failed: 'F',
  undecided: '?',
  troubled: 'E',
}

/** A character for each verdict, then a line for each that did not pass. */
export const dotReporter: Reporter = {
  name: 'dot',
  summary: 'one character for each verdict, and a line for each that did not pass',
  each: (subject) =>
    findingsOf(subject)
      .map(({ result }) => MARKS[result])
      .join(''),
  end(told) {
    const findings = told.flatMap((each) => each.findings)
    const others = findings.filter(({ result }) => result !== 'passed')
    const lines = others.map(
      ({ result, name, title, sentence }) =>
        `${MARKS[result]} ${name}: ${title}${sentence === '' ? '' : `: ${sentence}`}`,
    )
    const sum = `${plural(findings.length, 'verdict')}, ${others.length === 0 ? 'all passed' : `${others.length} did not pass`}`
    return `${['', ...lines, sum].join('\n')}\n`
  },
}
