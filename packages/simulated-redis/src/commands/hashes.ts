import { type Call, type Command, command } from '../command.ts'
import { CommandError, wrongArity } from '../failures.ts'
import { doubleOf, floatSum, sumOf, wholeOf } from '../numbers.ts'
import { OK, type Reply } from '../reply.ts'
import { scanned } from '../scan.ts'

const NONE: ReadonlyMap<string, string> = new Map()
const PAGED_FROM = 512

const fieldsAt = ({ database }: Call, key = ''): ReadonlyMap<string, string> =>
  database.value(key, 'hash')?.fields ?? NONE

function put({ database }: Call, key: string, pairs: readonly string[]): number {
  const hash = database.value(key, 'hash')
  const fields = hash?.fields ?? new Map<string, string>()
  const before = fields.size
  for (let i = 0; i < pairs.length; i += 2) fields.set(pairs[i] ?? '', pairs[i + 1] ?? '')
  if (hash === undefined) database.put(key, { type: 'hash', fields })
  else database.changed(key)
  return fields.size - before
}

function set(call: Call): number {
  const [key = '', ...pairs] = call.args
  if (pairs.length % 2 === 1) throw wrongArity(call.name)
  return put(call, key, pairs)
}

function increment(call: Call): Reply {
  const [key = '', field = '', by = ''] = call.args
  const amount = wholeOf(by)
  const before = fieldsAt(call, key).get(field) ?? '0'
  if (!/^(0|-?[1-9]\d{0,18})$/.test(before)) throw new CommandError('ERR hash value is not an integer')
  const sum = sumOf(before, amount)
  put(call, key, [field, String(sum)])
  return sum
}

function incrementByFloat(call: Call): Reply {
  const [key = '', field = '', by = ''] = call.args
  doubleOf(by)
  const before = fieldsAt(call, key).get(field) ?? '0'
  doubleOf(before, 'ERR hash value is not a float')
  const sum = floatSum(before, by)
  put(call, key, [field, sum])
  return sum
}

export const hashCommands: readonly Command[] = [
  command('HSET', -4, set),
  command('HMSET', -4, (call) => {
    set(call)
    return OK
  }),
  command('HSETNX', 4, (call) => {
    const [key = '', field = '', text = ''] = call.args
    return fieldsAt(call, key).has(field) ? 0 : put(call, key, [field, text])
  }),
  command('HGET', 3, (call) => fieldsAt(call, call.args[0]).get(call.args[1] ?? '') ?? null),
  command('HMGET', -3, (call) => {
    const [key, ...names] = call.args
    const fields = fieldsAt(call, key)
    return names.map((name) => fields.get(name) ?? null)
  }),
  command('HGETALL', 2, (call) => ({ map: [...fieldsAt(call, call.args[0])].flat() })),
  command('HDEL', -3, ({ database, args: [key = '', ...names] }) =>
    database.removeFrom(key, database.value(key, 'hash')?.fields, names),
  ),
  command('HEXISTS', 3, (call) => (fieldsAt(call, call.args[0]).has(call.args[1] ?? '') ? 1 : 0)),
  command('HKEYS', 2, (call) => [...fieldsAt(call, call.args[0]).keys()]),
  command('HVALS', 2, (call) => [...fieldsAt(call, call.args[0]).values()]),
  command('HLEN', 2, (call) => fieldsAt(call, call.args[0]).size),
  command('HSTRLEN', 3, (call) => fieldsAt(call, call.args[0]).get(call.args[1] ?? '')?.length ?? 0),
  command('HINCRBY', 4, increment),
  command('HINCRBYFLOAT', 4, incrementByFloat),
  command('HSCAN', -3, (call) => {
    const fields = fieldsAt(call, call.args[0])
    const item = (name: string): readonly Reply[] => [name, fields.get(name) ?? '']
    return scanned(call, 1, [...fields.keys()], { item, whole: PAGED_FROM })
  }),
]
