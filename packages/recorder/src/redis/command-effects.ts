import type { Json } from '@chaosproxy/history'

/** The keys that a command may change. */
export type Effect = 'nothing' | 'everything' | readonly Json[]

type KeyFinder = (words: readonly Json[]) => readonly Json[] | undefined

interface Group {
  /** If a finder returns undefined, the command may change every key. */
  readonly changes: 'nothing' | 'everything' | KeyFinder
  readonly commands: string
}

const first: KeyFinder = (words) => words.slice(1, 2)
const second: KeyFinder = (words) => words.slice(2, 3)
const firstTwo: KeyFinder = (words) => words.slice(1, 3)
const all: KeyFinder = (words) => words.slice(1)
/** All words between the name and the timeout are keys. */
const allButLast: KeyFinder = (words) => words.slice(1, -1)
const pairs: KeyFinder = (words) => words.slice(1).filter((_, i) => i % 2 === 0)

/** The destination of a COPY, unless it is in another database. */
const copied: KeyFinder = (words) => (words.slice(3).some((word) => isWord(word, 'DB')) ? undefined : words.slice(2, 3))

/** Finds the keys that follow a count of keys. The count is the word at `place`. */
const counted =
  (place: number, each = 1): KeyFinder =>
  (words) => {
    const count = Number(words[place])
    if (!Number.isSafeInteger(count) || count < 0 || place + count * each >= words.length) return undefined
    return Array.from({ length: count }, (_, i) => words[place + 1 + i * each] ?? null)
  }

const streams: KeyFinder = (words) => {
  const at = words.findIndex((word) => isWord(word, 'STREAMS'))
  return at === -1 ? undefined : words.slice(at + 1, at + 1 + Math.floor((words.length - at - 1) / 2))
}

const stored: KeyFinder = (words) => words.filter((_, i) => isStore(words[i - 1]))

const isStore = (word: Json | undefined): boolean => isWord(word, 'STORE') || isWord(word, 'STOREDIST')

export const isWord = (word: Json | undefined, wanted: string): boolean =>
  typeof word === 'string' && word.toUpperCase() === wanted

/**
 * The commands of Redis 7, Redis 8 and Valkey 9, grouped by which keys they change. `NAME|SUB` is a subcommand whose
 * effect differs from that of `NAME`. A command in no group may change every key.
 */
const groups: readonly Group[] = [
  {
    changes: 'nothing',
    commands: `
      BITCOUNT BITFIELD_RO BITPOS DBSIZE DIGEST DUMP EVALSHA_RO EVAL_RO EXISTS EXPIRETIME FCALL_RO GEODIST GEOHASH GEOPOS
      GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GET GETBIT GETRANGE HEXISTS HEXPIRETIME HGET HGETALL HKEYS HLEN HMGET
      HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSTRLEN HTTL HVALS KEYS LCS LINDEX LLEN LOLWUT LPOS LRANGE MGET PEXPIRETIME PTTL
      RANDOMKEY SCAN SCARD SDIFF SINTER SINTERCARD SISMEMBER SMEMBERS SMISMEMBER SORT_RO SRANDMEMBER SSCAN STRLEN SUBSTR
      SUNION TOUCH TTL TYPE VCARD VDIM VEMB VGETATTR VINFO VISMEMBER VLINKS VRANDMEMBER VSIM XINFO XLEN XPENDING XRANGE
      XREAD XREVRANGE ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE
      ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION
      OBJECT PERSIST HPERSIST`,
  },
  // Commands that change no key by themselves. EXEC executes other commands. `POST` and `HOST:` belong to HTTP: Redis
  // closes the connection when it receives one of them.
  {
    changes: 'nothing',
    commands: `
      ACL ASKING AUTH BGREWRITEAOF BGSAVE CLIENT COMMAND COMMANDLOG CONFIG DISCARD ECHO EXEC FUNCTION HELLO INFO LASTSAVE
      LATENCY MEMORY MONITOR MULTI PFSELFTEST PING PSUBSCRIBE PSYNC PUBLISH PUBSUB PUNSUBSCRIBE QUIT READONLY READWRITE
      REPLCONF RESET ROLE SAVE SCRIPT SELECT SENTINEL SLOWLOG SPUBLISH SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SYNC TIME
      UNSUBSCRIBE UNWATCH WAIT WAITAOF WATCH CLUSTER XGROUP|HELP DEBUG|SLEEP DEBUG|OBJECT DEBUG|JMAP DEBUG|HELP
      REPLICAOF|NO SLAVEOF|NO HOST: POST`,
  },
  {
    changes: first,
    commands: `
      APPEND BITFIELD DECR DECRBY DELEX DELIFEQ EXPIRE EXPIREAT GEOADD GETDEL GETEX GETSET HDEL HEXPIRE
      HEXPIREAT HGETDEL HGETEX HINCRBY HINCRBYFLOAT HMSET HPEXPIRE HPEXPIREAT HSET HSETEX HSETNX INCR INCRBY
      INCRBYFLOAT LINSERT LPOP LPUSH LPUSHX LREM LSET LTRIM PEXPIRE PEXPIREAT PFADD PSETEX RESTORE RESTORE-ASKING RPOP
      RPUSH RPUSHX SADD SDIFFSTORE SET SETBIT SETEX SETNX SETRANGE SINTERSTORE SPOP SREM SUNIONSTORE VADD VREM VSETATTR
      XACK XACKDEL XADD XAUTOCLAIM XCLAIM XCFGSET XDEL XDELEX XSETID XTRIM ZADD ZDIFFSTORE ZINCRBY ZINTERSTORE ZPOPMAX
      ZPOPMIN ZRANGESTORE ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZUNIONSTORE GEOSEARCHSTORE PFMERGE`,
  },
  { changes: second, commands: 'BITOP XGROUP PFDEBUG' },
  { changes: copied, commands: 'COPY' },
  { changes: firstTwo, commands: 'BLMOVE BRPOPLPUSH LMOVE RENAME RENAMENX RPOPLPUSH SMOVE' },
  { changes: all, commands: 'DEL UNLINK PFCOUNT' },
  { changes: pairs, commands: 'MSET MSETNX' },
  { changes: allButLast, commands: 'BLPOP BRPOP BZPOPMAX BZPOPMIN' },
  { changes: counted(1), commands: 'LMPOP ZMPOP' },
  { changes: counted(1, 2), commands: 'MSETEX' },
  { changes: counted(2), commands: 'BLMPOP BZMPOP' },
  { changes: streams, commands: 'XREADGROUP' },
  { changes: stored, commands: 'GEORADIUS GEORADIUSBYMEMBER SORT' },
  // Commands that may change unknown keys. Scripts may write undeclared keys, and MOVE writes to another database.
  // FLUSHDB deletes every key of a database.
  {
    changes: 'everything',
    commands: `
      CLUSTER|RESET CLUSTER|FLUSHSLOTS CLUSTER|SETSLOT CLUSTER|FAILOVER CLUSTER|REPLICATE CLUSTER|ADDSLOTS
      CLUSTER|ADDSLOTSRANGE CLUSTER|DELSLOTS CLUSTER|DELSLOTSRANGE CLUSTER|MIGRATION
      DEBUG EVAL EVALSHA FAILOVER FCALL FLUSHALL FLUSHDB MIGRATE MODULE MOVE REPLICAOF SHUTDOWN SLAVEOF SWAPDB`,
  },
]

type Changes = Group['changes']

const changesOf: ReadonlyMap<string, Changes> = new Map(
  groups.flatMap(({ changes, commands }) =>
    commands
      .trim()
      .split(/\s+/)
      .map((name) => [name, changes] as const),
  ),
)

const divided: ReadonlySet<string> = new Set(
  [...changesOf.keys()].flatMap((name) => (name.includes('|') ? [name.slice(0, name.indexOf('|'))] : [])),
)

/** Finds the keys that a script declares. They follow a count of keys. */
const declared = counted(2)

export const isScript = (name: string): boolean => name === 'EVAL' || name === 'EVALSHA' || name === 'FCALL'

export const isKnownToChangeNothing = (name: string): boolean => changesOf.get(name) === 'nothing' && !divided.has(name)

export const isKnownCommand = (name: string): boolean => changesOf.has(name)

export interface EffectOptions {
  /** Whether scripts write only declared keys. Redis does not enforce this. */
  readonly scriptsKeepToKeys: boolean
}

/** @param name the first of the words, in upper case */
export function effectOf(name: string, words: readonly Json[], { scriptsKeepToKeys }: EffectOptions): Effect {
  const changes = scriptsKeepToKeys && isScript(name) ? declared : changesNamed(name, words)
  if (changes === undefined) return 'everything'
  if (typeof changes === 'string') return changes
  const keys = changes(words)
  if (keys === undefined) return 'everything'
  return keys.length === 0 ? 'nothing' : keys
}

function changesNamed(name: string, words: readonly Json[]): Changes | undefined {
  const [, second] = words
  if (divided.has(name) && typeof second === 'string') {
    const ofSubcommand = changesOf.get(`${name}|${second.toUpperCase()}`)
    if (ofSubcommand !== undefined) return ofSubcommand
  }
  return changesOf.get(name)
}
