import type { Json } from '@chaosproxy/history'
import { allOf } from './all-of.ts'
import { isWord } from './command-effects.ts'
import type { Names } from './command-reader.ts'
import { afterMs, type Lifetime } from './lifetime.ts'

/**
 * Commands that only set a time to live, each with the milliseconds in its unit. 0 stands for a point in time on the
 * server's clock.
 */
const COMMANDS: { readonly [command: string]: number } = { EXPIRE: 1000, PEXPIRE: 1, EXPIREAT: 0, PEXPIREAT: 0 }

/** Returns the times to live that a command sets, such as `EXPIRE key 10` or `HEXPIRE key 10 FIELDS 1 f`. */
export function lifetimesOf(name: string, words: readonly Json[], names: Names): readonly Lifetime[] | undefined {
  const isOfFields = name.startsWith('H')
  const after = afterMs(COMMANDS[isOfFields ? name.slice(1) : name], words[2])
  if (after === undefined) return undefined
  if (isOfFields) return lifetimesOfFields(after, words, names)
  if (words.length > 4) return undefined
  return lifetimesWith(words[1] ?? null, names, { afterMs: after, isSet: (answer) => answer === 1 })
}

/** Returns a `Lifetime` for a key and for each of its fields, with equal times. */
export const lifetimesWith = (key: Json, names: Names, lasting: Omit<Lifetime, 'key'>): readonly Lifetime[] => [
  { ...lasting, key: names.key(key) },
  ...names.fieldsOf(key).map((name) => ({ ...lasting, key: name, isInHash: true as const })),
]

/** The times to live of `HEXPIRE key 10 FIELDS 2 f g`, if the fields can be tracked. */
function lifetimesOfFields(afterMs: number, words: readonly Json[], names: Names): readonly Lifetime[] | undefined {
  const at = words.findIndex((word, i) => i > 2 && isWord(word, 'FIELDS'))
  const fields = at === -1 ? [] : words.slice(at + 2)
  const lifetimes = fields.map((field, i): Lifetime | undefined => {
    const key = names.field(words[1] ?? null, field)
    const isSet = (answer: Json) => Array.isArray(answer) && answer[i] === 1
    return key === undefined ? undefined : { key, afterMs, isSet, isOfField: true, isInHash: true }
  })
  return fields.length > 0 ? allOf(lifetimes) : undefined
}
