import { type Call, type Command, command } from '../command.ts'
import { CommandError } from '../failures.ts'
import { integerOf } from '../numbers.ts'
import { optionsOf } from '../options.ts'
import type { Reply } from '../reply.ts'

/** The options for a time to live: relative or absolute, in seconds or milliseconds. */
export const TIMES = ['EX', 'PX', 'EXAT', 'PXAT'] as const
type Time = (typeof TIMES)[number]

const MOST_MS = 2 ** 63

function momentOf({ store, name }: Call, text: string, time: Time): number {
  const given = integerOf(text)
  const ms = given * (time.startsWith('EX') ? 1_000 : 1)
  const at = ms + (time.endsWith('AT') ? 0 : store.now)
  if (Math.abs(ms) >= MOST_MS || at >= MOST_MS) throw invalidTime(name)
  return at
}

const invalidTime = (name: string): CommandError =>
  new CommandError(`ERR invalid expire time in '${name.toLowerCase()}' command`)

/** Returns the expiry of the value that a command writes, if it expires. */
export function deadline(call: Call, options: ReadonlyMap<string, string>, time: Time | undefined): number | undefined {
  if (time === undefined) return undefined
  const text = options.get(time) ?? ''
  if (integerOf(text) <= 0) throw invalidTime(call.name)
  return momentOf(call, text, time)
}

const expire =
  (time: Time) =>
  (call: Call): Reply => {
    const { database, store, args } = call
    const [key = '', text = '', ...words] = args
    const options = optionsOf(call, words, { flags: ['NX', 'XX', 'GT', 'LT'] })
    if (options.has('NX') && options.size > 1)
      throw new CommandError('ERR NX and XX, GT or LT options at the same time are not compatible')
    if (options.has('GT') && options.has('LT'))
      throw new CommandError('ERR GT and LT options at the same time are not compatible')
    const at = momentOf(call, text, time)
    const entry = database.entry(key)
    if (entry === undefined) return 0
    const { value, expiresAt } = entry
    if (options.has('NX') && expiresAt !== undefined) return 0
    if (options.has('XX') && expiresAt === undefined) return 0
    if (options.has('GT') && (expiresAt === undefined || at <= expiresAt)) return 0
    if (options.has('LT') && expiresAt !== undefined && at >= expiresAt) return 0
    if (at <= store.now) database.remove(key)
    else database.put(key, value, at)
    return 1
  }

const remaining =
  (unitMs: number, from: 'now' | 'zero') =>
  ({ database, store, args }: Call): Reply => {
    const entry = database.entry(args[0] ?? '')
    if (entry === undefined) return -2
    if (entry.expiresAt === undefined) return -1
    const ms = entry.expiresAt - (from === 'now' ? store.now : 0)
    return unitMs === 1 ? ms : Math.floor((ms + unitMs / 2) / unitMs)
  }

export const expiryCommands: readonly Command[] = [
  command('EXPIRE', -3, expire('EX')),
  command('PEXPIRE', -3, expire('PX')),
  command('EXPIREAT', -3, expire('EXAT')),
  command('PEXPIREAT', -3, expire('PXAT')),
  command('TTL', 2, remaining(1_000, 'now')),
  command('PTTL', 2, remaining(1, 'now')),
  command('EXPIRETIME', 2, remaining(1_000, 'zero')),
  command('PEXPIRETIME', 2, remaining(1, 'zero')),
  command('PERSIST', 2, ({ database, args: [key = ''] }) => {
    const entry = database.entry(key)
    if (entry?.expiresAt === undefined) return 0
    database.put(key, entry.value)
    return 1
  }),
]
