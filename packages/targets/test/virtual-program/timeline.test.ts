import { expect, test } from 'vitest'
import { createTimeline } from '../../src/virtual-program/timeline.ts'

test('rings a timer at the time it asked to be woken, also if that is a difference of milliseconds', () => {
  const began = 861.9
  const timeline = createTimeline()
  const asked: number[] = []
  timeline.advance(1000.3 - began)
  timeline.after(0.2, () => asked.push(timeline.now()))
  const due = timeline.next() ?? 0
  // The simulator counts nanoseconds since its own beginning.
  const steady = Math.floor((due + began) * 1e6) / 1e6
  timeline.advance(steady - began)
  expect(timeline.ring()).toBe(true)
  expect(asked).toHaveLength(1)
})
