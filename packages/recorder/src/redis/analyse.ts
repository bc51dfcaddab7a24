import type { Json } from '@chaosproxy/history'
import type { Touches } from '../record/call.ts'
import { effectOf } from './command-effects.ts'
import type { Recognised } from './command-reader.ts'
import type { CommandSet } from './command-set.ts'
import { lifetimesOf } from './expire-commands.ts'
import type { KeySpace } from './key-space.ts'
import type { Lifetime } from './lifetime.ts'

/** The meaning of a command: its operations, or the keys that it may change. */
export interface Analysed {
  readonly what: string
  /** The operations of the command; undefined if it is not recorded as operations. */
  readonly recognised?: Recognised | undefined
  /** The keys that the command may change, apart from those of its operations. */
  readonly touches: Touches
  /** The times to live that the command sets. */
  readonly lifetimes?: readonly Lifetime[] | undefined
  /** Whether the command deletes every key. */
  readonly flushes?: true | undefined
}

/** Maximum length of the name of an unknown command. A client may send any text as a command. */
const LONGEST_NAME = 40

/** The displayed name of a command. For EVALSHA it includes the SHA-1 by which the script can be declared. */
function displayedName(name: string, words: readonly Json[]): string {
  const [, sha] = words
  return name === 'EVALSHA' && typeof sha === 'string' && SHA.test(sha) ? `${name} ${sha}` : nameOfCommand(name)
}

const SHA = /^[\da-f]{40}$/i

export const nameOfCommand = (name: string): string => name.slice(0, LONGEST_NAME)

/** Where a command takes effect, and which commands are recorded. */
export interface Place {
  readonly commands: CommandSet
  readonly keySpace: KeySpace
  readonly database: string
}

/** @param name the first word, in upper case */
export function analyse(name: string, words: readonly Json[], place: Place): Analysed {
  const { commands, keySpace, database } = place
  const reading = commands.readers.get(name)?.(words, keySpace.names(database))
  if (reading === 'no effect') return { what: name, touches: 'nothing' }
  if (reading !== undefined) {
    const recognised = withFields(reading, keySpace)
    const { touches = 'nothing', lifetimes, flushes } = recognised
    return { what: name, recognised, touches, lifetimes, flushes }
  }
  const names = keySpace.names(database)
  const lifetimes = lifetimesOf(name, words, names)
  if (lifetimes !== undefined) return { what: name, touches: 'nothing', lifetimes }
  const isWhole = (name === 'FLUSHALL' || name === 'FLUSHDB') && commands.readers.has(name)
  if (isWhole && names.known(name === 'FLUSHALL')?.length === 0)
    return { what: name, touches: 'nothing', flushes: true }
  const effect = effectOf(name, words, commands)
  const touches = typeof effect === 'string' ? effect : { keys: keySpace.touch(names, effect) }
  return { what: displayedName(name, words), touches }
}

/** Adds the fields of each hash that the command replaces. */
function withFields(recognised: Recognised, keySpace: KeySpace): Recognised {
  if (!keySpace.hasFields || recognised.deletes !== undefined || recognised.flushes === true) return recognised
  const fields = writtenBy(recognised).flatMap((key) => keySpace.fieldsOf(key))
  if (fields.length === 0) return recognised
  const { touches } = recognised
  const why = touches?.why ?? 'another value may have replaced the Redis hash that contains this field'
  return { ...recognised, touches: { keys: [...(touches?.keys ?? []), ...fields], why } }
}

const writtenBy = ({ parts }: Recognised): readonly string[] =>
  parts.flatMap(({ call }) => (call.harmless === true || typeof call.key !== 'string' ? [] : [call.key]))

/** Returns all keys that a command may change. Used if the command cannot be recorded. */
export function touchesOf({ recognised, touches, lifetimes = [], flushes }: Analysed): Touches {
  if (flushes === true || touches === 'everything') return 'everything'
  const written = recognised === undefined ? [] : writtenBy(recognised)
  const keys = [...written, ...(touches === 'nothing' ? [] : touches.keys), ...lifetimes.map(({ key }) => key)]
  return keys.length === 0 ? 'nothing' : { keys }
}
