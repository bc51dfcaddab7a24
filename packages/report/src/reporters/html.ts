import { renderComparisonHtml } from '../html/comparison-page.ts'
import { renderHtml } from '../html/page.ts'
import { renderStoryHtml } from '../html/story-page.ts'
import { findingsOf } from './finding.ts'
import { markdownOf } from './markdown.ts'
import type { Place, Reporter } from './reporter.ts'
import type { Subject } from './subject.ts'

/** The beginning of every page, whatever its title. */
const PAGE = /^<!doctype html>\s*<html[^>]*><head><meta charset="utf-8"><meta name="generator" content="chaos">/

export const htmlReporter: Reporter = {
  name: 'html',
  summary: 'a self-contained page with drawings',
  ofOne: true,
  not: { search: 'chaos fuzz writes the history of what it finds: chaos check FILE --reporter html=report.html' },
  recognises: (start) => PAGE.test(start),
  each: htmlOf,
}

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
