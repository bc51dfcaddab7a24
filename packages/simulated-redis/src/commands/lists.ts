import { type Call, type Command, command, type Waits } from '../command.ts'
import { CommandError, syntaxError, wrongArity } from '../failures.ts'
import { doubleOf, integerOf } from '../numbers.ts'
import { optionsOf } from '../options.ts'
import { NO_ARRAY, OK, type Reply } from '../reply.ts'

type Side = 'LEFT' | 'RIGHT'

const itemsAt = ({ database }: Call, key = ''): readonly string[] => database.value(key, 'list')?.items ?? []

function push({ database }: Call, key: string, texts: readonly string[], side: Side): number {
  const list = database.value(key, 'list')
  const items = list?.items ?? []
  for (const text of texts) side === 'LEFT' ? items.unshift(text) : items.push(text)
  if (list === undefined) database.put(key, { type: 'list', items })
  else database.changed(key)
  return items.length
}

function pop({ database }: Call, key: string, side: Side): string | undefined {
  const list = database.value(key, 'list')
  const item = side === 'LEFT' ? list?.items.shift() : list?.items.pop()
  if (item !== undefined) database.changed(key)
  return item
}

const pushing =
  (side: Side, onlyExisting: boolean) =>
  (call: Call): Reply => {
    const [key = '', ...texts] = call.args
    if (onlyExisting && itemsAt(call, key).length === 0) return 0
    return push(call, key, texts, side)
  }

const popping =
  (side: Side) =>
  (call: Call): Reply => {
    const [key = '', wanted, ...others] = call.args
    if (others.length > 0) throw wrongArity(call.name)
    if (wanted === undefined) return pop(call, key, side) ?? null
    const count = countOf(wanted)
    const { length } = itemsAt(call, key)
    if (length === 0) return NO_ARRAY
    return Array.from({ length: Math.min(count, length) }, () => pop(call, key, side) ?? null)
  }

export function countOf(text: string): number {
  const message = 'ERR value is out of range, must be positive'
  if (!/^\d+$/.test(text)) throw new CommandError(message)
  return integerOf(text)
}

function sideOf(word = ''): Side {
  const side = word.toUpperCase()
  if (side !== 'LEFT' && side !== 'RIGHT') throw syntaxError()
  return side
}

function move(call: Call, from: Side, to: Side): Reply {
  const [source = '', target = ''] = call.args
  if (itemsAt(call, source).length === 0) return null
  itemsAt(call, target)
  const item = pop(call, source, from) ?? ''
  push(call, target, [item], to)
  return item
}

function timeoutOf(text = ''): number {
  const seconds = doubleOf(text, 'ERR timeout is not a float or out of range')
  if (seconds < 0) throw new CommandError('ERR timeout is negative')
  if (!Number.isFinite(seconds)) throw new CommandError('ERR timeout is out of range')
  return Math.ceil(seconds * 1_000)
}

/** Returns a command that waits until `command` finds a value at one of the keys. */
export const waitingFor =
  (command: string, reply: (key: string, found: Reply) => Reply | undefined) =>
  ({ args }: Call): Waits => ({
    waits: {
      keys: args.slice(0, -1),
      timeoutMs: timeoutOf(args.at(-1)),
      does: (key) => [command, key],
      reply,
      nothing: NO_ARRAY,
    },
  })

const waitingPop = (command: 'LPOP' | 'RPOP') =>
  waitingFor(command, (key, item) => (item === null ? undefined : [key, item]))

const waitingMove = (args: readonly string[], from: Side, to: Side): Waits => {
  const [source = '', target = ''] = args
  return {
    waits: {
      keys: [source],
      timeoutMs: timeoutOf(args.at(-1)),
      does: () => ['LMOVE', source, target, from, to],
      reply: (_, item) => item ?? undefined,
      nothing: null,
    },
  }
}

/** Returns the bounds of a range. Negative indexes count from the end. */
export function boundsOf(first: string, last: string, length: number): readonly [from: number, end: number] {
  const place = (text: string): number => {
    const at = integerOf(text)
    return at < 0 ? length + at : at
  }
  return [Math.max(0, place(first)), Math.max(0, Math.min(length, place(last) + 1))]
}

function trim(call: Call): Reply {
  const [key = '', first = '', last = ''] = call.args
  const list = call.database.value(key, 'list')
  const [from, end] = boundsOf(first, last, list?.items.length ?? 0)
  if (list !== undefined) {
    list.items = list.items.slice(from, end)
    call.database.changed(key)
  }
  return OK
}

function setItem(call: Call): Reply {
  const [key = '', place = '', text = ''] = call.args
  const list = call.database.value(key, 'list')
  if (list === undefined) throw new CommandError('ERR no such key')
  const at = integerOf(place)
  const from = at < 0 ? list.items.length + at : at
  if (list.items[from] === undefined) throw new CommandError('ERR index out of range')
  list.items[from] = text
  call.database.changed(key)
  return OK
}

function removeItems(call: Call): Reply {
  const [key = '', wanted = '', text = ''] = call.args
  const count = integerOf(wanted)
  const list = call.database.value(key, 'list')
  if (list === undefined) return 0
  let left = count === 0 ? list.items.length : Math.abs(count)
  const stays = (item: string): boolean => item !== text || left-- <= 0
  const before = list.items.length
  list.items = count < 0 ? list.items.toReversed().filter(stays).reverse() : list.items.filter(stays)
  const removed = before - list.items.length
  if (removed > 0) call.database.changed(key)
  return removed
}

function insert(call: Call): Reply {
  const [key = '', where = '', pivot = '', text = ''] = call.args
  const side = where.toUpperCase()
  if (side !== 'BEFORE' && side !== 'AFTER') throw syntaxError()
  const list = call.database.value(key, 'list')
  if (list === undefined) return 0
  const at = list.items.indexOf(pivot)
  if (at < 0) return -1
  list.items.splice(side === 'BEFORE' ? at : at + 1, 0, text)
  call.database.changed(key)
  return list.items.length
}

function positions(call: Call): Reply {
  const [key, text = '', ...words] = call.args
  const options = optionsOf(call, words, { valued: ['RANK', 'COUNT', 'MAXLEN'] })
  const rank = integerOf(options.get('RANK') ?? '1')
  if (rank === 0)
    throw new CommandError(
      "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
    )
  const [count, most] = ['COUNT', 'MAXLEN'].map((option) => integerOf(options.get(option) ?? '0')) as [number, number]
  if (count < 0) throw new CommandError("ERR COUNT can't be negative")
  if (most < 0) throw new CommandError("ERR MAXLEN can't be negative")
  const items = itemsAt(call, key)
  const places = items.map((_, i) => (rank > 0 ? i : items.length - 1 - i))
  const looked = most === 0 ? places : places.slice(0, most)
  const found = looked.filter((at) => items[at] === text).slice(Math.abs(rank) - 1)
  if (!options.has('COUNT')) return found[0] ?? null
  return count === 0 ? found : found.slice(0, count)
}

export const listCommands: readonly Command[] = [
  command('LPOS', -3, positions),
  command('LPUSH', -3, pushing('LEFT', false)),
  command('RPUSH', -3, pushing('RIGHT', false)),
  command('LPUSHX', -3, pushing('LEFT', true)),
  command('RPUSHX', -3, pushing('RIGHT', true)),
  command('LPOP', -2, popping('LEFT')),
  command('RPOP', -2, popping('RIGHT')),
  command('LLEN', 2, (call) => itemsAt(call, call.args[0]).length),
  command('LRANGE', 4, (call) => {
    const [key, first = '', last = ''] = call.args
    const items = itemsAt(call, key)
    return items.slice(...boundsOf(first, last, items.length))
  }),
  command('LINDEX', 3, (call) => itemsAt(call, call.args[0]).at(integerOf(call.args[1] ?? '')) ?? null),
  command('LSET', 4, setItem),
  command('LREM', 4, removeItems),
  command('LTRIM', 4, trim),
  command('LINSERT', 5, insert),
  command('LMOVE', 5, (call) => move(call, sideOf(call.args[2]), sideOf(call.args[3]))),
  command('RPOPLPUSH', 3, (call) => move(call, 'RIGHT', 'LEFT')),
  command('BLPOP', -3, waitingPop('LPOP')),
  command('BRPOP', -3, waitingPop('RPOP')),
  command('BLMOVE', 6, ({ args }) => waitingMove(args, sideOf(args[2]), sideOf(args[3]))),
  command('BRPOPLPUSH', 4, ({ args }) => waitingMove(args, 'RIGHT', 'LEFT')),
]
