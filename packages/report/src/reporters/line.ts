import { titleWithVerdict } from '../facts/headline.ts'
import { printable } from '../operation-words.ts'
import { nonEmpty } from '../words.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { Reporter } from './reporter.ts'

const MARKS: { readonly [result in Finding['result']]: readonly [unicode: string, ascii: string] } = {
  passed: ['✔', '+'],
  noted: ['•', '-'],
  failed: ['✘', 'x'],
  undecided: ['?', '?'],
  troubled: ['!', '!'],
}

/** Prints a line for each verdict, as `--quiet` does. */
export const lineReporter: Reporter = {
  name: 'line',
  summary: 'only the verdict, one line each: --quiet',
  sharesStdout: true,
  each(subject, { terminal: { unicode } }) {
    // The error message about a single unreadable file is on stderr.
    if (subject.kind === 'trouble' && subject.alone) return ''
    return findingsOf(subject)
      .map((finding) => {
        const { result, name, sentence, unjudged } = finding
        const trouble = subject.kind === 'run' && result === 'troubled' ? subject.summary.trouble.map(printable) : []
        const whys = result === 'passed' ? [] : nonEmpty([...trouble, sentence])
        const why = whys.length === 0 ? '' : `: ${whys.join('; ')}`
        const beside = unjudged === '' ? '' : ` (${unjudged})`
        return `${MARKS[result][unicode ? 0 : 1]} ${name}: ${titleWithVerdict(finding)}${why}${beside}\n`
      })
      .join('')
  },
}
