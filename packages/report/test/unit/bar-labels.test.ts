import { describe, expect, test } from 'vitest'
import { along, overlaps } from '../../src/html/arc-label.ts'
import { coversOf, type LabelledBar, labelled, labelsClearOfArcs } from '../../src/html/bar-labels.ts'
import type { Bar } from '../../src/html/cycle-arcs.ts'
import { routesOf } from '../../src/html/route.ts'

const BOUNDS = { left: 60, right: 760, top: 10, bottom: 240 }

const bar = (lane: number, x1: number, x2: number): Bar => ({
  operation: lane as Bar['operation'],
  number: 1,
  lane,
  x1,
  x2,
  y: 50 + lane * 66,
})

const withLabels = (bars: readonly Bar[]): readonly LabelledBar[] =>
  labelled(bars, () => ({ text: 'read y → null', isBold: false, node: 'n3' }), { left: 66, right: 758 })

describe('the labels of bars', () => {
  const [first, second, last] = [bar(0, 80, 130), bar(0, 300, 350), bar(1, 640, 700)]

  test('the labels of bars stay above their bars if no arc is in the way', () => {
    const bars = withLabels([first, second, last])
    expect(labelsClearOfArcs(bars, ([one, two]) => [[one!, two!]], BOUNDS)).toEqual(bars)
  })

  test('the label of a bar moves below the bar if an arc would cross it above the bar', () => {
    const between = (bars: readonly LabelledBar[]) => [[bars[2]!, bars[0]!]] as const
    const placed = labelsClearOfArcs(withLabels([first, second, last]), between, BOUNDS)
    const covers = coversOf(placed, BOUNDS)
    const [route] = routesOf(between(placed), covers)
    const points = Array.from({ length: 101 }, (_, i) => along(route!.arc, i / 100))
    const crossed = covers.texts.filter((text) =>
      points.some(({ x, y }) => overlaps({ left: x, right: x, top: y, bottom: y }, text)),
    )
    expect(crossed).toEqual([])
    expect(route!.trouble).toBe(0)
  })

  test('the labels of bars do not cover each other, above or below the bars', () => {
    const close = [bar(0, 80, 110), bar(0, 130, 160), bar(1, 200, 230)]
    const between = (bars: readonly LabelledBar[]) => [[bars[2]!, bars[0]!]] as const
    const { texts } = coversOf(labelsClearOfArcs(withLabels(close), between, BOUNDS), BOUNDS)
    for (const [i, text] of texts.entries())
      expect(texts.filter((other, at) => at > i && overlaps(text, other))).toEqual([])
  })
})
