import { fail, lineOfCaller } from '../errors.ts'
import { toText } from '../numbers.ts'
import { incomparableText, isLess, metamethod, rawSet } from '../operators.ts'
import type { LuaTable } from '../table.ts'
import { isTrue, LuaError, type LuaFunction, type LuaValue, NO_RESULTS, typeName } from '../values.ts'
import { type Arguments, libraryTable, named } from './arguments.ts'
import { unpack } from './base.ts'

function insert(args: Arguments): readonly LuaValue[] {
  const table = args.table(0)
  const end = table.length + 1
  if (args.values.length === 2) rawSet(table, end, args.values[1])
  else if (args.values.length === 3) {
    const at = args.integer(1)
    for (let i = Math.max(end, at); i > at; i--) rawSet(table, i, table.get(i - 1))
    rawSet(table, at, args.values[2])
  } else fail("wrong number of arguments to 'insert'")
  return NO_RESULTS
}

function remove(args: Arguments): readonly LuaValue[] {
  const table = args.table(0)
  const { length } = table
  const at = args.integerOr(1, length)
  if (at < 1 || at > length) return NO_RESULTS
  const removed = table.get(at)
  for (let i = at; i < length; i++) rawSet(table, i, table.get(i + 1))
  rawSet(table, length, undefined)
  return [removed]
}

function join(args: Arguments): string {
  const [table, separator] = [args.table(0), args.textOr(1, '')]
  const [from, to] = [args.integerOr(2, 1), args.integerOr(3, table.length)]
  const parts: string[] = []
  for (let i = from; i <= to; i++) {
    const value = table.get(i)
    const text = toText(value)
    if (text === undefined) fail(`invalid value (${typeName(value)}) at index ${i} in table for 'concat'`)
    else parts.push(text)
  }
  return parts.join(separator)
}

function maximum(args: Arguments): number {
  let most = 0
  for (const [key] of args.table(0).entries()) if (typeof key === 'number' && key > most) most = key
  return most
}

function each(args: Arguments, places: 'all' | 'items'): readonly LuaValue[] {
  const [table, called] = [args.table(0), args.function(1)]
  const visit = (key: LuaValue, value: LuaValue): LuaValue => called(key, value)[0]
  if (places === 'items') {
    const { length } = table
    for (let i = 1; i <= length; i++) {
      const found = visit(i, table.get(i))
      if (found !== undefined) return [found]
    }
    return NO_RESULTS
  }
  for (const entry of table.entries()) {
    const found = visit(...entry)
    if (found !== undefined) return [found]
  }
  return NO_RESULTS
}

/** Compares two items of a sort. Its error names no line of the script, because a library function raises the error. */
function isLessOfLibrary(one: LuaValue, other: LuaValue): boolean {
  const type = typeof one
  if (type === typeof other && (type === 'number' || type === 'string')) return isLess(one, other)
  if (metamethod(one, '__lt') !== undefined) return isLess(one, other)
  throw new LuaError(incomparableText(one, other), lineOfCaller())
}

/** Sorts with Lua's quicksort, because the order of equal items depends on the algorithm. */
function sort(table: LuaTable, less: (one: LuaValue, other: LuaValue) => boolean): void {
  const swap = (i: number, j: number): void => {
    const [one, other] = [table.get(i), table.get(j)]
    table.set(i, other)
    table.set(j, one)
  }
  const order = (i: number, j: number): boolean => {
    const isWrong = less(table.get(j), table.get(i))
    if (isWrong) swap(i, j)
    return isWrong
  }
  const partition = (low: number, high: number): number => {
    const pivot = table.get(high - 1)
    let [i, j] = [low, high - 1]
    for (;;) {
      for (i++; less(table.get(i), pivot); i++) if (i > high) fail('invalid order function for sorting')
      for (j--; less(pivot, table.get(j)); j--) if (j < low) fail('invalid order function for sorting')
      if (j < i) break
      swap(i, j)
    }
    swap(high - 1, i)
    return i
  }
  const sortPart = (from: number, to: number): void => {
    let [low, high] = [from, to]
    while (low < high) {
      order(low, high)
      if (high - low === 1) break
      const middle = Math.floor((low + high) / 2)
      if (!order(low, middle)) order(middle, high)
      if (high - low === 2) break
      swap(middle, high - 1)
      const i = partition(low, high)
      if (i - low < high - i) {
        sortPart(low, i - 1)
        low = i + 1
      } else {
        sortPart(i + 1, high)
        high = i - 1
      }
    }
  }
  sortPart(1, table.length)
}

function sorted(args: Arguments): readonly LuaValue[] {
  const table = args.table(0)
  const compare: LuaFunction | undefined = args.values[1] === undefined ? undefined : args.function(1)
  if (table.isReadOnly) fail('Attempt to modify a readonly table')
  sort(table, compare === undefined ? isLessOfLibrary : (one, other) => isTrue(compare(one, other)[0]))
  return NO_RESULTS
}

export const tableLibrary: LuaTable = libraryTable(
  named(
    { concat: join, getn: (args) => args.table(0).length, maxn: maximum },
    {
      insert,
      remove,
      sort: sorted,
      unpack,
      foreach: (args) => each(args, 'all'),
      foreachi: (args) => each(args, 'items'),
      setn: () => fail("'setn' is obsolete"),
    },
  ),
)
