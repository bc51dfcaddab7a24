import { inputError } from '@chaosproxy/history'
import * as v from 'valibot'
import type { ProgramCommand } from '../processes/command.ts'

/** A command line, split at spaces outside quotes, or the list of its words. No shell is involved. */
export type CommandText = string | readonly string[]

export const commandSchema: v.GenericSchema<unknown, CommandText> = v.union(
  [
    v.pipe(v.string('must be a command'), v.nonEmpty('must be a command')),
    v.pipe(v.array(v.string()), v.nonEmpty('must not be empty')),
  ],
  'must be a command line, or the list of its words',
)

/** Matches a separator, a quoted or unquoted part of a word, or a stray quote. */
const PART = /\s+|"([^"]*)"|'([^']*)'|[^\s"']+|["']/g

/**
 * Splits a command line at spaces outside quotes. No shell is involved, so `$`, `|` and `*` are literal.
 *
 * @throws UserError (input) for an empty command line or an unterminated quote.
 */
export function wordsOf(text: CommandText, where: string): ProgramCommand['words'] {
  const words = typeof text === 'string' ? split(text, where) : text
  const [program, ...rest] = words
  if (program === undefined || program === '') throw inputError(`${where} names no program.`)
  return [program, ...rest]
}

function split(text: string, where: string): string[] {
  const words: string[] = []
  let open: string | undefined
  for (const [part, double, single] of text.matchAll(PART)) {
    if (part === '"' || part === "'") throw inputError(`${where}: a quote (${part}) in "${text}" does not end.`)
    if (/^\s/.test(part)) {
      if (open !== undefined) words.push(open)
      open = undefined
    } else open = (open ?? '') + (double ?? single ?? part)
  }
  return open === undefined ? words : [...words, open]
}

/** Quotes a word for a command line. */
export const quotedWord = (word: string): string =>
  /^[^\s"']+$/.test(word)
    ? word
    : (word.match(/[^"]+|"+/g) ?? ['']).map((part) => (part.startsWith('"') ? `'${part}'` : `"${part}"`)).join('')
