import { capitalised } from '../words.ts'
import {
  type ExhibitResult,
  exhibitOutcome,
  gallerySummary,
  systemOf,
  trialOutputOf,
  trialsText,
} from './exhibit-result.ts'

/** Returns the results of a gallery as Markdown: the deviating exhibits, and a table for each kind of system. */
export function galleryMarkdown(exhibits: readonly ExhibitResult[]): string {
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
function exceptionLine(exhibit: ExhibitResult): readonly string[] {
  const outcome = exhibitOutcome(exhibit)
  if (outcome === 'as described') return []
  const deviation = outcome === 'skipped' ? '' : `. Not as described: ${trialOutputOf(exhibit) || 'nothing'}`
  return [`- \`${exhibit.name}\`: ${trialsText(exhibit)}${deviation}`, '']
}

function exhibitRow(exhibit: ExhibitResult): string {
  const { name, source, weakness, cure } = exhibit
  const cells = [`[${name}](${source})`, systemOf(exhibit), weakness, cure]
  return `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
}
