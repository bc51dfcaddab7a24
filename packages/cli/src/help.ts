import { wrap } from '@chaos/report'
import type { Command, Operand, OptionSpec } from './command.ts'

/** All commands, each in a line. */
export function renderOverview(commands: readonly Command[], width: number): string {
  return page([
    ['chaos: hurt a replicated system on purpose, and learn what it really promises.'],
    ['Usage: chaos <command> [options]'],
    [
      'Commands:',
      ...table(
        commands.map((command) => [nameOf(command), command.summary]),
        width,
      ),
    ],
    ['Options:', ...table([['--version', 'print the version'], HELP_ROW], width)],
    wrap(
      'Exit codes: 0 as expected · 1 expectation violated · 2 unknown, or nothing was proved · 3 usage or input error · 4 target or environment failed · 130 interrupted',
      width,
    ),
  ])
}

/** One command, its options and how it is used. */
export function renderCommandHelp(command: Command, width: number): string {
  const options = Object.entries(command.options).map(([name, spec]) => [optionOf(name, spec), textOf(spec)] as const)
  return page([
    [`${nameOf(command)} [options]${command.passesOn === true ? ' [-- command]' : ''}`],
    wrap(command.summary, width),
    ['Options:', ...table([...options, HELP_ROW], width)],
    ['Examples:', ...table(command.examples, width)],
  ])
}

type Row = readonly [left: string, right: string]

const HELP_ROW: Row = ['-h, --help', 'print this']

const nameOf = ({ name, operand }: Command): string =>
  operand === undefined ? `chaos ${name}` : `chaos ${name} ${placeOf(operand)}`

const placeOf = ({ name, many, required }: Operand): string => {
  const text = many ? `${name}..` : name
  return required === undefined ? `[${text}]` : `<${text}>`
}

const optionOf = (name: string, { type, default: usual }: OptionSpec): string =>
  type === 'string' ? `--${name} <text>` : usual === true ? `--[no-]${name}` : `--${name}`

const textOf = ({ describe, default: usual }: OptionSpec): string =>
  typeof usual === 'string' ? `${describe} [default: ${usual}]` : describe

const page = (sections: readonly (readonly string[])[]): string =>
  `${sections.map((section) => section.join('\n')).join('\n\n')}\n`

const MARGIN = '  '
/** What is longer on the left has a line of its own. */
const WIDEST_LEFT = 48

/** Two columns, the right one wrapped. */
function table(rows: readonly Row[], width: number): string[] {
  const widths = rows.map(([left]) => left.length).filter((length) => length <= WIDEST_LEFT)
  const leftWidth = Math.max(0, ...widths)
  const indent = ' '.repeat(MARGIN.length + leftWidth + MARGIN.length)
  return rows.flatMap(([left, right]) => {
    const [first = '', ...rest] = wrap(right, Math.max(1, width - indent.length))
    const below = rest.map((line) => indent + line)
    return left.length > leftWidth
      ? [MARGIN + left, indent + first, ...below]
      : [MARGIN + left.padEnd(leftWidth) + MARGIN + first, ...below]
  })
}
