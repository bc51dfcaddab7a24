import type { Call } from './command.ts'
import { syntaxError, UnknownCommand } from './failures.ts'

export interface KnownOptions {
  readonly flags?: readonly string[]
  readonly valued?: readonly string[]
}

/** Returns the options at the end of a command with their values. */
export function optionsOf(
  { name }: Pick<Call, 'name'>,
  words: readonly string[],
  { flags = [], valued = [] }: KnownOptions,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (let i = 0; i < words.length; i++) {
    const word = (words[i] ?? '').toUpperCase()
    if (flags.includes(word)) found.set(word, '')
    else if (valued.includes(word)) {
      i++
      const value = words[i]
      if (value === undefined || found.has(word)) throw syntaxError()
      found.set(word, value)
    } else throw new UnknownCommand(`${name.toUpperCase()} with the option ${words[i]}`)
  }
  return found
}
