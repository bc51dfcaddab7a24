import { plural } from '@chaosproxy/history'
import { titleWithVerdict } from '../facts/headline.ts'
import { nonEmpty } from '../words.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { Reporter } from './reporter.ts'

const MARKS: { readonly [result in Finding['result']]: string } = {
  passed: '.',
  noted: '-',
  failed: 'F',
  undecided: '?',
  troubled: 'E',
}

export const dotReporter: Reporter = {
  name: 'dot',
  summary: 'one character for each verdict, and a line for each that did not pass',
  each: (subject) =>
    findingsOf(subject)
      .map(({ result }) => MARKS[result])
      .join(''),
  end(findings) {
    const others = findings.filter(({ result }) => result !== 'passed')
    const lines = others.map(
      ({ result, name, sentence, ...headline }) =>
        `${MARKS[result]} ${name}: ${titleWithVerdict(headline)}${sentence === '' ? '' : `: ${sentence}`}`,
    )
    const noted = others.filter(({ result }) => result === 'noted').length
    const failed = others.length - noted
    const passed = failed > 0 ? `${failed} did not pass` : noted === 0 ? 'all passed' : ''
    const sum = nonEmpty([
      plural(findings.length, 'verdict'),
      passed,
      noted === 0 ? '' : `${noted} with a violation and no expected level`,
    ]).join(', ')
    return `${['', ...lines, sum].join('\n')}\n`
  },
}
