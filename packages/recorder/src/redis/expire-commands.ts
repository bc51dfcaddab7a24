import type { Json } from '@chaosproxy/history'
import type { Names } from './command-reader.ts'
import { afterMs, type Lifetime } from './lifetime.ts'

/** Commands that only set a time to live, with their units in milliseconds. 0 for a time of the server's clock. */
const COMMANDS: { readonly [command: string]: number } = { EXPIRE: 1000, PEXPIRE: 1, EXPIREAT: 0, PEXPIREAT: 0 }

/** Like `COMMANDS`, but for fields. */
const FIELD_COMMANDS: { readonly [command: string]: number } = {
  HEXPIRE: 1000,
  HPEXPIRE: 1,
  HEXPIREAT: 0,
  HPEXPIREAT: 0,
}

/** The times to live of `EXPIRE key 10` and similar commands. */
export function lifetimesOf(name: string, words: readonly Json[], names: Names): readonly Lifetime[] | undefined {
  if (Object.hasOwn(FIELD_COMMANDS, name)) return lifetimesOfFields(FIELD_COMMANDS[name], words, names)
  const after = Object.hasOwn(COMMANDS, name) ? afterMs(COMMANDS[name], words[2]) : undefined
  if (after === undefined || words.length > 4) return undefined
  return lifetimesWith(words[1] ?? null, names, { afterMs: after, isSet: (answer) => answer === 1 })
}

/** Returns the time to live for a key and each of its fields. */
export const lifetimesWith = (key: Json, names: Names, lasting: Omit<Lifetime, 'key'>): readonly Lifetime[] => [
  { ...lasting, key: names.key(key) },
  ...names.fieldsOf(key).map((name) => ({ ...lasting, key: name, isInHash: true as const })),
]

/** The times to live of `HEXPIRE key 10 FIELDS 2 f g`, if the fields can be tracked. */
function lifetimesOfFields(
  unit: number | undefined,
  words: readonly Json[],
  names: Names,
): readonly Lifetime[] | undefined {
  const after = afterMs(unit, words[2])
  const at = words.findIndex((word, i) => i > 2 && typeof word === 'string' && word.toUpperCase() === 'FIELDS')
  if (after === undefined || at < 0) return undefined
  const fields = words.slice(at + 2)
  const lifetimes = fields.flatMap((field, i) => {
    const name = names.field(words[1] ?? null, field)
    const isSet = (answer: Json) => Array.isArray(answer) && answer[i] === 1
    return name === undefined
      ? []
      : [{ key: name, afterMs: after, isSet, isOfField: true as const, isInHash: true as const }]
  })
  return fields.length > 0 && lifetimes.length === fields.length ? lifetimes : undefined
}
