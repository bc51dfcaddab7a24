import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wilsonInterval } from '../../src/reporters/repeats-page.ts'

/** The expected values are the roots of (p - hits / trials)² = z² p (1 - p) / trials, found by bisection. */
test.each([
  [1, 20, 0.0089, 0.2361],
  [0, 20, 0, 0.1611],
  [20, 20, 0.8389, 1],
  [10, 20, 0.2993, 0.7007],
])('the confidence interval of %d hits in %d trials is from %d to %d', (hits, trials, least, most) => {
  const [low, high] = wilsonInterval(hits, trials)
  expect(low).toBeCloseTo(least, 4)
  expect(high).toBeCloseTo(most, 4)
})

test('the confidence interval contains the observed rate, and never widens with more trials', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, share) => {
      const hits = Math.round(trials * share)
      const [low, high] = wilsonInterval(hits, trials)
      expect(low).toBeGreaterThanOrEqual(0)
      expect(high).toBeLessThanOrEqual(1)
      expect(low).toBeLessThanOrEqual(hits / trials)
      expect(high).toBeGreaterThanOrEqual(hits / trials)
      const [lower, higher] = wilsonInterval(hits * 4, trials * 4)
      expect(higher - lower).toBeLessThanOrEqual(high - low)
    }),
  )
})

test('the confidence interval is from 0 to 1 before the first trial', () => {
  expect(wilsonInterval(0, 0)).toEqual([0, 1])
})
