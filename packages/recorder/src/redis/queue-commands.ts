import { type Interpret, interpretList, interpretText } from './answers.ts'
import {
  type CommandReader,
  type CommandReaders,
  change,
  type End,
  keeping,
  ofEach,
  one,
  operation,
  word,
} from './command-reader.ts'
import type { CommandTable } from './command-table.ts'
import { DRAIN, type KnownScript, oneOperation } from './scripts.ts'

const pushing =
  (end: End): CommandReader =>
  (words, names) =>
    words.length > 2 && names.isFilledAt(word(words, 1), end) ? enqueuing(words, names) : undefined

const enqueuing = ofEach((key, value) => change('enqueue', key, value))

/** @param end the end at which elements are added; they are taken from the opposite end. */
const popping =
  (end: End, length: number, interpret: Interpret): CommandReader =>
  (words, names) =>
    words.length === length && names.isFilledAt(word(words, 1), end)
      ? one(keeping(operation('dequeue', names.key(word(words, 1)), null, interpret)))
      : undefined

/** Interprets the reply to a blocking pop: key and value, or null after a timeout. */
const interpretPopped: Interpret = (answer, call, index) =>
  Array.isArray(answer) && answer.length === 2
    ? interpretText(answer[1], call, index)
    : interpretText(answer, call, index)

/**
 * The commands on lists that serve as queues. The first command on a list determines at which end elements are added.
 * Later commands that add elements at the other end, or take elements from the same end, are not recognised.
 */
export const queueCommands: CommandReaders = {
  LPUSH: pushing('left'),
  RPUSH: pushing('right'),
  RPOP: popping('left', 2, interpretText),
  LPOP: popping('right', 2, interpretText),
  BRPOP: popping('left', 3, interpretPopped),
  BLPOP: popping('right', 3, interpretPopped),
}

export const queueScripts: readonly KnownScript[] = [
  oneOperation(DRAIN, 0, (key, _, names) =>
    names.isFilledAt(key, 'left') ? operation('drain', names.key(key), null, interpretList) : undefined,
  ),
]

export const queueTable: CommandTable = {
  enqueue: [{ send: ['LPUSH', '{key}', '{value}'] }],
  dequeue: [{ send: ['RPOP', '{key}'], result: 'text' }],
  drain: [{ send: ['EVAL', DRAIN, '1', '{key}'], result: 'list' }],
}
