import { expect, test } from 'vitest'
import { createTimeline } from '../../../../src/stdio/virtual-program/timeline.ts'

test('a timeline fires a timer at its time despite rounding of fractional milliseconds', () => {
  const timeline = createTimeline()
  timeline.advance(0.1 + 0.2)
  timeline.after(0.4, () => {})
  // In floating point, 0.1 + 0.2 + 0.4 is more than 0.7.
  timeline.advance(0.7)
  expect(timeline.ring()).toBe(true)
})

test('a timeline fires no timer before its time', () => {
  const timeline = createTimeline()
  timeline.after(1, () => {})
  timeline.advance(0.9999)
  expect(timeline.ring()).toBe(false)
})
