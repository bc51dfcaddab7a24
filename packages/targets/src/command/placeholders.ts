import { nearest, UserError } from '@chaosproxy/history'
import type { Command } from './command.ts'

/** What stands in a command for what is known only once it starts: `{port}`, `{data}`, `{node}`, … */
export type Placeholders = { readonly [name: string]: string | number }

/** `{{name}}` is `{name}` as it stands. Braces around anything that could not be a name, as JSON has them, stay. */
const PLACEHOLDER = /\{\{([\w.:-]+)\}\}|\{([a-z][\w.:-]*)\}/g

/**
 * @throws UserError (input) for a placeholder that there is not.
 */
export function fillPlaceholders(text: string, values: Placeholders): string {
  return text.replaceAll(PLACEHOLDER, (whole, literal: string | undefined, name: string) => {
    if (literal !== undefined) return `{${literal}}`
    if (Object.hasOwn(values, name)) return String(values[name])
    const known = Object.keys(values)
    const meant = nearest(name, known)
    throw new UserError(
      'input',
      `${text}: nothing is known to put in place of ${whole}.${meant === undefined ? '' : ` Did you mean {${meant}}?`} There are ${shortList(known)}; for the text itself write {${whole}}.`,
    )
  })
}

const MOST_SHOWN = 16

/** Names that say a part of another, `{listen-host}`, come last, and so are what a long list leaves out. */
function shortList(names: readonly string[]): string {
  const parts = (name: string) => name.split(/[.-]/).length
  const shown = [...names].sort((a, b) => parts(a) - parts(b)).slice(0, MOST_SHOWN)
  const rest = names.length - shown.length
  const braced = shown.map((each) => `{${each}}`).join(', ')
  return rest === 0 ? braced : `${braced} and ${rest} more`
}

/** The same command with every word, variable and directory filled in. */
export function fillCommand(command: Command, values: Placeholders): Command {
  const fill = (text: string) => fillPlaceholders(text, values)
  const [program, ...rest] = command.words
  return {
    ...command,
    words: [fill(program), ...rest.map(fill)],
    environment: Object.fromEntries(
      Object.entries(command.environment ?? {}).map(([name, value]) => [name, value && fill(value)]),
    ),
    directory: command.directory && fill(command.directory),
  }
}
