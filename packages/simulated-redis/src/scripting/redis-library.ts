import { CommandError, UnknownCommand } from '../failures.ts'
import { lineOfCaller, refuse } from '../lua/errors.ts'
import { type Library, libraryTable } from '../lua/library/arguments.ts'
import { significant, toText } from '../lua/numbers.ts'
import { LuaTable } from '../lua/table.ts'
import { LuaError, type LuaFunction, type LuaValue, NO_RESULTS } from '../lua/values.ts'
import type { Reply } from '../reply.ts'
import { sha1 } from './cache.ts'
import { field, luaOf } from './convert.ts'

export interface Running {
  protocol: 2 | 3
  /** @throws CommandError, UnknownCommand */
  readonly perform: (words: readonly string[]) => Reply
}

const VERSION = [7, 2, 0] as const

const raise = (message: string): never => {
  throw new LuaError(field('err', message), lineOfCaller())
}

/** Returns an error reply. The text may have the form `-CODE message`, or be only a message. */
function errorTable(text: string): LuaTable {
  if (!text.startsWith('-')) return field('err', `ERR ${text}`)
  const trimmed = text.replace(/[\r\n]+$/, '').slice(1)
  return field('err', trimmed.includes(' ') ? trimmed : `ERR ${trimmed}`)
}

/** Returns a word of a command. A number gets 17 digits, so that different numbers have different words. */
function wordOf(value: LuaValue): string | undefined {
  return typeof value === 'number' ? significant(value, 17) : typeof value === 'string' ? value : undefined
}

/** Runs a command. An error is raised or returned. */
function performed(running: Running, args: readonly LuaValue[], raises: boolean): readonly LuaValue[] {
  const words = args.map(wordOf)
  const wrong = wrongWords(words)
  const value =
    wrong === undefined ? luaOf(replyTo(running, words as readonly string[]), running.protocol) : field('err', wrong)
  if (raises && value instanceof LuaTable && value.get('err') !== undefined) throw new LuaError(value, lineOfCaller())
  return [value]
}

function wrongWords(words: readonly (string | undefined)[]): string | undefined {
  if (words.length === 0) return 'ERR Please specify at least one argument for this redis lib call'
  return words.includes(undefined) ? 'ERR Lua redis lib command arguments must be strings or integers' : undefined
}

function replyTo(running: Running, words: readonly string[]): Reply {
  try {
    return running.perform(words)
  } catch (error) {
    if (error instanceof CommandError) return { error: error.message }
    if (error instanceof UnknownCommand) return refuse(error.what, error.because)
    throw error
  }
}

/**
 * Returns a Lua function that takes one text. With other arguments, the function returns an error instead of raising
 * it.
 */
const fromText =
  (make: (text: string) => LuaTable): LuaFunction =>
  (...args) =>
    typeof args[0] === 'string' && args.length === 1
      ? [make(args[0])]
      : [errorTable('wrong number or type of arguments')]

const REFUSED = ['breakpoint', 'debug', 'set_repl', 'acl_check_cmd']

/** Returns the library `redis`. */
export function redisLibrary(running: () => Running): LuaTable {
  const functions: Library = {
    call: (...args) => performed(running(), args, true),
    pcall: (...args) => performed(running(), args, false),
    error_reply: fromText((text) => errorTable(text.startsWith('-') ? text : `-${text}`)),
    status_reply: fromText((text) => field('ok', text)),
    sha1hex: (...args) => [sha1(args.length === 1 ? (toText(args[0]) ?? '') : raise('ERR wrong number of arguments'))],
    setresp: (...args) => {
      if (args.length !== 1) return raise('ERR redis.setresp() requires one argument.')
      if (args[0] !== 2 && args[0] !== 3) return raise('ERR RESP version must be 2 or 3.')
      running().protocol = args[0]
      return NO_RESULTS
    },
    log: (...args) => {
      if (args.length < 2) return raise('ERR redis.log() requires two arguments or more.')
      if (typeof args[0] !== 'number') return raise('ERR First argument must be a number (log level).')
      // The simulated server has no log.
      return NO_RESULTS
    },
    replicate_commands: () => [true],
    ...Object.fromEntries(REFUSED.map((name) => [name, () => refuse(`redis.${name}`)])),
  }
  const [major, minor, patch] = VERSION
  return libraryTable(functions, {
    ...{ LOG_DEBUG: 0, LOG_VERBOSE: 1, LOG_NOTICE: 2, LOG_WARNING: 3 },
    ...{ REPL_NONE: 0, REPL_AOF: 1, REPL_SLAVE: 2, REPL_REPLICA: 2, REPL_ALL: 3 },
    REDIS_VERSION: VERSION.join('.'),
    REDIS_VERSION_NUM: major * 0x10000 + minor * 0x100 + patch,
  })
}
