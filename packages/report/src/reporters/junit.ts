import { titleWithVerdict } from '../facts/headline.ts'
import type { Finding } from './finding.ts'
import type { Reporter } from './reporter.ts'

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>'

/**
 * Prints JUnit XML for CI servers, with a test case for each verdict. An undecided verdict is an error, since it must
 * not let a build pass. The output satisfies both schemas in use: Ant's (windyroad's JUnit.xsd) and Surefire's
 * (junit-10.xsd of Jenkins' xunit plugin).
 */
export const junitReporter: Reporter = {
  name: 'junit',
  summary: 'JUnit XML for CI servers, a test case for each verdict',
  recognises: (start) => start.startsWith(`${HEAD}\n  <testsuite name="chaos" `),
  end(findings, { version, host, now }) {
    const failures = findings.filter(({ result }) => result === 'failed').length
    const errors = findings.filter(({ result }) => result === 'undecided' || result === 'troubled').length
    const time = seconds(findings.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0))
    const counts = `tests="${findings.length}" failures="${failures}" errors="${errors}" time="${time}"`
    // One of the schemas forbids a time zone.
    const timestamp = new Date(now).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)
    const where = `id="0" package="chaos" hostname="${escaped(host)}" timestamp="${timestamp}"`
    return [
      HEAD,
      `  <testsuite name="chaos" ${counts} ${where}>`,
      `    <properties><property name="chaos" value="${escaped(version)}"/></properties>`,
      ...findings.map(testCase),
      `    <system-out>${escaped(findings.map(outputOf).join(''))}</system-out>`,
      '    <system-err/>',
      '  </testsuite>',
      '</testsuites>',
      '',
    ].join('\n')
  },
}

function testCase(finding: Finding): string {
  const { command, name, elapsedMs } = finding
  const problem = problemOf(finding)
  const open = `    <testcase classname="chaos.${command}" name="${escaped(name)}" time="${seconds(elapsedMs)}"`
  return problem === '' ? `${open}/>` : [`${open}>`, problem, '    </testcase>'].join('\n')
}

function problemOf(finding: Finding): string {
  const { result, sentence, expected, evidence, file, line, again, telling } = finding
  const title = titleWithVerdict(finding)
  if (result === 'passed' || result === 'noted') return ''
  const element = result === 'failed' ? 'failure' : 'error'
  const place = file === undefined || result !== 'failed' ? [] : [`at ${file}${line === undefined ? '' : `:${line}`}`]
  const promise = expected === '' ? [] : [expected]
  const repeat = again === undefined ? [] : [`again: ${again}`]
  const next = nextOf(telling)
  const text = [...(evidence.length === 0 ? [sentence] : evidence), '', ...promise, ...place, ...next, ...repeat]
  const message = sentence === '' ? title : `${title}: ${sentence}`
  return `      <${element} type="${result}" message="${escaped(message)}">${escaped(text.join('\n'))}</${element}>`
}

const nextOf = (telling: Finding['telling']): readonly string[] =>
  telling === undefined || telling.next.text === '' ? [] : [`next: ${telling.next.text}`]

/** Returns notes on the verdict, and a line for each level. */
function outputOf(finding: Finding): string {
  const { result, name, sentence, evidence, levels, notes, telling } = finding
  const lines = [
    ...(result === 'noted' ? [titleWithVerdict(finding), ...(evidence.length === 0 ? [sentence] : evidence)] : []),
    ...notes,
    ...(result === 'noted' ? nextOf(telling) : []),
    ...levels.map(({ level, result, reason }) => `${level}: ${result}${reason === '' ? '' : `, ${reason}`}`),
  ]
  return lines.length === 0 ? '' : `${[name, ...lines.map((line) => `  ${line}`)].join('\n')}\n`
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3)

const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
