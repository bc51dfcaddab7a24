/** What was measured at a size, such as the milliseconds that so many operations took. */
export interface Point {
  readonly size: number
  readonly value: number
}

/** How a cost grows with the size. */
export type Growth = 'constant' | 'n' | 'n log n'

/** An estimate, and between which bounds a measurement would be nine times out of ten. */
export interface Estimate {
  readonly value: number
  readonly from: number
  readonly to: number
}

/** Least squares through some points, by one law of growth. */
interface Curve {
  readonly growth: Growth
  /** `value = base + slope · growth(size)`, with the growth divided by `scale`. */
  readonly base: number
  readonly slope: number
  readonly scale: number
  /** Variances of base and slope and their covariance, for an error of 1. */
  readonly spread: readonly [base: number, both: number, slope: number]
  /** The standard deviation of a measurement, as a share of its value. */
  readonly error: number
  /** Points beyond those that the parameters need. */
  readonly freedom: number
}

/** A cost by size, with every law of growth that what was measured does not rule out. */
export interface Fit {
  /** The best first. */
  readonly curves: readonly [Curve, ...Curve[]]
}

/** Laws whose error is within this factor of the best one's are not told apart by a few points. */
const NOT_RULED_OUT = 2
/** Errors of this share and below are those of floating point. */
const EXACT = 1e-9
const ROUNDS = 3

const growths: { readonly [growth in Growth]: (size: number) => number } = {
  constant: () => 0,
  n: (size) => size,
  'n log n': (size) => size * Math.log2(Math.max(2, size)),
}

/**
 * Fits a cost to what was measured: weighted least squares, since a measurement of a large cost is off by more than that of
 * a small one. Takes at least three points of different sizes.
 */
export function fit(points: readonly Point[], laws: readonly Growth[] = ['n', 'n log n']): Fit {
  const curves = laws.map((growth) => curveThrough(points, growth)).sort((a, b) => a.error - b.error)
  const [best] = curves
  if (best === undefined || points.length < 3) throw new Error('a fit needs three points, and a law')
  const bound = Math.max(best.error * NOT_RULED_OUT, EXACT)
  return { curves: [best, ...curves.slice(1).filter(({ error }) => error <= bound)] }
}

/**
 * What the cost is at a size: the prediction interval of least squares, widened to that of each law that was not ruled out.
 */
export function predict({ curves }: Fit, size: number): Estimate {
  const [best] = curves
  const estimates = curves.map((curve) => at(curve, size))
  return {
    value: Math.max(0, at(best, size).value),
    from: Math.max(0, Math.min(...estimates.map(({ from }) => from))),
    to: Math.max(...estimates.map(({ to }) => to)),
  }
}

/** Costs one after another, whose errors have nothing to do with one another. */
export function sum(estimates: readonly Estimate[]): Estimate {
  const value = estimates.reduce((total, each) => total + each.value, 0)
  const below = Math.hypot(...estimates.map((each) => each.value - each.from))
  const above = Math.hypot(...estimates.map((each) => each.to - each.value))
  return { value, from: Math.max(0, value - below), to: value + above }
}

export const times = ({ value, from, to }: Estimate, factor: number): Estimate => ({
  value: value * factor,
  from: from * factor,
  to: to * factor,
})

function curveThrough(points: readonly Point[], growth: Growth): Curve {
  const grown = growths[growth]
  const scale = Math.max(...points.map(({ size }) => grown(size)), Number.MIN_VALUE)
  const xs = points.map(({ size }) => grown(size) / scale)
  const ys = points.map(({ value }) => value)
  const parameters = growth === 'constant' ? 1 : 2
  const freedom = points.length - parameters
  // Weights by what is expected, which first has to be found.
  let expected = ys
  let solved = solve(xs, ys, expected, parameters)
  for (let round = 1; round < ROUNDS; round++) {
    expected = xs.map((x, n) => Math.max(solved.base + solved.slope * x, (ys[n] ?? 0) / 10))
    solved = solve(xs, ys, expected, parameters)
  }
  const squares = xs.reduce((total, x, n) => {
    const off = ((ys[n] ?? 0) - solved.base - solved.slope * x) / weighing(expected[n])
    return total + off * off
  }, 0)
  const { base, slope, spread } = solved
  return { growth, base, slope, scale, spread, error: Math.sqrt(squares / Math.max(1, freedom)), freedom }
}

/** Nothing is known better than a thousandth of a unit, and nothing is divided by zero. */
const weighing = (expected: number | undefined): number => Math.max(expected ?? 0, 1e-3)

function solve(
  xs: readonly number[],
  ys: readonly number[],
  expected: readonly number[],
  parameters: 1 | 2,
): Pick<Curve, 'base' | 'slope' | 'spread'> {
  let [w, wx, wxx, wy, wxy] = [0, 0, 0, 0, 0]
  for (const [n, x] of xs.entries()) {
    const weight = 1 / weighing(expected[n]) ** 2
    const y = ys[n] ?? 0
    w += weight
    wx += weight * x
    wxx += weight * x * x
    wy += weight * y
    wxy += weight * x * y
  }
  if (parameters === 1) return { base: wy / w, slope: 0, spread: [1 / w, 0, 0] }
  const determinant = w * wxx - wx * wx
  return {
    base: (wxx * wy - wx * wxy) / determinant,
    slope: (w * wxy - wx * wy) / determinant,
    spread: [wxx / determinant, -wx / determinant, w / determinant],
  }
}

function at({ growth, base, slope, scale, spread, error, freedom }: Curve, size: number): Estimate {
  const x = growths[growth](size) / scale
  const value = base + slope * x
  const variance = value * value + spread[0] + 2 * x * spread[1] + x * x * spread[2]
  const off = studentsT(freedom) * error * Math.sqrt(variance)
  return { value, from: value - off, to: value + off }
}

/** Student's t that nine of ten draws stay within, by degrees of freedom. */
const T = [6.314, 2.92, 2.353, 2.132, 2.015, 1.943, 1.895, 1.86, 1.833, 1.812]
const studentsT = (freedom: number): number => T[Math.max(1, freedom) - 1] ?? 1.645 + 1.6 / freedom
