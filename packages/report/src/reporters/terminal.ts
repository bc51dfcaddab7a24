import { type CheckRow, renderCheck, renderCheckTable } from '../terminal/check-page.ts'
import { renderComparison } from '../terminal/comparison-page.ts'
import { renderExplanations } from '../terminal/explanation.ts'
import { renderRun } from '../terminal/run-page.ts'
import { renderSearch } from '../terminal/search-page.ts'
import { renderStory } from '../terminal/story-page.ts'
import { renderRepeat, renderRepeats } from './repeats-page.ts'
import type { Place, Reporter } from './reporter.ts'
import type { FileSubject, Subject } from './subject.ts'

export const terminalReporter: Reporter = {
  name: 'default',
  summary: 'a page for people',
  sharesStdout: true,
  each: pageOf,
  end(findings, { style, terminal }, summaries) {
    if (summaries.length < 2) return ''
    const runs = findings.filter(({ command }) => command === 'run')
    if (runs.length > 1) return renderRepeats(runs, style, terminal)
    const rows = summaries.flatMap(({ row }): readonly CheckRow[] => (row === undefined ? [] : [row]))
    return rows.length === 0 ? '' : renderCheckTable(rows, style, terminal)
  },
}

function pageOf(subject: Subject, { style, terminal }: Place): string {
  switch (subject.kind) {
    case 'run':
      return subject.alone
        ? renderRun(subject.summary, subject.history, style, { ...terminal, ...subject })
        : renderRepeat(subject, style, terminal)
    case 'file':
      return filePage(subject, { style, terminal })
    case 'trouble':
      return subject.alone && subject.why === 'stopped' ? `${subject.message}\n` : ''
    case 'search':
      return renderSearch(subject.summary, style, terminal)
    case 'comparison':
      return renderComparison(subject.comparison, style, terminal)
    case 'story':
      return renderStory(subject.story, style, terminal)
    default:
      return subject satisfies never
  }
}

function filePage(subject: FileSubject, { style, terminal }: Pick<Place, 'style' | 'terminal'>): string {
  const { report, history, alone, explain, file, title } = subject
  const explanation = explain ? renderExplanations(report, history, style, terminal) : ''
  if (alone) return renderCheck(report, history, style, { ...terminal, ...subject, file: title }) + explanation
  return explanation === '' ? '' : `\n${style.bold(file)}\n${explanation}`
}
