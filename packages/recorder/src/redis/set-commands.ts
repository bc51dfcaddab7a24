import type { Json } from '@chaosproxy/history'
import { ok } from '../record/call.ts'
import { type CommandOperation, elementOf, type Interpret, interpretList } from './answers.ts'
import { type CommandReaders, change, ofEach, ofKey, read, word } from './command-reader.ts'
import type { CommandTable } from './command-table.ts'

const contains = (key: string, value: Json, interpret: Interpret): CommandOperation => ({
  call: { f: 'contains', key, value, harmless: true },
  interpret,
})

const interpretWhether: Interpret = (answer) => (answer === 0 || answer === 1 ? ok(answer === 1) : undefined)

const interpretWhetherEach: Interpret = (answer, call, index) =>
  interpretWhether(elementOf(answer, index) ?? null, call, index)

export const setCommands: CommandReaders = {
  SADD: ofEach((key, member) => change('add', key, member)),
  SREM: ofEach((key, member) => change('remove', key, member)),
  SMEMBERS: ofKey(2, (key) => read(key, interpretList)),
  SISMEMBER: ofKey(3, (key, words) => contains(key, word(words, 2), interpretWhether)),
  SMISMEMBER: ofEach((key, member) => contains(key, member, interpretWhetherEach)),
}

export const setTable: CommandTable = {
  read: [{ send: ['SMEMBERS', '{key}'], result: 'list' }],
  add: [{ send: ['SADD', '{key}', '{value}'] }],
  remove: [{ send: ['SREM', '{key}', '{value}'] }],
  contains: [{ send: ['SISMEMBER', '{key}', '{value}'], result: 'boolean' }],
}
