import type { History } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { type Made, made } from '../../../testing/src/timeline.ts'
import { binsOf } from '../../src/html/bins.ts'
import { chartedOf, charts } from '../../src/html/charts.ts'
import { decadesOf, heatMapOf } from '../../src/html/heat-map.ts'
import { nodeStripsOf } from '../../src/html/node-strips.ts'

const read = (at: number, took: number, more: Partial<Made> = {}): Made => ({
  ...{ p: 0, f: 'read', out: 1, from: at * 1e6, to: (at + took) * 1e6 },
  ...more,
})

/** Returns a hundred operations, one per millisecond. */
const hundred = (more: (i: number) => Partial<Made>): Made[] =>
  Array.from({ length: 100 }, (_, i) => read(i, 0.5, more(i)))

describe('the heat map of latency', () => {
  test('the heat map of latency counts each success once, in the column of its call and the row of its latency', () => {
    const history = made([...hundred(() => ({})), read(50, 20, { p: 1 }), read(60, 900, { p: 2, type: 'info' })])
    const heat = heatMapOf(binsOf(history, 100e6))
    const total = heat.counts.flatMap((column) => [...column]).reduce((sum, amount) => sum + amount, 0)
    expect(total).toBe(101)
    const slowest = heat.counts.findIndex((column) => column.some((amount, row) => amount > 0 && row > 15))
    expect(Math.floor((slowest * heat.width) / 1e6)).toBeLessThanOrEqual(50)
    expect(Math.floor(((slowest + 1) * heat.width) / 1e6)).toBeGreaterThanOrEqual(50)
  })

  test('the heat map of latency has an axis of whole powers of ten, even if no operation succeeded', () => {
    for (const history of [made([read(1, 5, { type: 'fail' })]), made([]), made([read(1, 0)])]) {
      const decades = decadesOf(heatMapOf(binsOf(history, 10e6)))
      expect(decades.length).toBeGreaterThan(1)
      for (const decade of decades) expect(Number.isInteger(Math.log10(decade))).toBe(true)
    }
  })
})

describe('the charts of a report', () => {
  const history = made(
    hundred((i) => ({ node: i % 2 === 0 ? 'n1' : 'n2', ...(i > 49 && i % 2 ? { type: 'fail' } : {}) })),
  )
  const span = { kind: 'kill', label: 'n2 killed', nodes: ['n2'], links: [], from: 50e6, to: 99e6 }
  const drawn = (staleRows: readonly number[] | undefined, spans = [span]): string =>
    charts(chartedOf(history, binsOf(history, 100e6, staleRows), { spans, end: 100e6, marks: [] })).html

  test('the goodput chart shows stale reads, and states their number', () => {
    expect(drawn([7, 8])).toMatch(/2 stale reads.*class="stale"/s)
    expect(drawn([])).toContain('0 stale reads')
    expect(drawn([])).not.toContain('class="stale"')
    expect(drawn(undefined)).not.toMatch(/\d stale reads?</)
  })

  test('the charts have a row for each node, which shows its replies and its downtime', () => {
    const strips = nodeStripsOf(history, binsOf(history, 100e6))
    expect(strips.map(({ node }) => node)).toEqual(['n1', 'n2'])
    expect([...strips[1]!.answered].map((amount, bin) => amount / strips[1]!.called[bin]!)[24]).toBe(0)
    expect(strips[0]!.answered).toEqual(strips[0]!.called)
    expect(drawn([]).match(/class="answered"/g)).toHaveLength(2)
    expect(drawn([]).match(/<rect class="down"/g)).toHaveLength(1)
  })

  test('the charts mark only the isolated node as cut off, and not the nodes that still reach each other', () => {
    const four = made(hundred((i) => ({ node: `n${i % 4}` })))
    const links = ['n1', 'n2', 'n3'].flatMap((other) => [
      { from: 'n0', to: other },
      { from: other, to: 'n0' },
    ])
    const spans = [{ kind: 'partition', label: 'partition', nodes: [], links, from: 10e6, to: 20e6 }]
    const text = charts(chartedOf(four, binsOf(four, 100e6), { spans, end: 100e6, marks: [] })).html
    expect(text.match(/<rect class="cut-off"/g)).toHaveLength(1)
  })

  test('the charts have no row per node if there is only one node, or too many nodes to fit', () => {
    const stripsOf = (history: History): unknown => nodeStripsOf(history, binsOf(history, 100e6))
    expect(stripsOf(made(hundred(() => ({ node: 'n1' }))))).toEqual([])
    expect(stripsOf(made(hundred((i) => ({ node: `n${i % 30}` }))))).toEqual([])
  })
})
