import type { Json } from '@chaosproxy/history'
import { type CommandOperation, interpretOk, interpretOkOr, interpretOld } from './answers.ts'
import { type CommandReader, cas, keeping, one, word, write } from './command-reader.ts'
import { lifetimeMs } from './lifetime.ts'

interface SetOptions {
  readonly condition: Condition
  readonly get: boolean
  readonly afterMs: number | undefined
  readonly keepsTimeToLive: boolean
}

type Condition =
  | { readonly kind: 'none' | 'absent' | 'present' }
  | { readonly kind: 'equal' | 'different'; readonly value: Json }

/** Reads SET, with every option of Redis 8 and Valkey 9, except conditions on a digest. */
export const readSetCommand: CommandReader = (words, names) => {
  if (words.length < 3) return undefined
  const key = names.key(word(words, 1))
  const value = word(words, 2)
  if (words.length === 3) return one(write(key, value, interpretOk))
  const options = optionsOf(words)
  if (options === undefined) return undefined
  const made = options.get ? replacing(key, value, options.condition) : setting(key, value, options.condition)
  const part = options.keepsTimeToLive ? keeping(made) : made
  const { afterMs, get } = options
  if (afterMs === undefined) return one(part)
  // With GET, the reply does not show whether the condition held.
  const isSet = (answer: Json) => (get ? options.condition.kind === 'none' || undefined : answer === 'OK')
  return { ...one(part), lifetimes: [{ key, afterMs, isSet }] }
}

/** The options of SET, unless one is unknown or Redis refuses them. */
function optionsOf(words: readonly Json[]): SetOptions | undefined {
  let condition: Condition = { kind: 'none' }
  let get = false
  let afterMs: number | undefined
  let keepsTimeToLive = false
  for (let at = 3; at < words.length; at++) {
    const option = words[at]
    if (typeof option !== 'string') return undefined
    const before: Condition = condition
    switch (option.toUpperCase()) {
      case 'NX':
        condition = { kind: 'absent' }
        break
      case 'XX':
        condition = { kind: 'present' }
        break
      case 'IFEQ':
        condition = { kind: 'equal', value: word(words, ++at) }
        break
      case 'IFNE':
        condition = { kind: 'different', value: word(words, ++at) }
        break
      case 'GET':
        get = true
        break
      case 'KEEPTTL':
        keepsTimeToLive = true
        break
      case 'EX':
      case 'PX':
      case 'EXAT':
      case 'PXAT':
        afterMs = lifetimeMs(option, words[++at])
        if (afterMs === undefined) return undefined
        break
      default:
        return undefined
    }
    if (at >= words.length || (before !== condition && before.kind !== 'none')) return undefined
  }
  return { condition, get, afterMs, keepsTimeToLive }
}

/** A SET that returns OK, or null if the condition fails. */
function setting(key: string, value: Json, condition: Condition): CommandOperation {
  switch (condition.kind) {
    case 'none':
      return write(key, value, interpretOk)
    case 'absent':
      return cas(key, [null, value], interpretOkOr('the key exists'))
    case 'present':
      return write(key, value, interpretOkOr('the key does not exist'))
    case 'equal':
      return cas(key, [condition.value, value], interpretOkOr('another value was there'))
    case 'different':
      return write(key, value, interpretOkOr('this value was there'))
  }
}

/** A SET that returns the previous value, whether or not it sets the new value. */
function replacing(key: string, value: Json, condition: Condition): CommandOperation {
  const interpret = interpretOld(value, (old) => holds(condition, old))
  return cas(key, [value], interpret)
}

function holds(condition: Condition, old: Json): boolean {
  switch (condition.kind) {
    case 'none':
      return true
    case 'absent':
      return old === null
    case 'present':
      return old !== null
    case 'equal':
      return isSame(old, condition.value)
    case 'different':
      return !isSame(old, condition.value)
  }
}

const isSame = (a: Json, b: Json): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)
