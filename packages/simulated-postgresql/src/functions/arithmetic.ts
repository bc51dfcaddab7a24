import { order } from '../order.ts'
import { SqlError } from '../sql/error.ts'
import { roundHalfEven } from '../types/calendar.ts'
import { asNumber, asNumeric } from '../types/definitions.ts'
import { INT8, outOfRange } from '../types/numbers.ts'
import {
  absoluteNumeric,
  addNumeric,
  ceilingNumeric,
  divideNumeric,
  divisionByZero,
  floorNumeric,
  moduloNumeric,
  multiplyNumeric,
  negateNumeric,
  roundNumeric,
  subtractNumeric,
  truncateNumeric,
} from '../types/numeric.ts'
import type { SqlValue } from '../types/value.ts'
import { type Builtin, type Builtins, taking, unchanged } from './builtin.ts'

type Name = 'int2' | 'int4' | 'int8'

/** Returns any integer as a bigint, so that operators of mixed widths share their code. */
export function wide(value: SqlValue | undefined): bigint {
  return typeof value === 'bigint' ? value : BigInt(asNumber(value))
}

function small(value: number, name: 'int2' | 'int4'): number {
  const limit = name === 'int2' ? 32768 : 2147483648
  if (value < -limit || value >= limit) throw outOfRange({ name: name === 'int2' ? 'smallint' : 'integer' })
  // Adding zero turns -0 into 0.
  return value + 0
}

export function large(value: bigint): bigint {
  if (value < INT8.least || value > INT8.most) throw outOfRange(INT8)
  return value
}

const WIDE: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  pl: (a, b) => a + b,
  mi: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => {
    if (b === 0n) throw divisionByZero()
    return a / b
  },
}

const NARROW: Readonly<Record<string, (a: number, b: number) => number>> = {
  pl: (a, b) => a + b,
  mi: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => {
    if (b === 0) throw divisionByZero()
    return Math.trunc(a / b)
  },
}

/** Returns the operators of all pairs of integer types, such as `int4pl` and `int48mul`. */
function integerOperators(): Builtins {
  const all: Record<string, Builtin> = {}
  const names: readonly Name[] = ['int2', 'int4', 'int8']
  for (const left of names) {
    for (const right of names) {
      const prefix = left === right ? left : left + right.slice('int'.length)
      for (const [operator, apply] of Object.entries(WIDE)) {
        const narrow = NARROW[operator]
        if (left === 'int8' || right === 'int8' || narrow === undefined) {
          all[prefix + operator] = ([a, b]) => large(apply(wide(a), wide(b)))
        } else {
          const name = left === 'int4' || right === 'int4' ? 'int4' : 'int2'
          all[prefix + operator] = ([a, b]) => small(narrow(asNumber(a), asNumber(b)), name)
        }
      }
    }
  }
  return all
}

/** Returns the operators for integers of one width. They check that their results fit. */
function integerFunctions(name: Name): Builtins {
  const make = (value: bigint): SqlValue => (name === 'int8' ? large(value) : small(Number(value), name))
  return {
    [`${name}up`]: unchanged,
    ...taking([wide], {
      [`${name}um`]: (a) => make(-a),
      [`${name}abs`]: (a) => make(a < 0n ? -a : a),
      [`${name}not`]: (a) => make(~a),
    }),
    ...taking([wide, wide], {
      [`${name}mod`]: (a, b) => {
        if (b === 0n) throw divisionByZero()
        return make(a % b)
      },
      [`${name}and`]: (a, b) => make(a & b),
      [`${name}or`]: (a, b) => make(a | b),
      [`${name}xor`]: (a, b) => make(a ^ b),
    }),
  }
}

function floatResult(value: number, infinite: boolean, single: boolean): number {
  const result = single ? Math.fround(value) : value
  if (!Number.isFinite(result) && !Number.isNaN(result) && !infinite) {
    throw new SqlError('22003', 'value out of range: overflow')
  }
  return result
}

function underflow(result: number, zero: boolean): number {
  if (result === 0 && !zero) throw new SqlError('22003', 'value out of range: underflow')
  return result
}

function infinite(a: number, b: number): boolean {
  return !Number.isFinite(a) || !Number.isFinite(b)
}

export function addFloats(a: number, b: number, single = false): number {
  return floatResult(a + b, infinite(a, b), single)
}

function floatOperators(prefix: string, single: boolean): Builtins {
  const finish = (value: number, a: number, b: number) => floatResult(value, infinite(a, b), single)
  return taking([asNumber, asNumber], {
    [`${prefix}pl`]: (a, b) => addFloats(a, b, single),
    [`${prefix}mi`]: (a, b) => finish(a - b, a, b),
    [`${prefix}mul`]: (a, b) => underflow(finish(a * b, a, b), a === 0 || b === 0),
    [`${prefix}div`]: (a, b) => {
      if (b === 0 && !Number.isNaN(a)) throw divisionByZero()
      return underflow(finish(a / b, a, Number.isFinite(b) ? 1 : b), a === 0 || !Number.isFinite(b))
    },
  })
}

const floatFunctions: Builtins = {
  float4up: unchanged,
  float8up: unchanged,
  drandom: (_, env) => env.session.random(),
  ...taking([asNumber], {
    float4um: (a) => -a,
    float8um: (a) => -a,
    float4abs: Math.abs,
    float8abs: Math.abs,
    dsqrt: (a) => {
      if (a < 0) throw new SqlError('2201F', 'cannot take square root of a negative number')
      return Math.sqrt(a)
    },
    dceil: Math.ceil,
    dfloor: Math.floor,
    dtrunc: Math.trunc,
    dround: roundFloat,
    dsign: (a) => order(a, 0),
  }),
  ...taking([asNumber, asNumber], { dpow: power }),
}

/** Rounds as C's `rint`, which keeps the sign of zero. */
export function roundFloat(value: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 52) return value
  const rounded = roundHalfEven(value)
  return rounded === 0 && (value < 0 || Object.is(value, -0)) ? -0 : rounded
}

function power(a: number, b: number): number {
  if (a === 0 && b < 0) throw new SqlError('2201F', 'zero raised to a negative power is undefined')
  if (a < 0 && Math.floor(b) < b) {
    throw new SqlError('2201F', 'a negative number raised to a non-integer power yields a complex result')
  }
  if (a === 1 || b === 0 || (a === -1 && Math.abs(b) === Infinity)) return 1
  return underflow(floatResult(a ** b, infinite(a, b), false), a === 0 || infinite(a, b))
}

const numericFunctions: Builtins = {
  numeric_uplus: unchanged,
  ...taking([asNumeric], {
    numeric_uminus: negateNumeric,
    numeric_abs: absoluteNumeric,
    numeric_ceil: ceilingNumeric,
    numeric_floor: floorNumeric,
    round: (a) => roundNumeric(a, 0),
    trunc: (a) => truncateNumeric(a, 0),
  }),
  ...taking([asNumeric, asNumeric], {
    numeric_add: addNumeric,
    numeric_sub: subtractNumeric,
    numeric_mul: multiplyNumeric,
    numeric_div: divideNumeric,
    numeric_mod: moduloNumeric,
  }),
  ...taking([asNumeric, asNumber], { numeric_round: roundNumeric, numeric_trunc: truncateNumeric }),
}

export const ARITHMETIC: Builtins = {
  ...integerOperators(),
  ...integerFunctions('int2'),
  ...integerFunctions('int4'),
  ...integerFunctions('int8'),
  ...floatOperators('float4', true),
  ...floatOperators('float8', false),
  ...floatOperators('float48', false),
  ...floatOperators('float84', false),
  ...floatFunctions,
  ...numericFunctions,
}
