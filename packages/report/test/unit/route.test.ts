import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Arc, along, type Box } from '../../src/html/arc-label.ts'
import { type End, routeOf } from '../../src/html/route.ts'

/** Whether the arc runs through the box. */
const isThrough = (arc: Arc, { left, right, top, bottom }: Box): boolean =>
  Array.from({ length: 101 }, (_, i) => along(arc, i / 100)).some(
    ({ x, y }) => x > left && x < right && y > top && y < bottom,
  )

describe('the arc from one bar to another', () => {
  const from: End = { x1: 100, x2: 140, y: 60 }
  const to: End = { x1: 500, x2: 540, y: 180 }
  const bounds = { left: 0, right: 700, top: 0, bottom: 300 }

  test('an arc begins at the first bar and ends at the second bar', () => {
    const [start, , , end] = routeOf(from, to, { texts: [], bars: [], arcs: [], bounds }).arc
    expect(Math.abs(start.y - from.y)).toBeLessThanOrEqual(10)
    expect(start.x >= from.x1 && start.x <= from.x2).toBe(true)
    expect(end.x >= to.x1 && end.x <= to.x2).toBe(true)
  })

  test('an arc runs straight between neighbouring bars of one lane', () => {
    const next: End = { x1: 240, x2: 280, y: 60 }
    const { arc, trouble } = routeOf(from, next, { texts: [], bars: [], arcs: [], bounds })
    expect(trouble).toBe(0)
    expect(arc.map(({ y }) => y)).toEqual([60, 60, 60, 60])
  })

  test('an arc avoids the labels above and below both bars', () => {
    const labels = [from, to].flatMap(({ x1, x2, y }): Box[] => [
      { left: x1 - 40, right: x2 + 40, top: y - 28, bottom: y - 13 },
      { left: (x1 + x2) / 2 - 8, right: (x1 + x2) / 2 + 8, top: y + 12, bottom: y + 27 },
    ])
    const { arc } = routeOf(from, to, { texts: labels, bars: [], arcs: [], bounds })
    expect(labels.filter((label) => isThrough(arc, label))).toEqual([])
    const back = routeOf(to, from, { texts: labels, bars: [], arcs: [], bounds }).arc
    expect(labels.filter((label) => isThrough(back, label))).toEqual([])
  })

  test('an arc avoids a label between the lanes, wherever the label is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 160, max: 400 }), fc.integer({ min: 85, max: 140 }), (left, top) => {
        const label: Box = { left, right: left + 80, top, bottom: top + 15 }
        expect(isThrough(routeOf(from, to, { texts: [label], bars: [], arcs: [], bounds }).arc, label)).toBe(false)
      }),
    )
  })

  test('an arc stays in the drawing if it passes over a bar and the label of that bar', () => {
    const next: End = { x1: 380, x2: 420, y: 60 }
    const between: Box = { left: 230, right: 290, top: 50, bottom: 70 }
    const labels = [
      { left: 200, right: 320, top: 30, bottom: 47 },
      { left: 200, right: 320, top: 72, bottom: 140 },
    ]
    const covers = { texts: labels, bars: [between], arcs: [] }
    const heights = (top: number) => {
      const { arc } = routeOf(from, next, { ...covers, bounds: { ...bounds, top } })
      return Array.from({ length: 101 }, (_, i) => along(arc, i / 100).y)
    }
    expect(Math.min(...heights(0))).toBeLessThan(30)
    for (const top of [0, 10, 20]) expect(Math.min(...heights(top))).toBeGreaterThanOrEqual(top - 1)
  })
})
