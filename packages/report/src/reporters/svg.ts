import type { Page } from '../html/page-input.ts'
import type { Place, Reporter } from './reporter.ts'
import type { FileSubject, RunSubject } from './subject.ts'

/** Matches the beginning of every picture. */
const PICTURE = /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]* data-generator="chaos">/

const asPage = (command: string): string => `a picture is of one history: ${command} --html FILE draws a page`

/** Prints a picture for places that show no pages: pull requests, wikis, chats. */
export const svgReporter: Reporter = {
  name: 'svg',
  summary: 'the verdict and the contradiction as one picture',
  ofOne: true,
  not: {
    search: 'a search writes a history of each failure. Draw one with chaos check FILE --reporter svg=why.svg',
    comparison: asPage('chaos compare'),
    story: asPage('chaos scenario'),
  },
  recognises: (start) => PICTURE.test(start),
  async each(subject, place) {
    if (!('history' in subject)) return ''
    const { renderPicture } = await import('../html/picture.ts')
    return renderPicture(pageOf(subject, place))
  },
}

/** Returns what a page or a picture shows of a run or a file. */
export const pageOf = (
  subject: RunSubject | FileSubject,
  { version, pathTo }: Pick<Place, 'version' | 'pathTo'>,
): Page =>
  subject.kind === 'file'
    ? { ...subject, version, historyFile: pathTo(subject.file) }
    : {
        ...subject,
        version,
        historyFile: pathTo(subject.historyFile),
        report: subject.summary.report,
        run: subject.summary,
      }
