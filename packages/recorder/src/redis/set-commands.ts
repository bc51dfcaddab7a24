import type { Json } from '@chaosproxy/history'
import { type CommandOperation, type Says, saysCount } from './answers.ts'
import { type CommandReaders, keeping, one, read, several, word } from './command-reader.ts'
import type { CommandTable } from './command-table.ts'

const change = (f: 'add' | 'remove', key: string, value: Json): CommandOperation =>
  keeping({ call: { f, key, value }, says: saysCount })

const contains = (key: string, value: Json, says: Says): CommandOperation => ({
  call: { f: 'contains', key, value, harmless: true },
  says,
})

const saysMembers: Says = (answer) => (Array.isArray(answer) ? { type: 'ok', value: answer } : undefined)

const saysWhether: Says = (answer) => (answer === 0 || answer === 1 ? { type: 'ok', value: answer === 1 } : undefined)

const saysWhetherEach: Says = (answer, call, index) =>
  Array.isArray(answer) ? saysWhether((answer[index] as Json | undefined) ?? null, call, index) : undefined

export const setCommands: CommandReaders = {
  SADD: (words, names) => several(words.slice(2).map((member) => change('add', names.key(word(words, 1)), member))),
  SREM: (words, names) => several(words.slice(2).map((member) => change('remove', names.key(word(words, 1)), member))),
  SMEMBERS: (words, names) => (words.length === 2 ? one(read(names.key(word(words, 1)), saysMembers)) : undefined),
  SISMEMBER: (words, names) =>
    words.length === 3 ? one(contains(names.key(word(words, 1)), word(words, 2), saysWhether)) : undefined,
  SMISMEMBER: (words, names) =>
    several(words.slice(2).map((member) => contains(names.key(word(words, 1)), member, saysWhetherEach))),
}

export const setTable: CommandTable = {
  read: [{ send: ['SMEMBERS', '{key}'], result: 'list' }],
  add: [{ send: ['SADD', '{key}', '{value}'] }],
  remove: [{ send: ['SREM', '{key}', '{value}'] }],
  contains: [{ send: ['SISMEMBER', '{key}', '{value}'], result: 'boolean' }],
}
