import { createRandom } from '@chaosproxy/faults'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fit, type Growth, predict, sum } from '../src/plan/fit.ts'

const SIZES = [40_000, 80_000, 120_000, 160_000, 240_000, 320_000, 480_000]
const laws: { readonly [growth in Growth]: (size: number) => number } = {
  constant: () => 0,
  n: (size) => size,
  'n log n': (size) => size * Math.log2(size),
}
const positive = (max: number) => fc.double({ min: max / 1e6, max, noNaN: true })

test('measurements without error are predicted exactly, however far ahead', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Growth>('n', 'n log n'),
      positive(1_000),
      positive(0.01),
      fc.integer({ min: 1, max: 1e9 }),
      (growth, base, slope, size) => {
        const cost = (n: number) => base + slope * laws[growth](n)
        const { value, from, to } = predict(fit(SIZES.map((each) => ({ size: each, value: cost(each) }))), size)
        for (const each of [value, from, to]) expect(each / cost(size)).toBeCloseTo(1, 4)
      },
    ),
  )
})

test('what does not grow is predicted as it was measured', () => {
  const found = predict(
    fit(
      [
        { size: 1, value: 70 },
        { size: 2, value: 70 },
        { size: 3, value: 70 },
      ],
      ['constant'],
    ),
    1e6,
  )
  expect(found).toEqual({ value: 70, from: 70, to: 70 })
})

/** Sums of uniform draws, close enough to the normal distribution. */
function normal(random: { next(): number }): number {
  let total = -6
  for (let i = 0; i < 12; i++) total += random.next()
  return total
}

test.each<readonly [Growth, number, number]>([
  ['n', 0.03, 200_000],
  ['n', 0.03, 5e6],
  ['n', 0.1, 200_000],
  ['n log n', 0.03, 200_000],
  ['n log n', 0.1, 5e6],
])('nine of ten measurements are in the interval (growth %s, error %f, size %i)', (growth, error, size) => {
  const random = createRandom(`${growth} ${error} ${size}`)
  const cost = (n: number) => 300 + 0.002 * laws[growth](n)
  const measured = (n: number) => cost(n) * (1 + error * normal(random))
  const trials = 2_000
  let inside = 0
  for (let trial = 0; trial < trials; trial++) {
    const { from, to } = predict(
      fit(
        SIZES.map((each) => ({ size: each, value: measured(each) })),
        [growth],
      ),
      size,
    )
    const seen = measured(size)
    if (from <= seen && seen <= to) inside += 1
  }
  expect(inside / trials).toBeGreaterThan(0.86)
  expect(inside / trials).toBeLessThan(0.94)
})

test('where two laws of growth fit alike, the interval far ahead covers both', () => {
  const random = createRandom('alike')
  for (const growth of ['n', 'n log n'] as const) {
    const cost = (n: number) => 300 + 0.002 * laws[growth](n)
    let inside = 0
    for (let trial = 0; trial < 300; trial++) {
      const points = SIZES.map((size) => ({ size, value: cost(size) * (1 + 0.03 * normal(random)) }))
      const { from, to } = predict(fit(points), 1e9)
      if (from <= cost(1e9) && cost(1e9) <= to) inside += 1
    }
    expect(inside / 300, growth).toBeGreaterThan(0.86)
  }
})

test('errors of costs that follow one another add up like errors that know nothing of each other', () => {
  expect(
    sum([
      { value: 10, from: 7, to: 13 },
      { value: 20, from: 16, to: 24 },
    ]),
  ).toEqual({ value: 30, from: 25, to: 35 })
})
