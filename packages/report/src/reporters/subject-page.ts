import { renderComparisonHtml } from '../html/comparison-page.ts'
import { renderHtml } from '../html/page.ts'
import { renderStoryHtml } from '../html/story-page.ts'
import { findingsOf } from './finding.ts'
import { markdownOf } from './markdown.ts'
import type { Place } from './reporter.ts'
import type { Subject } from './subject.ts'

/** Renders the page of a subject; empty if it has no history. */
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
