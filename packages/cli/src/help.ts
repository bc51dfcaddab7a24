import type { Argv, Options } from 'yargs'
import type { Command } from './command.ts'

/** With `--help`: every option of a command, not only the common ones. */
export const ALL = '--all'

/** How many examples the short help has. */
const FIRST_EXAMPLES = 4

interface HelpStyle {
  /** Whether rare options are listed, too. */
  readonly all: boolean
  /** Makes a text printable. */
  readonly says: (text: string) => string
}

/** Declares what the help of a command shows. */
export function declareHelp(builder: Argv, command: Command, { all, says }: HelpStyle): void {
  const { common, examples } = command
  const isShort = common !== undefined && !all
  const shown = Object.entries(command.options).map(([name, option]): [string, Options] => [
    name,
    { ...option, describe: says(option.describe), hidden: isShort && !common.includes(name) },
  ])
  builder.options(Object.fromEntries(shown))
  for (const [title, options] of groupsOf(command)) builder.group([...options], `${title}:`)
  for (const [name, meaning] of Object.entries(command.positionals ?? {}))
    builder.positional(name, { describe: says(meaning), type: 'string' })
  for (const [example, explanation] of isShort ? examples.slice(0, FIRST_EXAMPLES) : examples)
    builder.example(example, says(explanation))
  if (common !== undefined)
    builder.option('all', { type: 'boolean', describe: `with --help: list all ${shown.length} options` })
}

/** The groups for help. An option that is in none of them joins the last. */
function groupsOf({
  options,
  groups = {},
}: Command): readonly (readonly [title: string, options: readonly string[]])[] {
  const entries = Object.entries(groups)
  const grouped = new Set(entries.flatMap(([, named]) => named))
  const others = Object.keys(options).filter((name) => !grouped.has(name))
  return entries.map(([title, named], i) => [title, i === entries.length - 1 ? [...named, ...others] : named])
}

/**
 * yargs formats the help of every command it runs, asked for or not, which takes longer than everything else it does.
 * Without texts there is little to format.
 */
export function withoutTexts(options: Command['options']): { [name: string]: Options } {
  return Object.fromEntries(
    Object.entries(options).map(([name, { describe: _, ...option }]) => [name, { ...option, hidden: true }]),
  )
}
