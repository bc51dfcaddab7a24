import { adjective } from '../level-words.ts'
import { printable } from '../operation-words.ts'
import type { Sign, Telling, ToldStory, ToldVerdict } from '../told-story.ts'
import { listed } from '../words.ts'
import type { PageStyle } from './evidence.ts'
import { finish, pageStyle, warnings } from './run-page.ts'
import { drawSequence, type SequenceStep } from './sequence-diagram.ts'
import type { Style, TerminalOptions } from './style.ts'
import { spread, wrap } from './width.ts'

const NETWORK = 'network'
const INDENT = '      '

/** A story on a terminal: each step in words, and below it what was drawn of it. Ends in a newline. */
export function renderStory(story: ToldStory, style: Style, options: TerminalOptions): string {
  const page = pageStyle(style, options)
  const { name, summary, lesson, source, prevention } = story
  return finish(
    [
      [style.bold(name.replaceAll('-', ' ').toUpperCase()), ...wrap(summary, page.width)],
      ...story.tellings.flatMap((telling) => tellingSections(telling, page)),
      [
        ...labelled('lesson', lesson, page),
        ...labelled('source', source, page),
        ...(prevention === undefined ? [] : labelled('instead', `${prevention.title}: ${prevention.command}`, page)),
      ],
    ],
    options,
  )
}

function tellingSections(telling: Telling, page: PageStyle): string[][] {
  const { style, symbols, width } = page
  const { differences } = telling
  const end =
    differences.length === 0
      ? [style.green(`${symbols.met} ended as told`)]
      : [style.bold(style.accent(`${symbols.violated} did not end as told`)), ...warnings(differences, page)]
  return [
    spread(style.bold(telling.title), style.dim(telling.setting), width),
    ...stepSections(telling, page),
    [
      ...wrap(printable(telling.ending), width).map((line) => style.bold(line)),
      ...wrap(verdictsText(telling.verdicts), width),
      ...end,
    ],
  ]
}

/** Each step's words, and the rows of the one diagram that fall after it begins and before the next does. */
function stepSections(telling: Telling, page: PageStyle): string[][] {
  const drawn = telling.steps
    .flatMap(({ signs }, step) => signs.map((sign) => ({ step, row: rowOf(sign) })))
    .sort((one, other) => one.row.at - other.row.at)
  const [header = '', ...rows] = drawSequence(
    drawn.map(({ row }) => row),
    [NETWORK, ...telling.clients, ...telling.nodes],
    page,
  )
  const sections: string[][] = [[header]]
  let told = 0
  const tell = (until: number): void => {
    for (; told < until; told++) sections.push(stepLines(telling.steps[told]?.text ?? '', told + 1, page))
  }
  for (const [i, { step }] of drawn.entries()) {
    tell(step + 1)
    sections.at(-1)?.push(rows[i] ?? '')
  }
  tell(telling.steps.length)
  return sections
}

const stepLines = (text: string, number: number, { style, width }: PageStyle): string[] =>
  wrap(printable(text), width - INDENT.length).map((line, i) =>
    i === 0 ? `${style.bold(String(number).padStart(3))}   ${line}` : `${INDENT}${line}`,
  )

function rowOf(sign: Sign): SequenceStep {
  const { at, text } = sign
  switch (sign.type) {
    case 'call':
      return { at, where: sign.from, text: `${text} → ${sign.to}`, tone: 'call' }
    case 'answer':
      return { at, where: sign.to, text, tone: sign.outcome === 'ok' ? 'return' : 'note' }
    case 'cut':
    case 'restored':
      return { at, where: NETWORK, text, tone: sign.type === 'cut' ? 'fault' : 'heal' }
    case 'fault':
      return { at, where: sign.node, text, tone: 'fault' }
    case 'healed':
      return { at, where: sign.node, text, tone: 'heal' }
    case 'state':
      return { at, where: sign.node, text, tone: 'note' }
    default:
      return sign satisfies never
  }
}

/** `It is eventually consistent, and not linearizable.` */
function verdictsText(verdicts: readonly ToldVerdict[]): string {
  const named = (result: ToldVerdict['result']) =>
    verdicts.filter((verdict) => verdict.result === result).map(({ level }) => adjective(level))
  const [met, violated, unknown] = [named('met'), named('violated'), named('unknown')]
  const parts = [
    ...(met.length === 0 ? [] : [`the history is ${listed(met)}`]),
    ...(violated.length === 0
      ? []
      : [`${met.length === 0 ? 'the history is' : 'it is'} not ${violated.join(', nor ')}`]),
    ...(unknown.length === 0 ? [] : [`whether it is ${listed(unknown)} is not known`]),
  ]
  return `Verdict: ${parts.join('; ')}.`
}

const labelled = (label: string, text: string, { width, style }: PageStyle): string[] =>
  wrap(printable(text), width - 9).map((line, i) => `${style.dim((i === 0 ? label : '').padEnd(9))}${line}`)
