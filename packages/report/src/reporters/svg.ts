import type { Reporter } from './reporter.ts'

/** Matches the beginning of every picture. */
const PICTURE = /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]* data-generator="chaos">/

const asPage = (command: string): string => `a picture is of one history: ${command} --html FILE draws a page`

/** Prints a picture for places that show no pages: pull requests, wikis, chats. */
export const svgReporter: Reporter = {
  name: 'svg',
  summary: 'the verdict and the contradiction as one picture',
  ofOne: true,
  not: {
    search: 'chaos fuzz writes the history of what it finds: chaos check FILE --reporter svg=why.svg',
    comparison: asPage('chaos compare'),
    story: asPage('chaos scenario'),
  },
  recognises: (start) => PICTURE.test(start),
  async each(subject, { version, pathTo }) {
    const { renderPicture } = await import('../html/picture.ts')
    switch (subject.kind) {
      case 'run':
        return renderPicture({
          ...subject,
          version,
          historyFile: pathTo(subject.historyFile),
          report: subject.summary.report,
          run: subject.summary,
        })
      case 'file':
        return renderPicture({ ...subject, version, historyFile: pathTo(subject.file) })
      case 'trouble':
      case 'search':
      case 'comparison':
      case 'story':
        return ''
      default:
        return subject satisfies never
    }
  },
}
