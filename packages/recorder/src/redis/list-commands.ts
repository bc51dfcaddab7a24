import { interpretList } from './answers.ts'
import { type CommandReaders, change, ofEach, one, read, word } from './command-reader.ts'
import type { CommandTable } from './command-table.ts'

/**
 * Commands on lists that grow at their right end and are read as a whole. After any other command, the list's value is
 * unknown.
 */
export const listCommands: CommandReaders = {
  RPUSH: ofEach((key, value) => change('append', key, value)),
  LRANGE: (words, names) =>
    words.length === 4 && words[2] === '0' && words[3] === '-1'
      ? one(read(names.key(word(words, 1)), interpretList))
      : undefined,
}

export const listTable: CommandTable = {
  read: [{ send: ['LRANGE', '{key}', '0', '-1'], result: 'list' }],
  append: [{ send: ['RPUSH', '{key}', '{value}'] }],
}
