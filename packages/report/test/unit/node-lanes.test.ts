import { type Fault, linksBetween } from '@chaosproxy/faults'
import { expect, test } from 'vitest'
import type { FaultRecord } from '../../../runner/src/result/run-summary.ts'
import { ms, readOfReplaced, report, summary, violated } from '../../../testing/src/timeline.ts'
import { renderHtml } from '../../src/html/page.ts'

// A fault is drawn on the lane of the node that it hit, and on no other.

const drawn = (...faults: readonly Fault[]): string => drawnWith({}, ...faults)

function drawnWith(more: Partial<FaultRecord>, ...faults: readonly Fault[]): string {
  const { history, counterexample } = readOfReplaced()
  const judged = report('not linearizable', { linearizable: violated(counterexample) })
  const records = faults.map((fault, i) => ({ id: String(i), fault, from: ms(5138), to: ms(6902), hits: 1, ...more }))
  const run = summary({ report: judged, faults: records })
  const page = renderHtml({ history, report: judged, run, title: 't', version: '1', historyFile: 'h' })
  return /<svg class="why-svg".*?<\/svg>/s.exec(page)?.[0] ?? ''
}

test('a killed node has a dark bar on its own lane, with the times of the start and the end of the kill', () => {
  const svg = drawn({ kind: 'kill', nodes: ['n3', 'n5'] })
  expect(svg.match(/class="down"/g)).toHaveLength(1)
  expect(svg).toContain('>killed 5.138 s to 6.902 s<')
  expect(svg).not.toContain('class="band"')
})

test('a node that is starting after a kill is drawn as starting, not as killed', () => {
  const svg = drawnWith({ healingFrom: ms(6600) }, { kind: 'kill', nodes: ['n3'] })
  const [, down, starting] =
    /class="down" x="[\d.]+" y="[\d.]+" width="([\d.]+)".*?class="starting" x="[\d.]+" y="[\d.]+" width="([\d.]+)"/.exec(
      svg,
    ) ?? []
  expect(Number(down)).toBeGreaterThan(0)
  expect(Number(starting)).toBeGreaterThan(0)
  expect(svg).toContain('>killed 5.138 s to 6.600 s, ready 6.902 s<')
})

test('a cut is hatched on the lanes of both nodes, and named once', () => {
  const svg = drawn({ kind: 'partition', links: linksBetween([['n1'], ['n3']]), mode: 'hold' })
  expect(svg.match(/class="cut"/g)).toHaveLength(2)
  expect(svg.match(/>partition [^<]*5\.138 s to 6\.902 s</g)).toHaveLength(1)
})

test('each operation is marked on the lane of the node that served it, and the impossible read is coloured', () => {
  const svg = drawn({ kind: 'kill', nodes: ['n3'] })
  expect(svg.match(/class="served write"/g)).toHaveLength(2)
  expect(svg.match(/class="served read bad"/g)).toHaveLength(1)
})

test('a history without faults has no lanes of nodes', () => {
  expect(drawn()).not.toContain('node-lane')
})

test('a break in the time axis shows the length of its gap, and the axis labels are only times', () => {
  const svg = drawn()
  expect(svg).toMatch(/<text class="gap"[^>]*>5\.68 s<\/text>/)
  expect(
    [...svg.matchAll(/<text class="t2 mid"[^>]*>([^<]*)</g)].every(([, text]) => /^\d+\.\d{3,} s$/.test(text ?? '')),
  ).toBe(true)
})

test('the overlapping labels of two faults at one node are placed at different heights', () => {
  const svg = drawn({ kind: 'kill', nodes: ['n3'] }, { kind: 'pause', nodes: ['n3'] })
  const labels = [...svg.matchAll(/class="fault-name middle" x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) => y)
  expect(new Set(labels).size).toBe(2)
})
