import { ok } from '../record/call.ts'
import { type Interpret, interpretText } from './answers.ts'
import { amountOf, type CommandReader, type CommandReaders, change, ofKey, one, read, word } from './command-reader.ts'
import type { CommandTable } from './command-table.ts'

const adding =
  (f: 'add' | 'subtract'): CommandReader =>
  (words, names) => {
    const amount = words.length === 2 ? 1 : words.length === 3 ? amountOf(words[2]) : undefined
    return amount === undefined ? undefined : one(change(f, names.key(word(words, 1)), amount))
  }

const interpretNumber: Interpret = (answer, call, index) => {
  if (answer === null) return interpretText(answer, call, index)
  const number = typeof answer === 'string' && answer !== '' ? Number(answer) : Number.NaN
  return Number.isFinite(number) ? ok(number) : undefined
}

/** Strings as counters. The sums in replies are ignored. */
export const counterCommands: CommandReaders = {
  GET: ofKey(2, (key) => read(key, interpretNumber)),
  INCR: adding('add'),
  INCRBY: adding('add'),
  DECR: adding('subtract'),
  DECRBY: adding('subtract'),
}

export const counterTable: CommandTable = {
  read: [{ send: ['GET', '{key}'], result: 'number' }],
  add: [{ send: ['INCRBY', '{key}', '{value}'] }],
}
