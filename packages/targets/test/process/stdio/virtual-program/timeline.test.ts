import { expect, test } from 'vitest'
import { createTimeline } from '../../../../src/stdio/virtual-program/timeline.ts'

test('rings a timer at its time, also if that time is the sum of fractions of milliseconds', () => {
  const timeline = createTimeline()
  timeline.advance(0.1 + 0.2)
  timeline.after(0.4, () => {})
  // 0.1 + 0.2 + 0.4 is more than 0.7.
  timeline.advance(0.7)
  expect(timeline.ring()).toBe(true)
})

test('rings no timer before its time', () => {
  const timeline = createTimeline()
  timeline.after(1, () => {})
  timeline.advance(0.9999)
  expect(timeline.ring()).toBe(false)
})
