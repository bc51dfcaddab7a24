import { type Call, type Command, command } from '../command.ts'
import { CommandError, syntaxError } from '../failures.ts'
import { doubleOf, integerOf } from '../numbers.ts'
import { optionsOf } from '../options.ts'
import { doubleText, type Reply } from '../reply.ts'
import { scanned } from '../scan.ts'
import { boundsOf, countOf, waitingFor } from './lists.ts'

type Scored = readonly [member: string, score: number]

const NONE: ReadonlyMap<string, number> = new Map()
const PAGED_FROM = 128

const scoresAt = ({ database }: Call, key = ''): ReadonlyMap<string, number> =>
  database.value(key, 'zset')?.scores ?? NONE

/** Returns the members in the order of their scores. Members of equal score are in the order of their bytes. */
function ordered(call: Call, key?: string, reversed = false): Scored[] {
  const all = [...scoresAt(call, key)].sort(([one, score], [other, otherScore]) =>
    score === otherScore ? (one < other ? -1 : 1) : score < otherScore ? -1 : 1,
  )
  return reversed ? all.reverse() : all
}

const remove = ({ database }: Call, key: string, members: readonly string[]): number =>
  database.removeFrom(key, database.value(key, 'zset')?.scores, members)

const ADD_OPTIONS: readonly string[] = ['NX', 'XX', 'GT', 'LT', 'CH', 'INCR']

function add(call: Call): Reply {
  const [key = '', ...rest] = call.args
  const options = new Set<string>()
  while (ADD_OPTIONS.includes((rest[0] ?? '').toUpperCase())) options.add((rest.shift() ?? '').toUpperCase())
  if (rest.length === 0 || rest.length % 2 === 1) throw syntaxError()
  if (options.has('NX') && options.has('XX'))
    throw new CommandError('ERR XX and NX options at the same time are not compatible')
  if ([options.has('GT'), options.has('LT'), options.has('NX')].filter(Boolean).length > 1)
    throw new CommandError('ERR GT, LT, and/or NX options at the same time are not compatible')
  if (options.has('INCR') && rest.length > 2)
    throw new CommandError('ERR INCR option supports a single increment-element pair')
  const pairs = Array.from(
    { length: rest.length / 2 },
    (_, i): Scored => [rest[2 * i + 1] ?? '', doubleOf(rest[2 * i] ?? '')],
  )
  return put(call, key, pairs, options)
}

function put({ database }: Call, key: string, pairs: readonly Scored[], options: ReadonlySet<string>): Reply {
  const zset = database.value(key, 'zset')
  const scores = zset?.scores ?? new Map<string, number>()
  let [added, updated] = [0, 0]
  let last: number | undefined
  for (const [member, given] of pairs) {
    const before = scores.get(member)
    const score = options.has('INCR') && before !== undefined ? before + given : given
    if (Number.isNaN(score)) throw new CommandError('ERR resulting score is not a number (NaN)')
    if (before === undefined ? options.has('XX') : isKept(before, score, options)) continue
    last = score
    if (before === undefined) added++
    else if (before !== score) updated++
    scores.set(member, score)
  }
  if (added + updated > 0) {
    if (zset === undefined) database.put(key, { type: 'zset', scores })
    else database.changed(key)
  }
  if (options.has('INCR')) return last === undefined ? null : { double: last }
  return options.has('CH') ? added + updated : added
}

const isKept = (before: number, score: number, options: ReadonlySet<string>): boolean =>
  options.has('NX') || (options.has('GT') && score <= before) || (options.has('LT') && score >= before)

/** Returns a function that tests whether a score is within bounds such as `(1` and `+inf`. */
function within(least: string, most: string): (scored: Scored) => boolean {
  const message = 'ERR min or max is not a float'
  const bound = (text: string): readonly [value: number, open: boolean] =>
    text.startsWith('(') ? [doubleOf(text.slice(1), message), true] : [doubleOf(text, message), false]
  const [[low, lowOpen], [high, highOpen]] = [bound(least), bound(most)]
  return ([, score]) => (lowOpen ? score > low : score >= low) && (highOpen ? score < high : score <= high)
}

/** Returns a command that counts members between bounds. */
const counting =
  (between: typeof within) =>
  (call: Call): number => {
    // As in Redis, the bounds are checked before the key.
    const choose = chosenBetween(between)(call)
    return choose(ordered(call, call.args[0])).length
  }

const chosenBetween =
  (between: typeof within) =>
  ({ args: [, least = '', most = ''] }: Call) => {
    const accept = between(least, most)
    return (all: readonly Scored[]) => all.filter(accept)
  }

function withinNames(least: string, most: string): (scored: Scored) => boolean {
  const bound = (text: string): { readonly name: string; readonly sign: string } => {
    if (!/^([-+]$|[[(])/.test(text)) throw new CommandError('ERR min or max not valid string range item')
    return { name: text.slice(1), sign: text.charAt(0) }
  }
  const [low, high] = [bound(least), bound(most)]
  const isAbove = (name: string): boolean =>
    low.sign === '-' || (low.sign !== '+' && (low.sign === '(' ? name > low.name : name >= low.name))
  const isBelow = (name: string): boolean =>
    high.sign === '+' || (high.sign !== '-' && (high.sign === '(' ? name < high.name : name <= high.name))
  return ([name]) => isAbove(name) && isBelow(name)
}

const WITHIN = { score: within, name: withinNames } as const

interface Range {
  readonly by: 'rank' | 'score' | 'name'
  readonly reversed: boolean
  readonly limit: readonly [offset: string, count: string] | undefined
  readonly withScores: boolean
}

function rangeReply(call: Call, { by, reversed, limit, withScores }: Range): Reply {
  const [key, first = '', last = ''] = call.args
  if (limit !== undefined && by === 'rank')
    throw new CommandError('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX')
  const [offset, count] = (limit ?? ['0', '-1']).map(integerOf) as [number, number]
  const accept = by === 'rank' ? undefined : reversed ? WITHIN[by](last, first) : WITHIN[by](first, last)
  if (by === 'rank') boundsOf(first, last, 0)
  const all = ordered(call, key, reversed)
  const found = accept === undefined ? all.slice(...boundsOf(first, last, all.length)) : all.filter(accept)
  const page = offset < 0 ? [] : found.slice(offset, count < 0 ? undefined : offset + count)
  return withScores ? { scored: page } : page.map(([member]) => member)
}

/** Removes `LIMIT offset count` from the words. */
function limitOf(words: readonly string[]): {
  readonly limit: Range['limit']
  readonly others: readonly string[]
} {
  const at = words.findIndex((word) => word.toUpperCase() === 'LIMIT')
  if (at < 0) return { limit: undefined, others: words }
  const [offset, count] = words.slice(at + 1)
  if (offset === undefined || count === undefined) throw syntaxError()
  return { limit: [offset, count], others: words.toSpliced(at, 3) }
}

function range(call: Call): Reply {
  const { limit, others } = limitOf(call.args.slice(3))
  const options = optionsOf(call, others, { flags: ['BYSCORE', 'BYLEX', 'REV', 'WITHSCORES'] })
  if (options.has('BYLEX') && options.has('BYSCORE')) throw syntaxError()
  if (options.has('BYLEX') && options.has('WITHSCORES'))
    throw new CommandError('ERR syntax error, WITHSCORES not supported in combination with BYLEX')
  const by = options.has('BYSCORE') ? 'score' : options.has('BYLEX') ? 'name' : 'rank'
  return rangeReply(call, { by, reversed: options.has('REV'), limit, withScores: options.has('WITHSCORES') })
}

const rangeBy =
  (by: Range['by'], reversed: boolean) =>
  (call: Call): Reply => {
    const { limit, others } = limitOf(call.args.slice(3))
    if (limit !== undefined && by === 'rank') throw syntaxError()
    const options = optionsOf(call, others, { flags: by === 'name' ? [] : ['WITHSCORES'] })
    return rangeReply(call, { by, reversed, limit, withScores: options.has('WITHSCORES') })
  }

const rank =
  (reversed: boolean) =>
  (call: Call): Reply => {
    const [key, member] = call.args
    const all = ordered(call, key, reversed)
    const at = all.findIndex(([name]) => name === member)
    return at < 0 ? null : at
  }

const pop =
  (reversed: boolean) =>
  (call: Call): Reply => {
    const [key = '', wanted, ...others] = call.args
    if (others.length > 0) throw syntaxError()
    const count = wanted === undefined ? 1 : countOf(wanted)
    const all = ordered(call, key, reversed)
    const popped = all.slice(0, count)
    const members = popped.map(([member]) => member)
    remove(call, key, members)
    // Without a count, the reply is one pair, not nested even in RESP3.
    if (wanted === undefined) return popped.flatMap(([member, score]): Reply[] => [member, { double: score }])
    return { scored: popped }
  }

const waitingPop = (command: 'ZPOPMIN' | 'ZPOPMAX') =>
  waitingFor(command, (key, popped) => (Array.isArray(popped) && popped.length > 0 ? [key, ...popped] : undefined))

const removing =
  (chosen: (call: Call) => (all: readonly Scored[]) => readonly Scored[]) =>
  (call: Call): Reply => {
    const [key = ''] = call.args
    const choose = chosen(call)
    const members = choose(ordered(call, key)).map(([member]) => member)
    return remove(call, key, members)
  }

const score = (call: Call, member = ''): Reply => {
  const found = scoresAt(call, call.args[0]).get(member)
  return found === undefined ? null : { double: found }
}

export const sortedSetCommands: readonly Command[] = [
  command('ZADD', -4, add),
  command('ZINCRBY', 4, (call) => {
    const [key = '', by = '', member = ''] = call.args
    return put(call, key, [[member, doubleOf(by)]], new Set(['INCR']))
  }),
  command('ZREM', -3, (call) => remove(call, call.args[0] ?? '', call.args.slice(1))),
  command('ZSCORE', 3, (call) => score(call, call.args[1])),
  command('ZMSCORE', -3, (call) => call.args.slice(1).map((member) => score(call, member))),
  command('ZCARD', 2, (call) => scoresAt(call, call.args[0]).size),
  command('ZCOUNT', 4, counting(within)),
  command('ZRANGE', -4, range),
  command('ZREVRANGE', -4, rangeBy('rank', true)),
  command('ZRANGEBYSCORE', -4, rangeBy('score', false)),
  command('ZREVRANGEBYSCORE', -4, rangeBy('score', true)),
  command('ZRANGEBYLEX', -4, rangeBy('name', false)),
  command('ZREVRANGEBYLEX', -4, rangeBy('name', true)),
  command('ZLEXCOUNT', 4, counting(withinNames)),
  command('ZREMRANGEBYLEX', 4, removing(chosenBetween(withinNames))),
  command('ZRANK', 3, rank(false)),
  command('ZREVRANK', 3, rank(true)),
  command('ZPOPMIN', -2, pop(false)),
  command('ZPOPMAX', -2, pop(true)),
  command('BZPOPMIN', -3, waitingPop('ZPOPMIN')),
  command('BZPOPMAX', -3, waitingPop('ZPOPMAX')),
  command('ZREMRANGEBYSCORE', 4, removing(chosenBetween(within))),
  command(
    'ZREMRANGEBYRANK',
    4,
    removing(({ args: [, first = '', last = ''] }) => {
      boundsOf(first, last, 0)
      return (all) => all.slice(...boundsOf(first, last, all.length))
    }),
  ),
  command('ZSCAN', -3, (call) => {
    const scores = scoresAt(call, call.args[0])
    const item = (member: string): readonly Reply[] => [member, doubleText(scores.get(member) ?? 0)]
    return scanned(call, 1, [...scores.keys()], { item, whole: PAGED_FROM })
  }),
]
