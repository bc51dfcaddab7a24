import { type Call, type Command, command } from '../command.ts'
import { CommandError } from '../failures.ts'
import { globMatcher } from '../glob.ts'
import { optionsOf } from '../options.ts'
import { OK, type Reply } from '../reply.ts'
import { scanned } from '../scan.ts'

const remove: Command['run'] = ({ database, args }) =>
  args.filter((key) => database.entry(key) !== undefined && database.remove(key)).length

const count: Command['run'] = ({ database, args }) => args.filter((key) => database.entry(key) !== undefined).length

const typeAt = ({ database }: Call, key: string): string => database.entry(key)?.value.type ?? 'none'

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
  command('DEL', -2, remove),
  command('UNLINK', -2, remove),
  command('EXISTS', -2, count),
  command('TOUCH', -2, count),
  command('TYPE', 2, (call) => ({ simple: typeAt(call, call.args[0] ?? '') })),
  command('KEYS', 2, ({ database, args }) => database.keys().filter(globMatcher(args[0] ?? ''))),
  command('SCAN', -2, (call) =>
    scanned(call, 0, call.database.keys(), {
      valued: ['MATCH', 'COUNT', 'TYPE'],
      accept: (key, options) => typeAt(call, key) === (options.get('TYPE') ?? typeAt(call, key)).toLowerCase(),
      item: (key) => [key],
      whole: 0,
    }),
  ),
  command('RENAME', 3, (call) => {
    rename(call, true)
    return OK
  }),
  command('RENAMENX', 3, (call) => (rename(call, false) && call.args[0] !== call.args[1] ? 1 : 0)),
  command('RANDOMKEY', 1, ({ database, store }) => {
    const keys = database.keys()
    return keys[Math.floor(store.draw() * keys.length)] ?? null
  }),
  command('DBSIZE', 1, ({ database }) => database.keys().length),
  command('FLUSHDB', -1, flush(false)),
  command('FLUSHALL', -1, flush(true)),
]
