import type { Json } from '@chaosproxy/history'
import { notUnderstood, ok } from '../record/call.ts'
import {
  type Interpret,
  interpretCount,
  interpretOk,
  interpretOld,
  interpretOneOr,
  interpretString,
  interpretText,
  interpretTexts,
} from './answers.ts'
import { isWord } from './command-effects.ts'
import {
  amountOf,
  type CommandReader,
  type CommandReaders,
  cas,
  keeping,
  ofKey,
  one,
  pairsOf,
  read,
  several,
  unsaidSum,
  unsaidWrite,
  word,
  write,
} from './command-reader.ts'
import type { CommandTable } from './command-table.ts'
import { lifetimeMs } from './lifetime.ts'
import { COMPARE_AND_SET } from './scripts.ts'
import { readSetCommand } from './set-options.ts'

const KEY_EXISTS = 'the key exists'
const CHANGING = notUnderstood('the renamed key was being written at the same time, so its value is unknown')

type Sign = 1 | -1

/** Reads a command that adds `amount`. Only its reply contains the sum. */
const adding = (amount: Sign): CommandReader => ofKey(2, (key) => keeping(unsaidSum(key, amount)))

const addingBy =
  (sign: Sign): CommandReader =>
  (words, names) => {
    const amount = words.length === 3 ? amountOf(words[2]) : undefined
    return amount === undefined ? undefined : one(keeping(unsaidSum(names.key(word(words, 1)), sign * amount)))
  }

const expiring =
  (option: 'EX' | 'PX'): CommandReader =>
  (words, names) => {
    const afterMs = lifetimeMs(option, words[2])
    if (words.length !== 4 || afterMs === undefined) return undefined
    const key = names.key(word(words, 1))
    return {
      ...one(write(key, word(words, 3), interpretOk)),
      lifetimes: [{ key, afterMs, isSet: (answer) => answer === 'OK' }],
    }
  }

const deleting: CommandReader = (words, names) => {
  const keys = words.slice(1)
  const all = keys.flatMap((key) => [names.key(key), ...names.fieldsOf(key)])
  const recognised = several(all.map((name) => write(name, null, interpretCount)))
  return recognised === undefined ? undefined : { ...recognised, deletes: keys.map(names.key) }
}

/** Reads a command that deletes every key. Only known keys can be recorded as deleted. */
const flushing =
  (all: boolean): CommandReader =>
  (words, names) => {
    const [, how] = words
    if (words.length > 2 || (how !== undefined && !isHow(how))) return undefined
    const known = names.known(all)
    const recognised = several((known ?? []).map((name) => write(name, null, interpretOk)))
    return recognised === undefined ? undefined : { ...recognised, flushes: true }
  }

const isHow = (word: Json): boolean => typeof word === 'string' && /^(a?sync)$/i.test(word)

/**
 * Reads a command that renames a key. If the value of the old key is known, records a write of this value to the new
 * key. Otherwise marks the new key as touched.
 */
const renaming =
  (interpret: Interpret): CommandReader =>
  (words, names) => {
    const [, from = null, to = null] = words
    if (words.length !== 3 || names.key(from) === names.key(to)) return undefined
    const held = names.held(from)
    if (held !== undefined) {
      const interpretHeld: Interpret = (answer, call, index) => {
        const interpretation = interpret(answer, call, index)
        if (interpretation?.type !== 'ok') return interpretation
        const value = held(1)
        return value === undefined ? CHANGING : ok(value)
      }
      const [moved, ...others] = [names.key(from), ...names.fieldsOf(to)].map((name) => write(name, null, interpret))
      const recognised = several([
        ...(moved === undefined ? [] : [moved]),
        unsaidWrite(names.key(to), interpretHeld),
        ...others,
      ])
      return recognised && { ...recognised, deletes: [names.key(from), names.key(to)] }
    }
    const left = [names.key(from), ...names.fieldsOf(from)]
    const recognised = several(left.map((name) => write(name, null, interpret)))
    if (recognised === undefined) return undefined
    const why = 'the key was given the value of another key'
    return { ...recognised, deletes: [names.key(from)], touches: { keys: names.touch([to]), why } }
  }

const getEx: CommandReader = (words, names) => {
  const key = names.key(word(words, 1))
  const reading = one(read(key, interpretText))
  const option = words[2]
  if (words.length === 2 || (words.length === 3 && isWord(option, 'PERSIST'))) return reading
  const afterMs = words.length === 4 ? lifetimeMs(option, words[3]) : undefined
  return afterMs === undefined
    ? undefined
    : { ...reading, lifetimes: [{ key, afterMs, isSet: (answer) => answer !== null }] }
}

const SOME_KEY_EXISTS = 'one of the keys exists'

const setUnlessAnyExists: CommandReader = (words, names) => {
  const pairs = pairsOf(words, 1)
  const [pair] = pairs ?? []
  if (pairs === undefined || pair === undefined) return undefined
  if (pairs.length === 1) return one(cas(names.key(pair[0]), [null, pair[1]], interpretOneOr(KEY_EXISTS)))
  // If MSETNX fails, its reply does not show which of the keys existed.
  return several(pairs.map(([key, value]) => write(names.key(key), value, interpretOneOr(SOME_KEY_EXISTS))))
}

/** Reads APPEND. Bytes that are not text are not recorded, because a history cannot hold them. */
const appending: CommandReader = (words, names) => {
  const piece = words[2]
  // Appending nothing turns an absent key into an empty key. A history does not distinguish these two.
  if (words.length !== 3 || typeof piece !== 'string' || piece === '') return undefined
  const call = { f: 'append', key: names.key(word(words, 1)), value: piece }
  const sees = (length: Json) => (length === Buffer.byteLength(piece) ? 'nothing' : 'value')
  return one({ call, interpret: interpretCount, keepsTimeToLive: true, sees })
}

/** Strings as registers; null is an absent key. */
export const stringCommands: CommandReaders = {
  GET: ofKey(2, (key) => read(key, interpretText)),
  MGET: (words, names) => several(words.slice(1).map((key) => read(names.key(key), interpretTexts))),
  SET: readSetCommand,
  MSET: (words, names) =>
    several((pairsOf(words, 1) ?? []).map(([key, value]) => write(names.key(key), value, interpretOk))),
  MSETNX: setUnlessAnyExists,
  SETNX: ofKey(3, (key, words) => cas(key, [null, word(words, 2)], interpretOneOr(KEY_EXISTS))),
  SETEX: expiring('EX'),
  PSETEX: expiring('PX'),
  GETSET: ofKey(3, (key, words) => cas(key, [word(words, 2)], interpretOld(word(words, 2)))),
  GETDEL: ofKey(2, (key) => cas(key, [null], interpretOld(null))),
  GETEX: getEx,
  DEL: deleting,
  UNLINK: deleting,
  FLUSHALL: flushing(true),
  FLUSHDB: flushing(false),
  RENAME: renaming(interpretOk),
  RENAMENX: renaming(interpretOneOr(KEY_EXISTS)),
  DELIFEQ: ofKey(3, (key, words) => cas(key, [word(words, 2), null], interpretOneOr('another value was there'))),
  APPEND: appending,
  INCR: adding(1),
  DECR: adding(-1),
  INCRBY: addingBy(1),
  DECRBY: addingBy(-1),
  INCRBYFLOAT: ofKey(3, (key) => keeping(unsaidWrite(key, interpretString))),
}

export const registerTable: CommandTable = {
  read: [{ send: ['GET', '{key}'], result: 'text' }],
  write: [{ send: ['SET', '{key}', '{value}'] }, { send: ['DEL', '{key}'] }],
  cas: [
    { send: ['EVAL', COMPARE_AND_SET, '1', '{key}', '{old}', '{new}'], refused: [0] },
    // `{old}` cannot stand for null, so a cas from null is sent as SET with NX.
    { send: ['SET', '{key}', '{new}', 'NX'], refused: [null] },
  ],
  append: [{ send: ['APPEND', '{key}', '{value}'] }],
}
