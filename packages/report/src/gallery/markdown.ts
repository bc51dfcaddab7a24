import { capitalised } from '../words.ts'
import {
  exhibitOutcome,
  gallerySummary,
  longestSeconds,
  saidOf,
  systemOf,
  type ToldExhibit,
  trialsText,
} from './told-exhibit.ts'

/** The results of a gallery as Markdown: a table, then each exhibit with its two commands. */
export function galleryMarkdown(exhibits: readonly ToldExhibit[]): string {
  const rows = exhibits.map(
    (exhibit) =>
      `| [${exhibit.name}](#${exhibit.name}) | ${systemOf(exhibit)} | ${cell(exhibit.weakness)} | ${cell(trialsText(exhibit))} | ${longestSeconds(exhibit).toFixed(1)} |`,
  )
  return [
    `${exhibits.length} weaknesses: ${gallerySummary(exhibits)}.`,
    '',
    '| exhibit | system | weakness | trials | longest, s |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    ...exhibits.flatMap(exhibitSection),
    '',
  ].join('\n')
}

const exhibitSection = (exhibit: ToldExhibit): readonly string[] => [
  '',
  `## ${exhibit.name}`,
  '',
  `${capitalised(systemOf(exhibit))}: ${exhibit.weakness} ([source](${exhibit.source})). Breaks: ${exhibit.breaks}.`,
  '',
  triedText(exhibit),
  '',
  ...fenced(exhibit.commands.weakness),
  '',
  `${exhibitOutcome(exhibit) === 'not as documented' ? 'Not as documented: ' : 'It said: '}${saidOf(exhibit) || 'nothing'}`,
  '',
  `The cure: ${exhibit.cure}.`,
  '',
  ...fenced(exhibit.commands.cure),
]

/** How often it was shown and when, and how to repeat that. */
function triedText(exhibit: ToldExhibit): string {
  const when = exhibit.triedOn === undefined ? '' : `, on ${exhibit.triedOn}`
  const where = exhibit.folder === undefined ? '' : `, or what follows in \`${exhibit.folder}\``
  return `${capitalised(trialsText(exhibit))}${when}. To repeat it: \`npx chaos gallery run ${exhibit.name}\`${where}.`
}

const fenced = (command: string): readonly string[] => ['```text', command, '```']

const cell = (text: string): string => text.replaceAll('|', '\\|')
