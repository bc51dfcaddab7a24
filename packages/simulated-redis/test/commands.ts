import fc from 'fast-check'

const key = fc.constantFrom('a', 'b', 'c', 'd')
const word = fc.constantFrom('', 'x', 'y', 'zz', '1', '-7', '10', '2.5', '9223372036854775807', 'é', 'a*')
const whole = fc.constantFrom('-3', '-1', '0', '1', '2', '5', 'x')
const score = fc.constantFrom('-1', '0', '1', '2', '2.5', 'inf', '-inf', 'x')
const bound = fc.constantFrom('-inf', '+inf', '0', '(1', '1', '(2', '2.5', 'x')
const field = fc.constantFrom('f', 'g', 'h')
const place = fc.constantFrom('-100', '-2', '-1', '0', '1', '2', '100')
const side = fc.constantFrom('LEFT', 'RIGHT', 'left')
/** Times to live. The valid ones are so long that no key expires during a test. */
const seconds = fc.constantFrom('1000', '2000', '-1', '0', 'x')

const moment = fc.constantFrom('1000', '99999999999000', '99999999999999')

type Part = fc.Arbitrary<string | readonly string[]>

const line = (name: string, ...parts: readonly Part[]): fc.Arbitrary<readonly string[]> =>
  fc.tuple(...parts).map((words) => [name, ...words.flat()])
const some = (part: fc.Arbitrary<string>, most = 3): Part => fc.array(part, { minLength: 1, maxLength: most })
const options = (...words: readonly string[]): Part => fc.subarray([...words])
const maybe = (...words: readonly string[]): Part => fc.constantFrom<readonly string[]>([], words)
const pairs = (one: fc.Arbitrary<string>, other: fc.Arbitrary<string>): Part =>
  fc.array(fc.tuple(one, other), { minLength: 1, maxLength: 3 }).map((found) => found.flat())

const strings = [
  line('GET', key),
  line('SET', key, word, options('NX', 'GET')),
  line('SET', key, word, options('XX', 'KEEPTTL', 'GET')),
  line('SET', key, word, fc.constant('EX'), seconds),
  line('SET', key, word, fc.constant('EXAT'), fc.constantFrom('99999999999', '0')),
  line('SET', key, word, fc.constant('PX'), fc.constantFrom('1000000', '0')),
  line('SETNX', key, word),
  line('SETEX', key, seconds, word),
  line('GETEX', key, fc.constantFrom<readonly string[]>([], ['PERSIST'], ['EX', '1000'])),
  line('GETSET', key, word),
  line('GETDEL', key),
  line('INCR', key),
  line('DECR', key),
  line('INCRBY', key, word),
  line('DECRBY', key, word),
  line('INCRBYFLOAT', key, fc.constantFrom('0.1', '1e3', '-2.5', '3', '200.0003', 'x')),
  line('APPEND', key, word),
  line('STRLEN', key),
  line('MGET', some(key)),
  line('MSET', pairs(key, word)),
  line('MSETNX', pairs(key, word)),
  line('GETRANGE', key, place, place),
  line('SETRANGE', key, fc.constantFrom('0', '2', '-1'), word),
]

const keys = [
  line('DEL', some(key)),
  line('UNLINK', key),
  line('EXISTS', some(key)),
  line('EXPIRE', key, seconds, options('NX', 'XX')),
  line('PEXPIREAT', key, moment, options('NX', 'GT')),
  line('PEXPIREAT', key, moment, options('XX', 'LT', 'GT')),
  line('PEXPIREAT', key, moment),
  line('TTL', key),
  line('PERSIST', key),
  line('TYPE', key),
  line('KEYS', fc.constantFrom('*', '[ab]', '[^a]', '?', 'x*', '\\a', '[a-c]')),
  line('RENAME', key, key),
  line('RENAMENX', key, key),
  line('DBSIZE'),
  line('SELECT', fc.constantFrom('0', '1', '99', 'x')),
  line('FLUSHDB'),
]

const hashes = [
  line('HSET', key, pairs(field, word)),
  line('HMSET', key, pairs(field, word)),
  line('HSETNX', key, field, word),
  line('HGET', key, field),
  line('HMGET', key, some(field)),
  line('HGETALL', key),
  line('HDEL', key, some(field)),
  line('HEXISTS', key, field),
  line('HKEYS', key),
  line('HVALS', key),
  line('HLEN', key),
  line('HSTRLEN', key, field),
  line('HINCRBY', key, field, word),
  line('HINCRBYFLOAT', key, field, fc.constantFrom('0.1', '5')),
]

const lists = [
  line('LPUSH', key, some(word)),
  line('RPUSH', key, some(word)),
  line('LPUSHX', key, word),
  line('RPUSHX', key, word),
  line('LPOP', key),
  line('LPOP', key, whole),
  line('RPOP', key),
  line('LLEN', key),
  line('LRANGE', key, place, place),
  line('LINDEX', key, place),
  line('LSET', key, place, word),
  line('LREM', key, whole, word),
  line('LTRIM', key, place, place),
  line('LPOS', key, word, maybe('RANK', '-1'), maybe('COUNT', '0'), maybe('MAXLEN', '2')),
  line('LINSERT', key, fc.constantFrom('BEFORE', 'after', 'x'), word, word),
  line('LMOVE', key, key, side, side),
  line('RPOPLPUSH', key, key),
]

const sets = [
  line('SADD', key, some(word)),
  line('SREM', key, some(word)),
  line('SISMEMBER', key, word),
  line('SMISMEMBER', key, some(word)),
  line('SMEMBERS', key),
  line('SCARD', key),
  line('SUNION', some(key)),
  line('SINTER', some(key)),
  line('SDIFF', some(key)),
  line('SUNIONSTORE', key, some(key)),
  line('SINTERSTORE', key, some(key)),
  line('SDIFFSTORE', key, some(key)),
  line('SMOVE', key, key, word),
]

const name = fc.constantFrom('-', '+', '[x', '(x', '[1', '(zz', '[', 'x')

/** The key of a sorted set with equal scores. With different scores, the result of a range of names is undefined. */
const named = fc.constant('names')

const sortedSets = [
  line('ZRANGEBYLEX', named, name, name, maybe('LIMIT', '1', '2')),
  line('ZREVRANGEBYLEX', named, name, name),
  line('ZRANGE', named, name, name, fc.constant('BYLEX'), options('REV')),
  line('ZLEXCOUNT', named, name, name),
  line('ZREMRANGEBYLEX', named, name, name),
  line('ZADD', named, fc.constant('0'), word),
  line('ZREM', named, word),
  line('ZADD', key, options('NX', 'CH'), pairs(score, word)),
  line('ZADD', key, options('XX', 'GT', 'INCR'), pairs(score, word)),
  line('ZADD', key, options('LT', 'CH', 'XX'), pairs(score, word)),
  line('ZINCRBY', key, score, word),
  line('ZREM', key, some(word)),
  line('ZSCORE', key, word),
  line('ZMSCORE', key, some(word)),
  line('ZCARD', key),
  line('ZCOUNT', key, bound, bound),
  line('ZRANGE', key, place, place, options('REV', 'WITHSCORES')),
  line('ZRANGE', key, bound, bound, fc.constant('BYSCORE'), options('REV', 'WITHSCORES'), maybe('LIMIT', '1', '2')),
  line('ZRANGEBYSCORE', key, bound, bound, maybe('WITHSCORES'), maybe('LIMIT', '0', '-1')),
  line('ZREVRANGEBYSCORE', key, bound, bound, maybe('LIMIT', '1', '1')),
  line('ZREVRANGE', key, place, place),
  line('ZRANK', key, word),
  line('ZREVRANK', key, word),
  line('ZPOPMIN', key),
  line('ZPOPMAX', key, whole),
  line('ZREMRANGEBYSCORE', key, bound, bound),
  line('ZREMRANGEBYRANK', key, place, place),
]

const id = fc.constantFrom('1-1', '1-2', '2', '3-0', '3-*', '5-5', '0-0', '7-*', '9', 'x')
const edge = fc.constantFrom('-', '+', '1', '(1-1', '2-0', '3', '(3-0', '5-5', '9')
const group = fc.constantFrom('g', 'h')
const consumer = fc.constantFrom('m', 'n')
const idle = fc.constantFrom('0', '0', '1000000')
/** The keys of streams. Other commands seldom use them, so that they seldom have a value of another type. */
const stream = fc.constantFrom('s', 's', 't', 'a')

const streams = [
  line('XADD', stream, maybe('NOMKSTREAM'), id, pairs(field, word)),
  line('XADD', stream, id, pairs(field, word)),
  line('XADD', stream, fc.constant('MAXLEN'), maybe('='), fc.constantFrom('1', '3', '-1'), id, pairs(field, word)),
  line(
    'XADD',
    stream,
    fc.constantFrom<readonly string[]>(['MAXLEN', '~', '2'], ['MINID', '2']),
    id,
    pairs(field, word),
  ),
  line('XADD', stream, id, field),
  line('XLEN', stream),
  line('XRANGE', stream, edge, edge, maybe('COUNT', '2')),
  line('XREVRANGE', stream, edge, edge, maybe('COUNT', '1')),
  line('XDEL', stream, some(id)),
  line('XTRIM', stream, fc.constantFrom('MAXLEN', 'MINID'), maybe('='), fc.constantFrom('1', '2', '3')),
  line('XTRIM', stream, fc.constant('MAXLEN'), fc.constantFrom('1', '2'), fc.constant('LIMIT'), fc.constant('1')),
  line('XREAD', maybe('COUNT', '1'), fc.constant('STREAMS'), stream, fc.constantFrom('0', '1-1', '$', '3', '>')),
  line('XREAD', fc.constant('STREAMS'), fc.constantFrom(['s', 't', '0', '0'], ['s', 't', '0'], ['s', 'a', '2', '$'])),
  line('XSETID', stream, id),
  line('XGROUP', fc.constant('CREATE'), stream, group, fc.constantFrom('0', '$', '2'), maybe('MKSTREAM')),
  line('XGROUP', fc.constant('CREATE'), stream, group, fc.constantFrom('0', '$'), fc.constant('MKSTREAM')),
  line('XGROUP', fc.constant('SETID'), stream, group, fc.constantFrom('0', '$', '3')),
  line('XGROUP', fc.constantFrom('DESTROY', 'CREATE', 'DELCONSUMER'), stream, group),
  line('XGROUP', fc.constantFrom('CREATECONSUMER', 'DELCONSUMER'), stream, group, consumer),
  line(
    'XREADGROUP',
    ...[fc.constant('GROUP'), group, consumer, maybe('COUNT', '2'), maybe('NOACK'), fc.constant('STREAMS')],
    ...[stream, fc.constantFrom('>', '>', '>', '0', '1-2', '$')],
  ),
  line('XACK', stream, group, some(id)),
  line('XPENDING', stream, group),
  line('XPENDING', stream, group, maybe('IDLE', '0'), edge, edge, fc.constantFrom('10', '1'), options('m')),
  line('XCLAIM', stream, group, consumer, idle, some(id), options('FORCE', 'JUSTID'), maybe('RETRYCOUNT', '7')),
  line('XCLAIM', stream, group, consumer, idle, some(id), maybe('LASTID', '5-5')),
  line('XAUTOCLAIM', stream, group, consumer, idle, fc.constantFrom('0', '2'), maybe('COUNT', '1'), options('JUSTID')),
  line('XINFO', fc.constantFrom('STREAM', 'GROUPS'), stream),
]

const transactions = [line('MULTI'), line('EXEC'), line('DISCARD'), line('WATCH', some(key)), line('UNWATCH')]

const rest = [line('PING'), line('ECHO', word), line('GET'), line('AUTH', word), line('PUBLISH', key, word)]

const families = [strings, keys, hashes, lists, sets, sortedSets, streams]

const SCRIPTS = [
  'return redis.call(unpack(ARGV))',
  'return redis.pcall(unpack(ARGV))',
  'redis.setresp(3) return redis.call(unpack(ARGV))',
  "local reply = redis.pcall(unpack(ARGV)) return type(reply) == 'table' and #reply or type(reply)",
]

/** Runs the commands from a script. A script converts each reply twice: from Redis to Lua and back. */
const scripts = fc
  .tuple(
    fc.constantFrom('EVAL', 'EVAL', 'EVAL_RO'),
    fc.constantFrom(...SCRIPTS),
    fc.oneof(...families.map((family) => fc.oneof(...family)), fc.oneof(...transactions)),
  )
  .map(([name, script, words]) => [name, script, '0', ...words])

/** Commands whose replies do not depend on a server's clock and random numbers. */
export const anyCommand: fc.Arbitrary<readonly string[]> = fc.oneof(
  ...[...families, transactions, rest].map((family) => fc.oneof(...family)),
  scripts,
)
