import { titleWithVerdict } from '../facts/headline.ts'
import type { Finding } from './finding.ts'
import type { Reporter } from './reporter.ts'

/** https://testanything.org/tap-version-14-specification.html */
export const tapReporter: Reporter = {
  name: 'tap',
  summary: 'TAP 14, a test point for each verdict',
  recognises: (start) =>
    /^TAP version 14\n1\.\.\d+\n(?:$|(?:not )?ok 1 - (?:run|check|fuzz|compare|scenario) )/.test(start),
  end(findings) {
    const points = findings.map((finding, i) => pointOf(finding, i + 1))
    return `TAP version 14\n1..${findings.length}\n${points.join('')}`
  },
}

/** Returns a finding as a test result in TAP format. An undecided verdict is `not ok`. */
function pointOf(finding: Finding, number: number): string {
  const { result, command, name } = finding
  const description = `${command} ${name}: ${titleWithVerdict(finding)}`.replaceAll('\\', '\\\\').replaceAll('#', '\\#')
  return `${result === 'passed' || result === 'noted' ? 'ok' : 'not ok'} ${number} - ${description}\n${diagnosisOf(finding)}`
}

/** Returns a YAML block; texts are quoted as in JSON, which is a subset of YAML. */
function diagnosisOf({ result, sentence, expected, notes, evidence, file, line, again, telling }: Finding): string {
  const members: readonly (readonly [string, unknown])[] = [
    ['message', sentence],
    ['severity', result === 'passed' || result === 'noted' ? '' : result === 'failed' ? 'fail' : result],
    ['expected', expected],
    ['notes', notes.join('; ')],
    [
      'at',
      (result === 'failed' || result === 'noted') && file !== undefined && line !== undefined ? `${file}:${line}` : '',
    ],
    ['next', telling?.next.text],
    ['again', again],
  ]
  const lines = members.flatMap(([name, value]) =>
    value === '' || value === undefined ? [] : [`  ${name}: ${JSON.stringify(value)}`],
  )
  const drawn = evidence.length === 0 ? [] : ['  evidence: |', ...evidence.map((text) => `    ${text}`.trimEnd())]
  return lines.length + drawn.length === 0 ? '' : `  ---\n${[...lines, ...drawn].join('\n')}\n  ...\n`
}
