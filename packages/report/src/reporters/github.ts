import { titleWithVerdict } from '../facts/headline.ts'
import { printableLines } from '../operation-words.ts'
import { nonEmpty } from '../words.ts'
import type { Finding } from './finding.ts'
import type { Reporter } from './reporter.ts'

/** This is less than GitHub's limit of ten annotations per step, because many annotations hide each other. */
const MOST_SHOWN = 3

/**
 * Prints annotations as workflow commands on stdout:
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export const githubReporter: Reporter = {
  name: 'github',
  summary: 'at most three annotations for GitHub Actions',
  sharesStdout: true,
  end(findings) {
    const worstFirst = findings.filter(({ result }) => result !== 'passed').sort((a, b) => rank(a) - rank(b))
    const shown = worstFirst.slice(0, MOST_SHOWN)
    const hidden = worstFirst.length - shown.length
    return shown
      .map((finding, i) => annotation(finding, hidden > 0 && i === MOST_SHOWN - 1 ? ` (${hidden} more not shown)` : ''))
      .join('')
  },
}

const rank = ({ result }: Finding): number => ['failed', 'troubled', 'undecided', 'noted'].indexOf(result)

function annotation(finding: Finding, more: string) {
  const { result, name, sentence, evidence, notes, expected, again, file, line, telling } = finding
  const command = result === 'noted' ? 'notice' : result === 'undecided' ? 'warning' : 'error'
  const properties = [
    ...(file === undefined ? [] : [`file=${property(file.replaceAll('\\', '/'))}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    `title=${property(`${name}: ${titleWithVerdict(finding)}${more}`)}`,
  ]
  const texts = [
    ...(evidence.length === 0 ? [sentence] : evidence),
    expected,
    ...notes,
    telling === undefined || telling.next.text === '' ? '' : `next: ${telling.next.text}`,
    again === undefined ? '' : `again: ${again}`,
  ]
  const message = nonEmpty(texts).join('\n')
  return `::${command} ${properties.join(',')}::${data(message)}\n`
}

const data = (text: string): string =>
  printableLines(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
