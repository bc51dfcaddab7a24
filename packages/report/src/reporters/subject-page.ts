import { renderComparisonHtml } from '../html/comparison-page.ts'
import { renderHtml } from '../html/page.ts'
import { renderStoryHtml } from '../html/story-page.ts'
import { findingsOf } from './finding.ts'
import { markdownOf } from './markdown.ts'
import type { Place } from './reporter.ts'
import type { Subject } from './subject.ts'
import { pageOf } from './svg.ts'

/** Renders the page of a subject; empty if it has no history. */
export function htmlOf(subject: Subject, place: Pick<Place, 'version' | 'pathTo' | 'picture'>): string {
  const { version } = place
  switch (subject.kind) {
    case 'run':
    case 'file':
      return renderHtml({ ...pageOf(subject, place), markdown: markdownOf(findingsOf(subject), place.picture) })
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
