import { createHash } from 'node:crypto'
import { CommandError } from '../failures.ts'
import type { Store } from '../store.ts'

export const sha1 = (text: string): string => createHash('sha1').update(text, 'latin1').digest('hex')

/** @throws CommandError for a script that was never loaded, or was dropped. */
export function loadedScript(store: Store, hash: string): string {
  const source = store.scripts.get(hash.toLowerCase())
  if (source === undefined) throw new CommandError('NOSCRIPT No matching script. Please use EVAL.')
  return source
}

/** Returns a command for the journal, with the source of its script, because no script is loaded in a replay. */
export function journaled(store: Store, words: readonly string[]): readonly string[] {
  const [name = '', hash = '', ...rest] = words
  if (name.toUpperCase() !== 'EVALSHA') return words
  const source = store.scripts.get(hash.toLowerCase())
  return source === undefined ? words : ['EVAL', source, ...rest]
}
