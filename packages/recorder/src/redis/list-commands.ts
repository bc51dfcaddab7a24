import { type Says, saysCount } from './answers.ts'
import { type CommandReaders, keeping, one, read, several, word } from './command-reader.ts'
import type { CommandTable } from './command-table.ts'

const saysItems: Says = (answer) => (Array.isArray(answer) ? { type: 'ok', value: answer } : undefined)

/** Lists that grow at their right end and are read as a whole. Other commands make a list unknown. */
export const listCommands: CommandReaders = {
  RPUSH: (words, names) => {
    const key = names.key(word(words, 1))
    return several(words.slice(2).map((value) => keeping({ call: { f: 'append', key, value }, says: saysCount })))
  },
  LRANGE: (words, names) =>
    words.length === 4 && words[2] === '0' && words[3] === '-1'
      ? one(read(names.key(word(words, 1)), saysItems))
      : undefined,
}

export const listTable: CommandTable = {
  read: [{ send: ['LRANGE', '{key}', '0', '-1'], result: 'list' }],
  append: [{ send: ['RPUSH', '{key}', '{value}'] }],
}
