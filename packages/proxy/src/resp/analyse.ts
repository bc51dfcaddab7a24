import type { Json } from '@chaosproxy/history'
import type { Touches } from '../recorder/call.ts'
import { effectOf } from './command-effects.ts'
import type { Recognised } from './command-reader.ts'
import type { CommandSet } from './command-set.ts'
import type { KeySpace } from './key-space.ts'
import { type Lifetime, lifetimeOf } from './lifetime.ts'

/** The meaning of a command, whatever its connection: its operations, or else the keys it may change. */
export type Analysed =
  | { readonly kind: 'recognised'; readonly what: string; readonly recognised: Recognised }
  | {
      readonly kind: 'passed-on'
      readonly what: string
      readonly touches: Touches
      /** The time to live that is all it changes. */
      readonly lifetime?: Lifetime | undefined
    }

/** Names of unknown commands are cut to this length, since they may be anything. */
const LONGEST_NAME = 40

export const nameOfCommand = (name: string): string => name.slice(0, LONGEST_NAME)

/** Where a command takes effect, and what is recorded there. */
export interface Place {
  readonly commands: CommandSet
  readonly keySpace: KeySpace
  readonly database: string
}

/** @param name the first word, in upper case */
export function analyse(name: string, words: readonly Json[], place: Place): Analysed {
  const recognised = recognise(name, words, place)
  if (recognised !== undefined) return { kind: 'recognised', what: name, recognised }
  const { commands, keySpace, database } = place
  const names = keySpace.names(database)
  const lifetime = lifetimeOf(name, words, names.key)
  if (lifetime !== undefined && keySpace.isAlone(lifetime.key))
    return { kind: 'passed-on', what: name, touches: 'nothing', lifetime }
  const effect = effectOf(name, words, commands)
  const touches = typeof effect === 'string' ? effect : { keys: keySpace.touch(names, effect) }
  return { kind: 'passed-on', what: nameOfCommand(name), touches }
}

/** The operations of a command; undefined if it is not recorded. */
export function recognise(name: string, words: readonly Json[], place: Place): Recognised | undefined {
  const { commands, keySpace, database } = place
  const reader = commands.readers.get(name)
  const recognised = reader?.(words, keySpace.names(database))
  return recognised === undefined ? undefined : withFields(name, recognised, keySpace)
}

/** A value that replaces a hash removes its fields. DEL lists them itself. */
function withFields(name: string, recognised: Recognised, keySpace: KeySpace): Recognised {
  if (!keySpace.hasFields || name === 'DEL' || name === 'UNLINK') return recognised
  const fields = recognised.parts.flatMap(({ call }) =>
    call.harmless === true || typeof call.key !== 'string' ? [] : keySpace.fieldsOf(call.key),
  )
  if (fields.length === 0) return recognised
  const { touches } = recognised
  const why = touches?.why ?? 'another value may have taken the place of its hash'
  return { ...recognised, touches: { keys: [...(touches?.keys ?? []), ...fields], why } }
}

/** Everything the command may change, for when its operations cannot be recorded. */
export function touchesOf(analysed: Analysed): Touches {
  if (analysed.kind === 'passed-on') {
    const { lifetime, touches } = analysed
    return lifetime === undefined ? touches : { keys: [lifetime.key] }
  }
  const { parts, touches, lifetime } = analysed.recognised
  const written = parts.flatMap(({ call }) =>
    call.harmless === true || typeof call.key !== 'string' ? [] : [call.key],
  )
  const keys = [...written, ...(touches?.keys ?? []), ...(lifetime === undefined ? [] : [lifetime.key])]
  return keys.length === 0 ? 'nothing' : { keys }
}

/** The time to live that a command sets. */
export const lifetimeIn = (analysed: Analysed): Lifetime | undefined =>
  analysed.kind === 'passed-on' ? analysed.lifetime : analysed.recognised.lifetime

export function joined(all: readonly Touches[]): Touches {
  const keys: string[] = []
  for (const touches of all) {
    if (touches === 'everything') return touches
    if (touches !== 'nothing') keys.push(...touches.keys)
  }
  return keys.length === 0 ? 'nothing' : { keys: [...new Set(keys)] }
}
