import { capitalised } from '../words.ts'
import { exhibitOutcome, gallerySummary, saidOf, systemOf, type ToldExhibit, trialsText } from './told-exhibit.ts'

/** Returns the results of a gallery as Markdown: the deviating exhibits, and a table for each kind of system. */
export function galleryMarkdown(exhibits: readonly ToldExhibit[]): string {
  const kinds = [...new Set(exhibits.map(({ kind }) => kind))]
  return [
    `${exhibits.length} weaknesses: ${gallerySummary(exhibits)}.`,
    '',
    ...exhibits.flatMap(exceptionLine),
    ...kinds.flatMap((kind) => [
      `## ${capitalised(kind)}s`,
      '',
      '| exhibit | system | weakness | cure |',
      '| --- | --- | --- | --- |',
      ...exhibits.filter((exhibit) => exhibit.kind === kind).map(exhibitRow),
      '',
    ]),
  ].join('\n')
}

/** Describes an exhibit that is not `as described`, or was skipped. */
function exceptionLine(exhibit: ToldExhibit): readonly string[] {
  const outcome = exhibitOutcome(exhibit)
  if (outcome === 'as described') return []
  const said = outcome === 'skipped' ? '' : `. Not as described: ${saidOf(exhibit) || 'nothing'}`
  return [`- \`${exhibit.name}\`: ${trialsText(exhibit)}${said}`, '']
}

function exhibitRow(exhibit: ToldExhibit): string {
  const { name, source, weakness, cure } = exhibit
  const cells = [`[${name}](${source})`, systemOf(exhibit), weakness, cure]
  return `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
}
