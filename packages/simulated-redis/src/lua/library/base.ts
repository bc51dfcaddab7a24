import { badArgument, CHUNK, fail, lineOfCaller, plainText, refuse } from '../errors.ts'
import { numberOf } from '../numbers.ts'
import { callable, metamethod, rawSet } from '../operators.ts'
import { LuaTable } from '../table.ts'
import { isTrue, LuaError, type LuaFunction, type LuaValue, typeName } from '../values.ts'
import { type Arguments, type Library, named } from './arguments.ts'

const MOST_RESULTS = 7_999

function textOf(value: LuaValue): string {
  const handler = metamethod(value, '__tostring')
  if (handler === undefined) return plainText(value)
  const text = callable(handler)(value)[0]
  return typeof text === 'string' ? text : fail("'tostring' must return a string to 'print'")
}

function next(args: Arguments): readonly LuaValue[] {
  try {
    return args.table(0).next(args.values[1]) ?? [undefined]
  } catch (error) {
    if (error instanceof RangeError) return fail("invalid key to 'next'")
    throw error
  }
}

function toNumberOfBase(args: Arguments): LuaValue {
  const base = args.integerOr(1, 10)
  if (base === 10) {
    const value = args.any(0)
    return typeof value === 'string' ? numberOf(value) : typeof value === 'number' ? value : undefined
  }
  const text = args.text(0)
  if (base < 2 || base > 36) args.bad(1, 'base out of range')
  const digits = text
    .trim()
    .toLowerCase()
    .replace(base === 16 ? /^0x/ : /^$/, '')
  let value = 0
  if (digits === '') return undefined
  for (const digit of digits) {
    const worth = Number.parseInt(digit, 36)
    if (Number.isNaN(worth) || worth >= base) return undefined
    value = value * base + worth
  }
  return value
}

function select(args: Arguments): readonly LuaValue[] {
  const [which, ...rest] = args.values
  if (which === '#') return [rest.length]
  const at = args.integer(0)
  if (at < 0 && rest.length + at < 0) args.bad(0, 'index out of range')
  if (at === 0) args.bad(0, 'index out of range')
  return rest.slice(at < 0 ? rest.length + at : at - 1)
}

export function unpack(args: Arguments): readonly LuaValue[] {
  const table = args.table(0)
  const from = args.integerOr(1, 1)
  const to = args.integerOr(2, table.length)
  const count = to - from + 1
  if (count > MOST_RESULTS) fail('too many results to unpack')
  return Array.from({ length: Math.max(0, count) }, (_, i) => table.get(from + i))
}

function raise(args: Arguments): never {
  const [value] = args.values
  const level = args.integerOr(1, 1)
  const line = lineOfCaller()
  const at = (typeof value === 'string' || typeof value === 'number') && level > 0 ? lineOfCaller(level) : undefined
  throw new LuaError(at === undefined ? value : `${CHUNK}:${at}: ${plainText(value)}`, line)
}

function assert(args: Arguments): readonly LuaValue[] {
  if (isTrue(args.any(0))) return args.values
  const message = args.textOr(1, 'assertion failed!')
  const line = lineOfCaller()
  throw new LuaError(`${CHUNK}:${line}: ${message}`, line)
}

/**
 * Returns the value that `pcall` returns for an error. For an error of Redis, this is only its text, as in older
 * versions of Redis.
 */
function messageOf(value: LuaValue): LuaValue {
  const message = value instanceof LuaTable ? value.get('err') : undefined
  return typeof message === 'string' ? message : value
}

/**
 * Returns the results of `pcall`. Does not catch a stack overflow, because it may show a limit of Node.js instead of an
 * error in the script.
 */
function protectedCall(act: () => readonly LuaValue[], onError: (value: LuaValue) => LuaValue): readonly LuaValue[] {
  try {
    return [true, ...act()]
  } catch (error) {
    if (error instanceof LuaError) return [false, onError(error.value)]
    throw error
  }
}

function setMetatable(args: Arguments): LuaValue {
  const [table, to] = [args.table(0), args.values[1]]
  if (to !== undefined && !(to instanceof LuaTable)) return args.bad(1, 'nil or table expected')
  if (table.isReadOnly) fail('Attempt to modify a readonly table')
  if (table.metatable?.get('__metatable') !== undefined) fail('cannot change a protected metatable')
  table.metatable = to
  return table
}

function getMetatable(args: Arguments): LuaValue {
  const value = args.any(0)
  if (typeof value === 'string') return refuse('the metatable of strings')
  const metatable = value instanceof LuaTable ? value.metatable : undefined
  return metatable?.get('__metatable') ?? metatable
}

const REFUSED = ['load', 'loadstring', 'collectgarbage', 'gcinfo', 'newproxy', 'getfenv', 'setfenv']

/** Returns the global functions. */
export function baseLibrary(): Library {
  const nextFunction: LuaFunction = (table, key) => {
    const found =
      table instanceof LuaTable ? table.next(key) : badArgument(1, 'next', `table expected, got ${typeName(table)}`)
    return found ?? [undefined]
  }
  const item: LuaFunction = (table, at) => {
    const place = (at as number) + 1
    const value = (table as LuaTable).get(place)
    return value === undefined ? [undefined] : [place, value]
  }
  return {
    ...named(
      {
        type: (args) => typeName(args.any(0)),
        tostring: (args) => textOf(args.any(0)),
        tonumber: toNumberOfBase,
        rawequal: (args) => args.any(0) === args.any(1),
        rawget: (args) => args.table(0).get(args.any(1)),
        rawset: (args) => {
          rawSet(args.table(0), args.any(1), args.any(2))
          return args.values[0]
        },
        setmetatable: setMetatable,
        getmetatable: getMetatable,
      },
      {
        select,
        unpack,
        error: raise,
        assert,
        pairs: (args) => [nextFunction, args.table(0), undefined],
        ipairs: (args) => [item, args.table(0), 0],
        pcall: (args) => {
          const [called, ...rest] = [args.any(0), ...args.values.slice(1)]
          return protectedCall(() => callable(called)(...rest), messageOf)
        },
        xpcall: (args) => {
          const [called, handle] = [args.any(0), args.any(1)]
          return protectedCall(
            () => callable(called)(),
            (value) => callable(handle)(value)[0],
          )
        },
        next,
      },
    ),
    ...Object.fromEntries(REFUSED.map((name) => [name, () => refuse(name)])),
  }
}
