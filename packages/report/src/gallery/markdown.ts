import { capitalised } from '../words.ts'
import { exhibitOutcome, gallerySummary, saidOf, systemOf, type ToldExhibit, trialsText } from './told-exhibit.ts'

/** The results of a gallery as Markdown: a table for each kind of system, with a row for each exhibit. */
export function galleryMarkdown(exhibits: readonly ToldExhibit[]): string {
  const kinds = [...new Set(exhibits.map(({ kind }) => kind))]
  return [
    `${exhibits.length} weaknesses: ${gallerySummary(exhibits)}.`,
    '',
    ...kinds.flatMap((kind) => [
      `## ${capitalised(kind)}s`,
      '',
      '| exhibit | system | weakness | breaks | cure | trials |',
      '| --- | --- | --- | --- | --- | --- |',
      ...exhibits.filter((exhibit) => exhibit.kind === kind).map(exhibitRow),
      '',
    ]),
  ].join('\n')
}

function exhibitRow(exhibit: ToldExhibit): string {
  const { name, source, weakness, breaks, cure } = exhibit
  const cells = [`[${name}](${source})`, systemOf(exhibit), weakness, breaks, cure, outcomeText(exhibit)]
  return `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
}

/** How often each was shown, and what was said where it is not as documented. */
const outcomeText = (exhibit: ToldExhibit): string =>
  exhibitOutcome(exhibit) === 'not as documented'
    ? `${trialsText(exhibit)}. Not as documented: ${saidOf(exhibit) || 'nothing'}`
    : trialsText(exhibit)
