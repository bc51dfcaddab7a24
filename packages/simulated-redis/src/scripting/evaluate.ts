import type { Call } from '../command.ts'
import { CommandError, UnknownCommand, WrongWordCount } from '../failures.ts'
import { type Chunk, compile, LuaSyntaxError } from '../lua/compiler/compile.ts'
import { Machine } from '../lua/compiler/machine.ts'
import { CHUNK, plainText, ScriptRefusal } from '../lua/errors.ts'
import { LuaTable } from '../lua/table.ts'
import { LuaError, type LuaFunction } from '../lua/values.ts'
import type { Reply } from '../reply.ts'
import { createSession } from '../session.ts'
import type { Store } from '../store.ts'
import { sha1 } from './cache.ts'
import { replyOf } from './convert.ts'
import { type Running, redisLibrary } from './redis-library.ts'

export interface Evaluation {
  readonly source: string
  readonly keys: readonly string[]
  readonly args: readonly string[]
  readonly isReadOnly: boolean
}

const MOST_COMPILED = 1_000
/** Compiled scripts by their text, shared by runs. */
const compiled = new Map<string, Chunk>()

/** @throws LuaSyntaxError, ScriptRefusal */
function chunkOf(source: string): Chunk {
  const known = compiled.get(source)
  if (known !== undefined) return known
  const chunk = compile(source)
  if (compiled.size >= MOST_COMPILED) compiled.clear()
  compiled.set(source, chunk)
  return chunk
}

class Scripting {
  readonly #machine: Machine
  readonly #functions = new Map<Chunk, LuaFunction>()
  #running: Running | undefined

  constructor(store: Store) {
    const running = (): Running => {
      if (this.#running === undefined) throw new Error('no script runs')
      return this.#running
    }
    this.#machine = new Machine({ redis: redisLibrary(running) }, () => store.draw())
  }

  run(chunk: Chunk, running: Running, { keys, args }: Evaluation): Reply {
    const script = this.#functions.get(chunk) ?? chunk(this.#machine)
    this.#functions.set(chunk, script)
    this.#running = running
    const value = this.#machine.run(script, { KEYS: LuaTable.of(keys), ARGV: LuaTable.of(args) })
    return replyOf(value, running.protocol)
  }
}

const servers = new WeakMap<Store, Scripting>()

function scriptingOf(store: Store): Scripting {
  const scripting = servers.get(store) ?? new Scripting(store)
  servers.set(store, scripting)
  return scripting
}

/** Compiles a script and stores it for `EVALSHA`. Returns its SHA-1. @throws CommandError, UnknownCommand */
export function load(store: Store, source: string): string {
  const hash = sha1(source)
  if (store.scripts.has(hash)) return hash
  orRefused(hash, () => chunkOf(source))
  store.scripts.set(hash, source)
  return hash
}

/** Runs a script atomically. @throws CommandError, UnknownCommand */
export function evaluate(call: Call, evaluation: Evaluation): Reply {
  const hash = load(call.store, evaluation.source)
  return orRefused(hash, () => {
    const running: Running = { protocol: 2, perform: performing(call, evaluation.isReadOnly) }
    return scriptingOf(call.store).run(chunkOf(evaluation.source), running, evaluation)
  })
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Commands that scripts cannot call: commands about connections, transactions and scripts, and commands that wait. */
export const NOT_FROM_SCRIPTS: ReadonlySet<string> = words(`
  AUTH HELLO CLIENT QUIT RESET MULTI EXEC DISCARD WATCH UNWATCH SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE
  EVAL EVALSHA EVAL_RO EVALSHA_RO SCRIPT BLPOP BRPOP BLMOVE BRPOPLPUSH BZPOPMIN BZPOPMAX`)

/** Commands that a read-only script cannot call. */
export const WRITES: ReadonlySet<string> = words(`
  APPEND BLMOVE BLPOP BRPOP BRPOPLPUSH BZPOPMAX BZPOPMIN DECR DECRBY DEL EXPIRE EXPIREAT FLUSHALL FLUSHDB GETDEL GETEX
  GETSET HDEL HINCRBY HINCRBYFLOAT HMSET HSET HSETNX INCR INCRBY INCRBYFLOAT LINSERT LMOVE LPOP LPUSH LPUSHX LREM LSET
  LTRIM MSET MSETNX PERSIST PEXPIRE PEXPIREAT PSETEX RENAME RENAMENX RPOP RPOPLPUSH RPUSH RPUSHX SADD SDIFFSTORE SET
  SETEX SETNX SETRANGE SINTERSTORE SMOVE SPOP SREM SUNIONSTORE UNLINK XACK XADD XAUTOCLAIM XCLAIM XDEL XGROUP
  XREADGROUP XSETID XTRIM ZADD ZINCRBY ZPOPMAX ZPOPMIN ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE`)

function performing({ session, perform, requireRunnable }: Call, isReadOnly: boolean): Running['perform'] {
  // A script's `SELECT` must not change the client's database.
  const own = createSession(session.id)
  own.database = session.database
  return (words) => {
    const name = (words[0] ?? '').toUpperCase()
    requireFit(requireRunnable, words)
    if (NOT_FROM_SCRIPTS.has(name)) throw new CommandError('ERR This Redis command is not allowed from script')
    if (isReadOnly && WRITES.has(name))
      throw new CommandError('ERR Write commands are not allowed from read-only scripts.')
    if (/^XREAD(GROUP)?$/.test(name) && words.some((word) => word.toUpperCase() === 'BLOCK'))
      throw new CommandError(`ERR ${name.toLowerCase()} command is not allowed with BLOCK option from scripts`)
    return perform(own, words)
  }
}

function requireFit(requireRunnable: Call['requireRunnable'], words: readonly string[]): void {
  try {
    requireRunnable(words)
  } catch (error) {
    if (!(error instanceof WrongWordCount)) throw error
    throw new CommandError('ERR Wrong number of args calling Redis command from script')
  }
}

/** Maps a script's failure to the error reply that Redis sends. */
function orRefused<T>(hash: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof LuaSyntaxError)
      throw new CommandError(`ERR Error compiling script (new function): ${error.message}`)
    if (error instanceof LuaError) throw new CommandError(errorText(error, hash))
    if (error instanceof ScriptRefusal) {
      const place = error.line === undefined ? 'the' : `line ${error.line} of the`
      throw new UnknownCommand(`${error.what}, in ${place} Lua script ${hash},`, error.because)
    }
    // A RangeError, such as a stack overflow, shows a limit of Node. Redis might execute the same script without an
    // error.
    if (error instanceof RangeError)
      throw new UnknownCommand(
        `the Lua script ${hash}`,
        `exceeds a limit of Node.js that Redis may not have: ${error.message}`,
      )
    throw error
  }
}

function errorText({ value, line }: LuaError, hash: string): string {
  const message = value instanceof LuaTable ? value.get('err') : `ERR ${plainText(value)}`
  if (typeof message !== 'string')
    throw new UnknownCommand(`an error that is a table without err, in the Lua script ${hash},`, 'crashes some servers')
  return `${message} script: ${hash}, on @${CHUNK}:${line}.`.replaceAll(/[\r\n]/g, ' ')
}
