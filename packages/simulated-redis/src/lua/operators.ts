import { badOperand, fail } from './errors.ts'
import { toNumber, toText } from './numbers.ts'
import { LuaTable } from './table.ts'
import { isTrue, type LuaFunction, type LuaValue, typeName } from './values.ts'

/** The maximum length of a chain of `__index` and `__newindex`. */
const MOST_LINKS = 100

export const stringMethods: { table: LuaTable | undefined } = { table: undefined }

export const metamethod = (value: LuaValue, name: string): LuaValue =>
  value instanceof LuaTable ? value.metatable?.get(name) : undefined

/** Returns the function that a call invokes. `named` describes the callee in errors. */
export function callable(value: LuaValue, named?: string): LuaFunction {
  if (typeof value === 'function') return value
  const calls = metamethod(value, '__call')
  if (typeof calls === 'function') return (...args) => calls(value, ...args)
  return badOperand('call', value, named)
}

export function index(value: LuaValue, key: LuaValue, named?: string): LuaValue {
  let from = value
  for (let links = 0; links < MOST_LINKS; links++) {
    if (typeof from === 'string') return stringMethods.table?.get(key)
    if (!(from instanceof LuaTable)) return badOperand('index', from, named)
    const found = from.get(key)
    if (found !== undefined || from.metatable === undefined) return found
    const next = from.metatable.get('__index')
    if (next === undefined) return undefined
    if (typeof next === 'function') return next(from, key)[0]
    from = next
  }
  return fail('loop in gettable')
}

export function setIndex(value: LuaValue, key: LuaValue, to: LuaValue, named?: string): void {
  let target = value
  for (let links = 0; links < MOST_LINKS; links++) {
    const table: LuaTable = target instanceof LuaTable ? target : badOperand('index', target, named)
    const next = table.metatable === undefined ? undefined : table.metatable.get('__newindex')
    if (next === undefined || table.get(key) !== undefined) {
      rawSet(table, key, to)
      return
    }
    if (typeof next === 'function') {
      next(table, key, to)
      return
    }
    target = next
  }
  fail('loop in settable')
}

export function rawSet(table: LuaTable, key: LuaValue, value: LuaValue): void {
  if (table.isReadOnly) fail('Attempt to modify a readonly table')
  requireKey(key)
  table.set(key, value)
}

export function requireKey(key: LuaValue): asserts key is NonNullable<LuaValue> {
  if (key === undefined) fail('table index is nil')
  if (typeof key === 'number' && Number.isNaN(key)) fail('table index is NaN')
}

type Arithmetic = (one: LuaValue, other: LuaValue, named?: string, otherNamed?: string) => LuaValue

/**
 * Creates a binary operator. `read` converts the operands. If an operand cannot be converted, the operator calls the
 * metamethod `event`.
 */
const binary =
  <Operand extends LuaValue>(
    event: string,
    does: string,
    read: (value: LuaValue) => Operand | undefined,
    compute: (one: Operand, other: Operand) => LuaValue,
  ): Arithmetic =>
  (one, other, named, otherNamed) => {
    const [left, right] = [read(one), read(other)]
    if (left !== undefined && right !== undefined) return compute(left, right)
    const handler = metamethod(one, event) ?? metamethod(other, event)
    if (handler !== undefined) return callable(handler)(one, other)[0]
    const [wrong, name] = left === undefined ? [one, named] : [other, otherNamed]
    return badOperand(does, wrong, name)
  }

const arithmetic = (event: string, compute: (one: number, other: number) => number): Arithmetic =>
  binary(event, 'perform arithmetic on', toNumber, compute)

const slowAdd = arithmetic('__add', (one, other) => one + other)
const slowSubtract = arithmetic('__sub', (one, other) => one - other)
const slowMultiply = arithmetic('__mul', (one, other) => one * other)

export const add: Arithmetic = (one, other, named, otherNamed) =>
  typeof one === 'number' && typeof other === 'number' ? one + other : slowAdd(one, other, named, otherNamed)
export const subtract: Arithmetic = (one, other, named, otherNamed) =>
  typeof one === 'number' && typeof other === 'number' ? one - other : slowSubtract(one, other, named, otherNamed)
export const multiply: Arithmetic = (one, other, named, otherNamed) =>
  typeof one === 'number' && typeof other === 'number' ? one * other : slowMultiply(one, other, named, otherNamed)
export const divide: Arithmetic = arithmetic('__div', (one, other) => one / other)
export const power: Arithmetic = arithmetic('__pow', powerOf)
/** Returns the remainder with the sign of the divisor. */
export const modulo: Arithmetic = arithmetic('__mod', (one, other) => one - Math.floor(one / other) * other)

/** Returns the power as C's `pow` does: 1 to any power is 1, unlike in JavaScript. */
export function powerOf(base: number, exponent: number): number {
  return base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY) ? 1 : base ** exponent
}

export function negate(value: LuaValue, named?: string): LuaValue {
  const number = toNumber(value)
  if (number !== undefined) return -number
  const handler = metamethod(value, '__unm')
  if (handler !== undefined) return callable(handler)(value, value)[0]
  return badOperand('perform arithmetic on', value, named)
}

export const concatenate: Arithmetic = binary('__concat', 'concatenate', toText, (one, other) => one + other)

export function lengthOf(value: LuaValue, named?: string): LuaValue {
  if (typeof value === 'string' || value instanceof LuaTable) return value.length
  return badOperand('get length of', value, named)
}

function sharedHandler(one: LuaValue, other: LuaValue, event: string): LuaFunction | undefined {
  const handler = metamethod(one, event)
  return handler !== undefined && handler === metamethod(other, event) ? callable(handler) : undefined
}

export function equals(one: LuaValue, other: LuaValue): boolean {
  if (one === other) return true
  if (!(one instanceof LuaTable && other instanceof LuaTable)) return false
  const handler = sharedHandler(one, other, '__eq')
  return handler !== undefined && isTrue(handler(one, other)[0])
}

/** Compares strings byte by byte: Redis uses the C locale. */
export function isLess(one: LuaValue, other: LuaValue): boolean {
  if (typeof one === 'number' && typeof other === 'number') return one < other
  if (typeof one === 'string' && typeof other === 'string') return one < other
  const handler = sharedHandler(one, other, '__lt')
  return handler === undefined ? incomparable(one, other) : isTrue(handler(one, other)[0])
}

export function isAtMost(one: LuaValue, other: LuaValue): boolean {
  if (typeof one === 'number' && typeof other === 'number') return one <= other
  if (typeof one === 'string' && typeof other === 'string') return one <= other
  const handler = sharedHandler(one, other, '__le')
  if (handler !== undefined) return isTrue(handler(one, other)[0])
  const reversed = sharedHandler(other, one, '__lt')
  return reversed === undefined ? incomparable(one, other) : !isTrue(reversed(other, one)[0])
}

function incomparable(one: LuaValue, other: LuaValue): never {
  return fail(incomparableText(one, other))
}

export function incomparableText(one: LuaValue, other: LuaValue): string {
  const [left, right] = [typeName(one), typeName(other)]
  return left === right ? `attempt to compare two ${left} values` : `attempt to compare ${left} with ${right}`
}

const FOR_PARTS = { initial: 'initial value', limit: 'limit', step: 'step' } as const

export function forNumber(value: LuaValue, part: keyof typeof FOR_PARTS): number {
  return toNumber(value) ?? fail(`'for' ${FOR_PARTS[part]} must be a number`)
}
