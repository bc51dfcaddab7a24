import { count, plural } from '@chaosproxy/history'
import { titleWithVerdict } from '../facts/headline.ts'
import { printable } from '../operation-words.ts'
import { answersOf } from '../telling/telling.ts'
import { durationOfMillis, nonEmpty } from '../words.ts'
import { comparisonMarkdown } from './comparison-markdown.ts'
import type { Finding } from './finding.ts'
import type { Reporter } from './reporter.ts'

const SIGNS: { readonly [result in Finding['result']]: string } = {
  passed: '✅',
  noted: '•',
  failed: '❌',
  undecided: '❓',
  troubled: '⚠️',
}

/**
 * An HTML comment that identifies texts of this program. It ends with an empty line, because some renderers join an
 * HTML comment with the next line.
 */
const MARK = '<!-- chaos -->\n\n'

/** Prints a text for a pull request or a job's summary: a table of verdicts, and the evidence for failures. */
export const markdownReporter: Reporter = {
  name: 'markdown',
  summary: 'a comment for a pull request or a job summary: verdicts, each contradiction drawn, the rest folded',
  recognises: (start) => start.startsWith(MARK),
  each: (subject) => (subject.kind === 'comparison' ? `${MARK}${comparisonMarkdown(subject.comparison)}` : ''),
  end(findings, { picture }) {
    // The function `each` has already printed the comparisons.
    const others = findings.filter(({ command }) => command !== 'compare')
    return others.length === 0 ? '' : `${MARK}${markdownOf(others, picture)}\n`
  },
}

/**
 * Renders findings as Markdown without a final newline: a table of verdicts, and the evidence for each. `picture`: the
 * path of a single finding's picture.
 */
export function markdownOf(findings: readonly Finding[], picture?: string): string {
  const rows = findings.map(
    ({ result, name, expected, operations, elapsedMs, ...headline }) =>
      `| ${SIGNS[result]} | ${text(name)} | ${text(titleWithVerdict(headline))} | ${text(expected)} | ${count(operations)} | ${durationOfMillis(elapsedMs)} |`,
  )
  const table = ['| | | verdict | | operations | time |', '| --- | --- | --- | --- | ---: | ---: |', ...rows].join('\n')
  return [
    ...timesText(findings),
    table,
    ...findings.flatMap((finding) => sectionsOf(finding, findings.length === 1 ? picture : undefined)),
  ].join('\n\n')
}

/** Returns the number of runs with a violation, if there are several runs. */
function timesText(findings: readonly Finding[]): readonly string[] {
  const runs = findings.filter(({ command }) => command === 'run')
  if (runs.length < 2) return []
  const broken = runs.filter(({ result }) => result === 'failed' || result === 'noted').length
  return [`**${count(broken)} of ${plural(runs.length, 'run')} had a violation.**`]
}

/** The verdict, a sentence, the drawing and the command stay visible. The rest is collapsed. */
function sectionsOf(finding: Finding, picture: string | undefined): string[] {
  const { result, name, sentence, evidence, diagram, notes, levels, file, line, again } = finding
  if (result === 'passed' && notes.length === 0) return []
  const rest = nonEmpty([
    notes.map((note) => `- ${text(note)}`).join('\n'),
    levels
      .map(
        ({ level, result: found, reason }) => `- ${text(level)}: ${found}${reason === '' ? '' : `, ${text(reason)}`}`,
      )
      .join('\n'),
    (result === 'failed' || result === 'noted') && file !== undefined
      ? `In ${code(line === undefined ? file : `${file}:${line}`)}.`
      : '',
  ])
  const drawing = evidence.length === 0 ? '' : fenced(evidence.join('\n'))
  const hasDiagram = diagram.length > 0
  return nonEmpty([
    `### ${text(name)}: ${text(titleWithVerdict(finding))}`,
    text(sentence),
    ...answerParts(finding),
    picture === undefined ? '' : `![${text(finding.title)}](${destination(picture)})`,
    // A comment on GitHub or GitLab cannot show a picture from a run's directory, but both render Mermaid diagrams.
    hasDiagram ? fenced(diagram.join('\n'), 'mermaid') : drawing,
    again === undefined ? '' : `Reproduce: ${code(again)}`,
    hasDiagram && drawing !== '' ? folded('The same as text, and where it is in the history', [drawing]) : '',
    rest.length === 0 ? '' : folded('Every level, and the record', rest),
  ])
}

function answerParts({ telling, sentence }: Finding): readonly string[] {
  if (telling === undefined) return []
  const { settings, certainty } = telling.why
  return [
    settings === '' ? '' : `Settings: ${text(settings)}.`,
    ...answersOf(telling).map(([name, answer]) =>
      name !== 'Next' && sentence.endsWith(answer) ? `The cause is ${certainty}.` : `**${name}**: ${text(answer)}`,
    ),
  ]
}

/** Inside `<details>`, Markdown is recognised only after an empty line. */
const folded = (summary: string, parts: readonly string[]): string =>
  [`<details><summary>${summary}</summary>`, ...parts, '</details>'].join('\n\n')

/** Escapes a text for Markdown. A zero-width space after each `@` prevents mentions, which would notify people. */
const text = (plain: string): string =>
  printable(plain)
    .replace(/[\\`*_[\]<>#|~]/g, '\\$&')
    .replace(/@(?=\w)/g, '@\u200b')

const destination = (path: string): string =>
  path
    .split(/[\\/]/)
    .map((part) => encodeURIComponent(part).replace(/[()]/g, (bracket) => (bracket === '(' ? '%28' : '%29')))
    .join('/')

const fenceFor = (plain: string, least: number): string =>
  '`'.repeat(Math.max(least, ...Array.from(plain.matchAll(/`+/g), ([ticks]) => ticks.length + 1)))

const fenced = (plain: string, language: string = ''): string =>
  `${fenceFor(plain, 3)}${language}\n${plain}\n${fenceFor(plain, 3)}`

function code(plain: string): string {
  const shown = printable(plain)
  const fence = fenceFor(shown, 1)
  return fence.length === 1 ? `\`${shown}\`` : `${fence} ${shown} ${fence}`
}
