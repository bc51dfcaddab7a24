import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Arc, type Box, besideArc, boxOf, discOn, overlaps } from '../../src/html/arc-label.ts'

const bounds = { left: 0, right: 700 }
const falling: Arc = [
  { x: 200, y: 40 },
  { x: 234, y: 40 },
  { x: 360, y: 240 },
  { x: 398, y: 240 },
]

test('the label of an arc is placed beside the middle of the arc', () => {
  const { x, y } = besideArc(falling, 60, [], bounds)
  expect(x).toBeGreaterThan(300)
  expect(y).toBeLessThan(140)
})

test('the label of an arc does not cover a bar that lies on the middle of the arc', () => {
  const bar: Box = { left: 285, right: 370, top: 110, bottom: 160 }
  const place = besideArc(falling, 60, [bar], bounds)
  expect(overlaps(boxOf(place, 60), bar)).toBe(false)
})

test('the label of an arc stays in the drawing and does not cover a bar, wherever the bar is', () => {
  const coordinate = fc.integer({ min: 0, max: 600 })
  fc.assert(
    fc.property(coordinate, coordinate, fc.integer({ min: 20, max: 90 }), (left, top, width) => {
      const bar: Box = { left, right: left + 40, top, bottom: top + 20 }
      const label = boxOf(besideArc(falling, width, [bar], bounds), width)
      expect(label.left).toBeGreaterThanOrEqual(bounds.left)
      expect(label.right).toBeLessThanOrEqual(bounds.right)
      expect(overlaps(label, bar)).toBe(false)
    }),
  )
})

test('the letter that marks an arc stays on the arc and does not cover a bar', () => {
  const coordinate = fc.integer({ min: 0, max: 600 })
  fc.assert(
    fc.property(coordinate, coordinate, (left, top) => {
      const bar: Box = { left, right: left + 120, top, bottom: top + 20 }
      const { x, y } = discOn(falling, 8, [bar])
      expect(overlaps({ left: x - 8, right: x + 8, top: y - 8, bottom: y + 8 }, bar)).toBe(false)
      expect([x >= 200, x <= 398, y >= 40, y <= 240]).toEqual([true, true, true, true])
    }),
  )
})
