import type { Call, Command } from '../command.ts'
import { CommandError } from '../failures.ts'
import { globMatcher } from '../glob.ts'
import { optionsOf } from '../options.ts'
import { OK, type Reply } from '../reply.ts'
import { scanned } from '../scan.ts'

const remove: Command['run'] = ({ database, args }) =>
  args.filter((key) => database.entry(key) !== undefined && database.remove(key)).length

const count: Command['run'] = ({ database, args }) => args.filter((key) => database.entry(key) !== undefined).length

const typeAt = ({ database }: Call, key: string): string => database.entry(key)?.value.type ?? 'none'

/** Whether it was done. */
function rename({ database, args: [from = '', to = ''] }: Call, replaces: boolean): boolean {
  const entry = database.entry(from)
  if (entry === undefined) throw new CommandError('ERR no such key')
  if (!replaces && database.entry(to) !== undefined) return false
  if (from === to) return true
  database.remove(from)
  database.put(to, entry.value, entry.expiresAt)
  return true
}

const flush =
  (all: boolean) =>
  (call: Call): Reply => {
    optionsOf(call, call.args, { flags: ['ASYNC', 'SYNC'] })
    for (const database of all ? call.store.databases : [call.database]) database.clear()
    return OK
  }

export const keyCommands: readonly Command[] = [
  { name: 'DEL', words: -2, run: remove },
  { name: 'UNLINK', words: -2, run: remove },
  { name: 'EXISTS', words: -2, run: count },
  { name: 'TOUCH', words: -2, run: count },
  { name: 'TYPE', words: 2, run: (call) => ({ simple: typeAt(call, call.args[0] ?? '') }) },
  { name: 'KEYS', words: 2, run: ({ database, args }) => database.keys().filter(globMatcher(args[0] ?? '')) },
  {
    name: 'SCAN',
    words: -2,
    run: (call) =>
      scanned(call, 0, call.database.keys(), {
        valued: ['MATCH', 'COUNT', 'TYPE'],
        accept: (key, options) => typeAt(call, key) === (options.get('TYPE') ?? typeAt(call, key)).toLowerCase(),
        item: (key) => [key],
        whole: 0,
      }),
  },
  {
    name: 'RENAME',
    words: 3,
    run(call) {
      rename(call, true)
      return OK
    },
  },
  { name: 'RENAMENX', words: 3, run: (call) => (rename(call, false) && call.args[0] !== call.args[1] ? 1 : 0) },
  {
    name: 'RANDOMKEY',
    words: 1,
    run({ database, store }) {
      const keys = database.keys()
      return keys[Math.floor(store.draw() * keys.length)] ?? null
    },
  },
  { name: 'DBSIZE', words: 1, run: ({ database }) => database.keys().length },
  { name: 'FLUSHDB', words: -1, run: flush(false) },
  { name: 'FLUSHALL', words: -1, run: flush(true) },
]
