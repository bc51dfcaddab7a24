import { findingsOf } from '../reporters/finding.ts'
import { markdownOf } from '../reporters/markdown.ts'
import type { Place } from '../reporters/reporter.ts'
import type { Subject } from '../reporters/subject.ts'
import { renderComparisonHtml } from './comparison-page.ts'
import { renderHtml } from './page.ts'
import { renderStoryHtml } from './story-page.ts'

/** The page of a subject; empty if it has no history. */
export function htmlOf(
  subject: Subject,
  { version, pathTo, picture }: Pick<Place, 'version' | 'pathTo' | 'picture'>,
): string {
  switch (subject.kind) {
    case 'run':
      return renderHtml({
        ...subject,
        version,
        historyFile: pathTo(subject.historyFile),
        report: subject.summary.report,
        run: subject.summary,
        markdown: markdownOf(findingsOf(subject), picture),
      })
    case 'file':
      return renderHtml({
        ...subject,
        version,
        historyFile: pathTo(subject.file),
        markdown: markdownOf(findingsOf(subject), picture),
      })
    case 'comparison':
      return renderComparisonHtml(subject.comparison, version)
    case 'story':
      return renderStoryHtml(subject.whole, version)
    case 'trouble':
    case 'search':
      return ''
    default:
      return subject satisfies never
  }
}
