import type { Json } from '@chaosproxy/history'
import { type CommandOperation, type Says, saysCount, saysOneOr, saysText, saysTexts } from './answers.ts'
import {
  amountOf,
  type CommandReader,
  type CommandReaders,
  cas,
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
    return part === undefined ? undefined : several([inHash(part)])
  }

/** Reads a command on several fields, if all of them can be recorded. */
const ofFields =
  (partOf: (name: string) => CommandOperation): CommandReader =>
  (words, names) => {
    const parts = words.slice(2).map((field) => {
      const name = names.field(word(words, 1), field)
      return name === undefined ? undefined : inHash(partOf(name))
    })
    return several(
      parts.filter((part) => part !== undefined),
      parts.length,
    )
  }

/** HSET returns the number of new fields, HMSET returns OK. */
const saysSet: Says = (answer, call, index) => saysCount(answer === 'OK' ? 0 : answer, call, index)

const setting: CommandReader = (words, names) => {
  const parts = (pairsOf(words, 2) ?? []).map(([field, value]) => {
    const name = names.field(word(words, 1), field)
    return name === undefined ? undefined : inHash(write(name, value, saysSet))
  })
  return several(
    parts.filter((part) => part !== undefined),
    parts.length,
  )
}

const saysFloatSum: Says = (answer) => (typeof answer === 'string' ? { type: 'ok', value: answer } : undefined)

export const hashCommands: CommandReaders = {
  HGET: ofField(3, (name) => read(name, saysText)),
  HMGET: ofFields((name) => read(name, saysTexts)),
  HSET: setting,
  HMSET: setting,
  HSETNX: ofField(4, (name, words) => cas(name, [null, word(words, 3)], saysOneOr('the field exists'))),
  HDEL: ofFields((name) => write(name, null, saysCount)),
  HINCRBY: ofField(4, (name, words) => {
    const amount = amountOf(words[3])
    return amount === undefined ? undefined : unsaidSum(name, amount)
  }),
  HINCRBYFLOAT: ofField(4, (name) => unsaidWrite(name, saysFloatSum)),
}
