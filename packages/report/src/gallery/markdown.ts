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
  `${systemOf(exhibit)}: ${exhibit.weakness} ([source](${exhibit.source})). Breaks: ${exhibit.breaks}.`,
  '',
  ...fenced(exhibit.commands.weakness),
  '',
  `${exhibitOutcome(exhibit) === 'not as documented' ? 'Not as documented: ' : 'It said: '}${saidOf(exhibit) || 'nothing'}`,
  '',
  `The cure: ${exhibit.cure}.`,
  '',
  ...fenced(exhibit.commands.cure),
]

const fenced = (command: string): readonly string[] => ['```text', command, '```']

const cell = (text: string): string => text.replaceAll('|', '\\|')
