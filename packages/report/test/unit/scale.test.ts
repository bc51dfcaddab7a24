import { expect, test } from 'vitest'
import { scaleOf } from '../../src/html/scale.ts'

const MS = 1e6
const events = [0, 5, 10, 10_744, 10_750].map((ms, position) => ({ position, time: ms * MS }))

test('a time axis shortens an unusually long gap, and marks it with its length', () => {
  const { breaks, ofEvent } = scaleOf(events, 0, 600)
  expect(breaks.map(({ nanos }) => nanos / MS)).toEqual([10_734])
  expect(breaks[0]!.x).toBeGreaterThan(ofEvent(2))
  expect(breaks[0]!.x).toBeLessThan(ofEvent(3))
})

test('a time axis separates moments within a shortened gap, and marks the length of each part', () => {
  const { breaks, ofTime, ofEvent } = scaleOf(events, 0, 600, [3_500 * MS, 5_300 * MS, 7_000 * MS, 8 * MS])
  expect(breaks.map(({ nanos }) => nanos / MS)).toEqual([3_490, 1_800, 1_700, 3_744])
  const places = [3_500, 5_300, 7_000].map((ms) => ofTime(ms * MS))
  const all = [ofEvent(2), ...places, ofEvent(3)]
  for (const [i, place] of all.slice(1).entries()) expect(place - all[i]!).toBeGreaterThan(30)
  // Each break in the time axis is drawn between the two moments that it separates.
  for (const [i, { x }] of breaks.entries()) expect(all[i]! < x && x < all[i + 1]!).toBe(true)
})
