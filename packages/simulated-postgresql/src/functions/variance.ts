import { asNumber, asNumeric } from '../types/definitions.ts'
import {
  addNumeric,
  divideNumeric,
  multiplyNumeric,
  numericOf,
  squareRootNumeric,
  subtractNumeric,
} from '../types/numeric.ts'
import { OID } from '../types/oids.ts'
import { Numeric, type SqlValue } from '../types/value.ts'
import type { Accumulator, Aggregate } from './accumulator.ts'

interface Kind {
  readonly sample: boolean
  readonly root: boolean
}

/** Youngs and Cramer's updates, as `float8_accum` has them. */
function floatVariance({ sample, root }: Kind): Accumulator {
  let rows = 0
  let sum = 0
  let squares = 0
  return {
    add: ([value = null]) => {
      if (value === null) return
      const x = asNumber(value)
      rows += 1
      sum += x
      if (rows > 1) {
        const difference = x * rows - sum
        squares += (difference * difference) / (rows * (rows - 1))
      } else if (!Number.isFinite(x)) squares = Number.NaN
    },
    result: () => {
      if (rows === 0 || (sample && rows === 1)) return null
      const variance = squares / (sample ? rows - 1 : rows)
      return root ? Math.sqrt(variance) : variance
    },
  }
}

/** From the exact sums of values and squares: `numeric_stddev_internal`. */
function exactVariance({ sample, root }: Kind): Accumulator {
  let rows = 0
  let sum = numericOf(0n)
  let squares = numericOf(0n)
  return {
    add: ([value = null]) => {
      if (value === null) return
      const x = numericValue(value)
      rows += 1
      sum = addNumeric(sum, x)
      squares = addNumeric(squares, multiplyNumeric(x, x))
    },
    result: () => {
      if (rows === 0 || (sample && rows === 1)) return null
      const n = numericOf(rows)
      const numerator = subtractNumeric(multiplyNumeric(n, squares), multiplyNumeric(sum, sum))
      if (numerator.special !== undefined) return numerator
      if (numerator.unscaled <= 0n) return numericOf(0n)
      const variance = divideNumeric(numerator, multiplyNumeric(n, numericOf(sample ? rows - 1 : rows)))
      return root ? rootAtScale(variance) : variance
    },
  }
}

/** The root has as many digits after the point as the variance. */
function rootAtScale(variance: Numeric): Numeric {
  return squareRootNumeric(variance, variance.scale)
}

function numericValue(value: SqlValue): Numeric {
  if (value instanceof Numeric) return asNumeric(value)
  return numericOf(typeof value === 'bigint' ? value : asNumber(value))
}

function variance(kind: Kind): Aggregate {
  return (call) => {
    const oid = call.arguments[0]?.oid
    return oid === OID.float4 || oid === OID.float8 ? floatVariance(kind) : exactVariance(kind)
  }
}

export const VARIANCES: readonly (readonly [string, Aggregate])[] = [
  ['variance', variance({ sample: true, root: false })],
  ['var_samp', variance({ sample: true, root: false })],
  ['var_pop', variance({ sample: false, root: false })],
  ['stddev', variance({ sample: true, root: true })],
  ['stddev_samp', variance({ sample: true, root: true })],
  ['stddev_pop', variance({ sample: false, root: true })],
]
