import { type Call, type Command, command } from '../command.ts'
import { CommandError, syntaxError, wrongArity } from '../failures.ts'
import { floatSum, integerOf, sumOf, wholeOf } from '../numbers.ts'
import { optionsOf } from '../options.ts'
import { OK, type Reply } from '../reply.ts'
import { deadline, TIMES } from './expiry.ts'

const MOST_BYTES = 512 * 1024 * 1024

const textAt = ({ database }: Call, key: string): string | undefined => database.value(key, 'string')?.text

function requireRoom(bytes: number): void {
  if (bytes > MOST_BYTES) throw new CommandError('ERR string exceeds maximum allowed size (proto-max-bulk-len)')
}

/** Changes a string and keeps its time to live. */
function rewrite({ database }: Call, key: string, text: string): void {
  requireRoom(text.length)
  database.put(key, { type: 'string', text }, database.entry(key)?.expiresAt)
}

const put = ({ database }: Call, key: string, text: string, expiresAt?: number): void =>
  database.put(key, { type: 'string', text }, expiresAt)

function set(call: Call): Reply {
  const [key = '', text = '', ...words] = call.args
  const options = optionsOf(call, words, { flags: ['NX', 'XX', 'GET', 'KEEPTTL'], valued: TIMES })
  const times = TIMES.filter((time) => options.has(time))
  if (times.length + (options.has('KEEPTTL') ? 1 : 0) > 1 || (options.has('NX') && options.has('XX')))
    throw syntaxError()
  const expiresAt = deadline(call, options, times[0])
  const before = options.has('GET') ? (textAt(call, key) ?? null) : undefined
  const entry = call.database.entry(key)
  if (options.has(entry === undefined ? 'XX' : 'NX')) return before ?? null
  put(call, key, text, options.has('KEEPTTL') ? entry?.expiresAt : expiresAt)
  return before === undefined ? OK : before
}

const putFor =
  (unit: 'EX' | 'PX') =>
  (call: Call): Reply => {
    const [key = '', time = '', text = ''] = call.args
    put(call, key, text, deadline(call, new Map([[unit, time]]), unit))
    return OK
  }

function getex(call: Call): Reply {
  const [key = '', ...words] = call.args
  const options = optionsOf(call, words, { flags: ['PERSIST'], valued: TIMES })
  if (options.size > 1) throw syntaxError()
  const expiresAt = deadline(
    call,
    options,
    TIMES.find((time) => options.has(time)),
  )
  const value = call.database.value(key, 'string')
  if (value === undefined) return null
  const isTimed = call.database.entry(key)?.expiresAt !== undefined
  if (expiresAt !== undefined || (options.has('PERSIST') && isTimed)) call.database.put(key, value, expiresAt)
  return value.text
}

const add =
  (by: (call: Call) => bigint) =>
  (call: Call): Reply => {
    const [key = ''] = call.args
    const amount = by(call)
    const sum = sumOf(textAt(call, key) ?? '0', amount)
    rewrite(call, key, String(sum))
    return sum
  }

function decrement({ args }: Call): bigint {
  const by = wholeOf(args[1] ?? '')
  if (by === -(2n ** 63n)) throw new CommandError('ERR decrement would overflow')
  return -by
}

function setAll(call: Call): void {
  for (let i = 0; i < call.args.length; i += 2) put(call, call.args[i] ?? '', call.args[i + 1] ?? '')
}

function requirePairs({ args, name }: Call): void {
  if (args.length % 2 === 1) throw wrongArity(name)
}

function getRange(call: Call): Reply {
  const [key = '', first = '', last = ''] = call.args
  const [from, to] = [integerOf(first), integerOf(last)]
  const text = textAt(call, key) ?? ''
  if (from < 0 && to < 0 && from > to) return ''
  const start = Math.max(0, from < 0 ? text.length + from : from)
  const end = Math.max(0, to < 0 ? text.length + to : to)
  return text.slice(start, end + 1)
}

function setRange(call: Call): Reply {
  const [key = '', at = '', part = ''] = call.args
  const offset = integerOf(at)
  if (offset < 0) throw new CommandError('ERR offset is out of range')
  const text = textAt(call, key) ?? ''
  if (part === '') return text.length
  requireRoom(offset + part.length)
  rewrite(call, key, text.slice(0, offset).padEnd(offset, '\0') + part + text.slice(offset + part.length))
  return Math.max(text.length, offset + part.length)
}

export const stringCommands: readonly Command[] = [
  command('GET', 2, (call) => textAt(call, call.args[0] ?? '') ?? null),
  command('SET', -3, set),
  command('SETNX', 3, (call) => {
    const [key = '', text = ''] = call.args
    if (call.database.entry(key) !== undefined) return 0
    put(call, key, text)
    return 1
  }),
  command('SETEX', 4, putFor('EX')),
  command('PSETEX', 4, putFor('PX')),
  command('GETSET', 3, (call) => {
    const [key = '', text = ''] = call.args
    const before = textAt(call, key) ?? null
    put(call, key, text)
    return before
  }),
  command('GETDEL', 2, (call) => {
    const [key = ''] = call.args
    const before = textAt(call, key) ?? null
    call.database.remove(key)
    return before
  }),
  command('GETEX', -2, getex),
  command(
    'INCR',
    2,
    add(() => 1n),
  ),
  command(
    'DECR',
    2,
    add(() => -1n),
  ),
  command(
    'INCRBY',
    3,
    add(({ args }) => wholeOf(args[1] ?? '')),
  ),
  command('DECRBY', 3, add(decrement)),
  command('INCRBYFLOAT', 3, (call) => {
    const [key = '', by = ''] = call.args
    const sum = floatSum(textAt(call, key) ?? '0', by)
    rewrite(call, key, sum)
    return sum
  }),
  command('APPEND', 3, (call) => {
    const [key = '', more = ''] = call.args
    const text = (textAt(call, key) ?? '') + more
    rewrite(call, key, text)
    return text.length
  }),
  command('STRLEN', 2, (call) => textAt(call, call.args[0] ?? '')?.length ?? 0),
  command('MGET', -2, ({ args, database }) =>
    args.map((key) => {
      const value = database.entry(key)?.value
      return value?.type === 'string' ? value.text : null
    }),
  ),
  command('MSET', -3, (call) => {
    requirePairs(call)
    setAll(call)
    return OK
  }),
  command('MSETNX', -3, (call) => {
    requirePairs(call)
    if (call.args.some((key, i) => i % 2 === 0 && call.database.entry(key) !== undefined)) return 0
    setAll(call)
    return 1
  }),
  command('GETRANGE', 4, getRange),
  command('SETRANGE', 4, setRange),
]
