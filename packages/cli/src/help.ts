import type { Argv, Options } from 'yargs'
import type { Command } from './command.ts'
import { describedBy } from './option.ts'

/** With `--help`: lists every option of a command, not only the common ones. */
export const ALL = '--all'

const FIRST_EXAMPLES = 4

interface HelpStyle {
  readonly all: boolean
  readonly encode: (text: string) => string
}

export function declareHelp(builder: Argv, command: Command, { all, encode }: HelpStyle): void {
  const entries = Object.entries(command.options)
  const hasCommon = entries.some(([, option]) => option.common)
  const isShort = hasCommon && !all
  const shown = entries.map(([name, { valueIn: _, group, common, ...option }]): [string, Options] => [
    name,
    {
      ...option,
      describe: encode(describedBy(option.describe)),
      hidden: isShort && common !== true,
      group: group && `${group}:`,
    },
  ])
  builder.options(Object.fromEntries(shown))
  for (const [name, meaning] of Object.entries(command.positionals ?? {}))
    builder.positional(name, { describe: encode(meaning), type: 'string' })
  for (const { names, usage, summary } of command.actions ?? [])
    builder.command(`${names[0]} ${usage}`, encode(summary))
  for (const [example, explanation] of isShort ? command.examples.slice(0, FIRST_EXAMPLES) : command.examples)
    builder.example(example, encode(explanation))
  if (hasCommon) builder.option('all', { type: 'boolean', describe: `(with --help) list all ${shown.length} options` })
}

/**
 * Returns the options without texts. yargs would format the texts for every command, and that takes longer than all of
 * its other work.
 */
export function withoutTexts(options: Command['options']): { [name: string]: Options } {
  return Object.fromEntries(
    Object.entries(options).map(([name, { describe: _, group: __, ...option }]) => [name, { ...option, hidden: true }]),
  )
}
