import type { Json } from '@chaosproxy/history'
import { allOf } from './all-of.ts'
import {
  type CommandOperation,
  type Interpret,
  interpretCount,
  interpretOneOr,
  interpretString,
  interpretText,
  interpretTexts,
} from './answers.ts'
import {
  amountOf,
  type CommandReader,
  type CommandReaders,
  cas,
  one,
  pairsOf,
  read,
  several,
  unsaidSum,
  unsaidWrite,
  word,
  write,
} from './command-reader.ts'

/** A field shares the time to live of its hash. */
const inHash = (part: CommandOperation): CommandOperation => ({ ...part, keepsTimeToLive: true, isField: true })

type PartOf = (name: string, words: readonly Json[]) => CommandOperation | undefined

/** Reads a command of `length` words on one field. */
const ofField =
  (length: number, partOf: PartOf): CommandReader =>
  (words, names) => {
    if (words.length !== length) return undefined
    const name = names.field(word(words, 1), word(words, 2))
    const part = name === undefined ? undefined : partOf(name, words)
    return part && one(inHash(part))
  }

/** Reads a command on several fields, if all of them can be recorded. */
const ofFields =
  (fieldsIn: FieldsIn, partOf: (name: string, value: Json) => CommandOperation): CommandReader =>
  (words, names) => {
    const parts = fieldsIn(words).map(([field, value]) => {
      const name = names.field(word(words, 1), field)
      return name === undefined ? undefined : inHash(partOf(name, value))
    })
    return several(allOf(parts) ?? [])
  }

type FieldsIn = (words: readonly Json[]) => readonly (readonly [field: Json, value: Json])[]

const named: FieldsIn = (words) => words.slice(2).map((field) => [field, null])
const assigned: FieldsIn = (words) => pairsOf(words, 2) ?? []

/** HSET returns the number of new fields, HMSET returns OK. */
const interpretSet: Interpret = (answer, call, index) => interpretCount(answer === 'OK' ? 0 : answer, call, index)

const setting = ofFields(assigned, (name, value) => write(name, value, interpretSet))

export const hashCommands: CommandReaders = {
  HGET: ofField(3, (name) => read(name, interpretText)),
  HMGET: ofFields(named, (name) => read(name, interpretTexts)),
  HSET: setting,
  HMSET: setting,
  HSETNX: ofField(4, (name, words) => cas(name, [null, word(words, 3)], interpretOneOr('the field exists'))),
  HDEL: ofFields(named, (name) => write(name, null, interpretCount)),
  HINCRBY: ofField(4, (name, words) => {
    const amount = amountOf(words[3])
    return amount === undefined ? undefined : unsaidSum(name, amount)
  }),
  HINCRBYFLOAT: ofField(4, (name) => unsaidWrite(name, interpretString)),
}
