import type { Json } from '@chaosproxy/history'
import { ok } from '../record/call.ts'
import { type CommandOperation, elementOf, type Interpret } from './answers.ts'
import { amountOf, keeping, type Names, one, type Recognised, read, unsaidSum } from './command-reader.ts'
import { type Lifetime, reportedLifetime } from './lifetime.ts'
import type { KnownScript } from './scripts.ts'

// Scripts of popular packages, compared token by token. They count requests in fixed windows: a counter expires with
// its window.

/** rate-limiter-flexible: `EVAL source 1 key points seconds …` returns count and time to live. */
const FLEXIBLE = `
redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX')
local consumed = redis.call('incrby', KEYS[1], ARGV[1])
local ttl = redis.call('pttl', KEYS[1])
if ttl == -1 then
  redis.call('expire', KEYS[1], ARGV[2])
  ttl = 1000 * ARGV[2]
end
return {consumed, ttl}`

/** rate-limit-redis: `EVAL source 1 key milliseconds` returns count and time to live. */
const INCREMENT = `
local windowMs = tonumber(ARGV[1])
local timeToExpire = redis.call("PTTL", KEYS[1])
if timeToExpire <= 0 then
  redis.call("SET", KEYS[1], 1, "PX", windowMs)
  return { 1, windowMs }
end
local totalHits = redis.call("INCR", KEYS[1])
return { totalHits, timeToExpire }`

/** rate-limit-redis: `EVAL source 1 key` returns the count, if any, and its time to live. */
const GET = `
local totalHits = redis.call("GET", KEYS[1])
local timeToExpire = redis.call("PTTL", KEYS[1])
return { totalHits, timeToExpire }`

/** INCR, and EXPIRE after the first INCR: `EVAL source 1 key time` returns the count. */
const firstExpires = (command: 'EXPIRE' | 'PEXPIRE', first: string, local: string): string => `
local ${local} = redis.call("INCR", KEYS[1])
if ${first} == 1 then redis.call("${command}", KEYS[1], ARGV[1]) end
return ${local}`

const at =
  (place: number, interpret: Interpret): Interpret =>
  (answer, call, index) => {
    const own = elementOf(answer, place)
    return own === undefined ? undefined : interpret(own, call, index)
  }

const placed = (part: CommandOperation, place: number): CommandOperation => ({
  ...part,
  interpret: at(place, part.interpret),
})

/** Describes a call that adds to a counter and returns its count and time to live; undefined for invalid arguments. */
function counted(key: string, amount: Json, afterMs: number): Recognised | undefined {
  const points = amountOf(amount)
  if (points === undefined || !(afterMs > 0)) return undefined
  const lifetime = reportedLifetime(key, afterMs, (answer) => elementOf(answer, 1))
  return { ...one(placed(keeping(unsaidSum(key, points)), 0)), lifetimes: [lifetime] }
}

const ifFirst = (command: 'EXPIRE' | 'PEXPIRE', first: string, local: string): KnownScript => ({
  is: { source: firstExpires(command, first, local) },
  recognise([key = null, ...others], [time = null], names) {
    const afterMs = (amountOf(time) ?? 0) * (command === 'EXPIRE' ? 1000 : 1)
    if (others.length > 0 || afterMs <= 0) return undefined
    const lifetime: Lifetime = { key: names.key(key), afterMs, isSet: (answer) => answer === 1 }
    return { ...one(keeping(unsaidSum(lifetime.key, 1))), lifetimes: [lifetime] }
  },
})

const oneKey =
  (recognise: (key: Json, values: readonly Json[], names: Names) => Recognised | undefined): KnownScript['recognise'] =>
  ([key = null, ...others], values, names) =>
    others.length > 0 ? undefined : recognise(key, values, names)

/** Interprets the result of a GET: a text, or null. */
const interpretCounted: Interpret = (answer) => (answer === null || typeof answer === 'string' ? ok(answer) : undefined)

export const rateLimitScripts: readonly KnownScript[] = [
  {
    is: { source: FLEXIBLE },
    recognise: oneKey((key, [points = null, seconds = null], names) =>
      counted(names.key(key), points, (amountOf(seconds) ?? 0) * 1000),
    ),
  },
  {
    is: { source: INCREMENT },
    recognise: oneKey((key, [windowMs = null], names) => counted(names.key(key), '1', amountOf(windowMs) ?? 0)),
  },
  { is: { source: GET }, recognise: oneKey((key, _, names) => one(placed(read(names.key(key), interpretCounted), 0))) },
  ...(['EXPIRE', 'PEXPIRE'] as const).flatMap((command) =>
    ['current', 'count', 'c', 'v', 'n', 'requests', 'hits', 'val', 'value', 'current_count'].flatMap((local) => [
      ifFirst(command, local, local),
      ifFirst(command, `tonumber(${local})`, local),
    ]),
  ),
]
