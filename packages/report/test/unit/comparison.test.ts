import { pacelcOf } from '@chaosproxy/runner/result'
import { describe, expect, test } from 'vitest'
import { comparisonNext } from '../../src/comparison-words.ts'
import { charts } from '../../src/html/charts.ts'
import { dodge } from '../../src/html/dodge.ts'
import {
  type ComparedCell,
  type ComparedSystem,
  type Comparison,
  type LevelResult,
  type RunTelling,
  renderComparisonHtml,
} from '../../src/index.ts'
import { comparisonMarkdown } from '../../src/reporters/comparison-markdown.ts'
import { renderComparison } from '../../src/terminal/comparison-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'

/** Returns a cell for three runs. `median` and `least` are the median and the lowest availability of these runs. */
const cell = (condition: string, level: string, median = 1, least = median): ComparedCell => ({
  condition,
  promised: 'eventual',
  level,
  levels: {},
  weakest: 1,
  runs: 3,
  kept: true,
  availability: { median, least, most: 1 },
  available: [least, median, 1].filter((share) => share >= 0.99).length,
  practical: { median: 1, least: 1, most: 1 },
  latency: { p50: 2e6, p99: 3e6, readP50: 1e6, writeP50: 2e6 },
  staleShare: 0,
  outageNanos: 1e6,
  recovery: condition === 'calm' ? undefined : 'never',
  goodput: [10, 5, 10],
  lost: 0,
  again: 'chaos compare',
})

const cut = { nodes: 5, lastsMs: 3_000, timeoutMs: 1_000 }

const systemOf = (name: string, ...cells: readonly ComparedCell[]): ComparedSystem => ({
  name,
  cells,
  pacelc: pacelcOf(cells, cut),
})

/** The width of the widest character as browsers draw it, in the picture's units. */
const WIDEST_CHARACTER = 7.7

const comparison = (systems: readonly ComparedSystem[]): Comparison => ({
  world: 'simulated',
  network: 'local',
  nodes: [5],
  clients: 15,
  rate: 300,
  timeMs: 6_000,
  timeoutMs: 1_000,
  seeds: [1],
  conditions: ['calm', 'partition'],
  levels: ['linearizable', 'sequential', 'eventual'],
  systems,
  interrupted: false,
  notes: [],
})

test('a comparison whose workload decides only one level shows only that level', () => {
  const bank = { ...comparison([systemOf('postgres', cell('calm', 'none'))]), levels: ['linearizable'] }
  const text = renderComparison(bank, plainStyle, { unicode: true, width: 110 })
  expect(text).toContain('● linearizable  ⊘ not linearizable  ? unknown')
  expect(text).not.toMatch(/sequential|eventual/)
  expect(renderComparisonHtml(bank, '1.0.0')).toMatch(/<\/svg> not linearizable/)
})

test('the matrix of a comparison shows the level and the latency of each system under each condition', () => {
  const page = renderComparisonHtml(
    comparison([systemOf('raft', cell('calm', 'linearizable'), cell('partition', 'eventual', 0.6))]),
    '1.0.0',
  )
  const matrix = /<table class="levels[\s\S]*?<\/table>/.exec(page)?.[0] ?? ''
  expect(matrix.match(/<svg class="spark"/g)).toHaveLength(2)
  // Only the fault is shaded.
  expect(matrix.match(/class="band"/g)).toHaveLength(1)
  expect(matrix).toContain('p99 3.0 ms')
})

describe('a comparison', () => {
  const levels = ['strict-serializable', 'serializable', 'snapshot-isolation', 'read-committed']
  const results = (...all: readonly LevelResult[]) => Object.fromEntries(levels.map((level, i) => [level, all[i]!]))
  const of = (condition: string, level: string, ...all: readonly LevelResult[]): ComparedCell => ({
    ...cell(condition, level),
    ...{ promised: 'serializable', levels: results(...all), lost: undefined },
  })
  const broken = { ...of('partition', 'snapshot-isolation', 'violated', 'violated', 'met', 'met'), kept: false }
  const compared: Comparison = {
    ...comparison([systemOf('store', of('calm', 'strict-serializable', 'met', 'met', 'met', 'met'), broken)]),
    ...{ levels, workload: 'write-skew keys=2' },
  }

  test('a comparison of transactional systems has columns of isolation levels, and a row per system and condition', () => {
    const terminal = renderComparison(compared, plainStyle, { unicode: true, width: 110 })
    expect(terminal).toMatch(/system +strict +SER +SI +RC\n/)
    expect(terminal).toMatch(/store, calm +✔ +✔ +✔ +✔/)
    expect(terminal).toMatch(/store, partition +✘ +✘ +✔ +✔/)
    expect(terminal).toContain('SER: serializable, SI: snapshot isolation, RC: read committed')
    expect(terminal).toContain('write-skew keys=2 · 1 system')
    const markdown = comparisonMarkdown(compared)
    expect(markdown).toContain(
      '| system | under | promised | strict-serializable | serializable | snapshot-isolation |',
    )
    expect(markdown).toContain('| store | partition | serializable | ❌ | ❌ | ✅ | ✅ |')
    const page = renderComparisonHtml(compared, '1')
    const table = page.slice(page.indexOf('id="isolation"'), page.indexOf('id="under-calm"'))
    expect(table).toContain('<abbr title="snapshot isolation">SI</abbr>')
    expect(table).toContain(
      '<td>partition</td><td class="">violated</td><td class="broken">violated</td><td class="">met',
    )
  })

  test('a comparison of transactional systems omits registers, sets and losses, and names the strongest level found', () => {
    const texts = [
      renderComparison(compared, plainStyle, { unicode: true, width: 110 }),
      comparisonMarkdown(compared),
      renderComparisonHtml(compared, '1').replace(/<(style|script)>.*?<\/\1>/gs, ''),
    ]
    for (const text of texts) {
      expect(text).toMatch(/store promises serializable and was found snapshot isolation under partition/i)
      expect(text).not.toMatch(/linearizable|registers|\blost\b|not even eventual/i)
    }
    expect(pacelcOf(compared.systems[0]!.cells, cut)).toBe('PA/EC')
  })
})

test('the title of a comparison names a broken promise, or states that no system stayed linearizable and available', () => {
  const strong = systemOf('raft', cell('calm', 'linearizable'), cell('partition', 'linearizable', 0.6))
  const weak = systemOf('masters', cell('calm', 'eventual'), cell('partition', 'eventual'))
  const titleOf = (...systems: readonly ComparedSystem[]): string | undefined =>
    /<h1>(.*?)<\/h1>/.exec(renderComparisonHtml(comparison(systems), '1'))?.[1]
  expect(titleOf(strong, weak)).toBe('None of 2 systems was linearizable and available when cut')
  const broken = systemOf('masters', { ...cell('partition', 'none'), kept: false })
  expect(titleOf(strong, broken)).toBe('Masters broke its promise')
  expect(titleOf(strong)).toBe('1 system compared')
})

test('a comparison reports a broken promise with the event, the cause, and the next step', () => {
  const broken: RunTelling = {
    ...{ outcome: 'violated', what: '3 elements were lost', sentence: 'The last read lacks 1. n1 was killed.' },
    ...{ why: { text: 'n1 was killed.', certainty: 'likely', settings: '' }, next: { text: 'Write to the disk.' } },
  }
  const kill: ComparedCell = { ...cell('partition', 'none'), kept: false, broken, again: 'npx chaos run --seed 7' }
  const compared = comparison([systemOf('masters', cell('calm', 'eventual'), kill)])
  const wide = { unicode: true, width: 200 }
  const told = ['3 elements were lost. The last read lacks 1. n1 was killed.', 'Next: Write to the disk.', '--seed 7']
  const page = renderComparisonHtml(compared, '1')
  for (const text of told) {
    expect(page).toContain(text)
    expect(renderComparison(compared, plainStyle, wide)).toContain(text)
    if (text !== '--seed 7') expect(comparisonMarkdown(compared)).toContain(text)
  }
  const open = { ...kill, broken: { ...broken, next: { text: '' } } }
  expect(renderComparisonHtml(comparison([systemOf('masters', open)]), '1')).not.toContain('Next: <')
})

test('a comparison reports an undecided level, with advice on how to decide the level', () => {
  const toDecide = 'Run longer, so that more requests succeed.'
  const open: ComparedCell = { ...cell('partition', 'unknown'), kept: 'unknown', toDecide, again: 'npx chaos run' }
  const next = comparisonNext(comparison([systemOf('masters', cell('calm', 'eventual'), open)]))
  expect(next).toEqual({
    text: `The level of masters under partition is undecided. ${toDecide}`,
    command: 'npx chaos run',
  })
})

test('a comparison points out a system that seems to contradict the CAP theorem', () => {
  const magic = systemOf('magic', cell('calm', 'linearizable'), cell('partition', 'linearizable', 1))
  const page = renderComparisonHtml(comparison([magic]), '1')
  expect(page).toContain('magic was linearizable and answered at least 99% of requests under cuts. No system can do so')
})

test('a comparison shows the availability under a cut as the median of runs with its range', () => {
  const calm = cell('calm', 'eventual')
  const replica = systemOf('replica', calm, cell('partition', 'eventual', 0.988, 0.803), cell('kill', 'none', 0.852))
  const compared = { ...comparison([replica]), conditions: ['calm', 'partition', 'kill'] }
  const page = renderComparisonHtml(compared, '1')
  expect(page).toContain('<title>1. replica: 98.8% (80.3–100.0%) available under partition')
  const under = page.slice(page.indexOf('id="under-partition"'), page.indexOf('id="under-kill"'))
  expect(under).toContain('>98.8% (80.3–100.0%)<')
  expect(page).toContain('PC/EL<small>2 of 3 runs</small>')
  const terminal = renderComparison(compared, plainStyle, { unicode: true, width: 200 })
  expect(terminal).toMatch(/replica +PC\/EL, 2 of 3 runs/)
  expect(terminal).toMatch(/replica +98\.8% \(80\.3–100\.0%\) +85\.2% \(85\.2–100\.0%\) kill/)
  expect(page).not.toContain('stops when cut')
})

test('an interrupted comparison prints the command that performs the whole comparison', () => {
  const masters = systemOf('masters', cell('calm', 'eventual'), cell('partition', 'eventual'))
  const again = 'npx chaos compare --targets masters,raft'
  const ended = { ...comparison([masters]), interrupted: true, again }
  expect(renderComparison(ended, plainStyle, { unicode: true, width: 200 })).toContain(again)
  expect(renderComparisonHtml(ended, '1')).toContain(again)
})

test('a comparison with lost writes states that the system did not promise to keep them', () => {
  const replica = systemOf('replica', cell('calm', 'eventual'), { ...cell('partition', 'none'), lost: 581 })
  const page = renderComparisonHtml(comparison([replica]), '1')
  expect(page).toContain('Acknowledged writes were lost by replica (581), which did not promise to keep them.')
  expect(page).not.toContain('all kept their promises')
})

test('the labels of points in a comparison stay near their points and never overlap', () => {
  const area = { left: 0, right: 400, top: 0, bottom: 300 }
  const labels = Array.from({ length: 60 }, (_, i) => ({ x: 200, y: i < 30 ? 40 : 200, width: 32 }))
  const spots = dodge(labels, area)
  for (const [i, one] of spots.entries()) {
    expect(one.left).toBeGreaterThanOrEqual(area.left)
    expect(one.left + 32).toBeLessThanOrEqual(area.right)
    for (const other of spots.slice(i + 1))
      expect(Math.abs(one.left - other.left) >= 32 || Math.abs(one.middle - other.middle) >= 17).toBe(true)
  }
  const [aside] = dodge([{ x: 390, y: 290, width: 32 }], area, [{ left: 340, right: 400, top: 274, bottom: 300 }])
  expect(aside!.left + 32 <= 340 || aside!.middle <= 266).toBe(true)
  expect(Math.hypot(spots[0]!.left - 200, spots[0]!.middle - 40)).toBeLessThan(20)
})

test('the page of a comparison names every PACELC class, its systems and the rule, and escapes names', () => {
  const strong = systemOf('raft', cell('calm', 'linearizable'), cell('partition', 'linearizable', 0.6))
  const weak = systemOf('<masters>', cell('calm', 'eventual'), cell('partition', 'eventual'))
  const page = renderComparisonHtml(comparison([strong, weak]), '1.0.0')
  for (const text of [
    'PA/EL',
    'PA/EC',
    'PC/EL',
    'PC/EC',
    'The rule.',
    'at least 99%',
    '&lt;masters&gt;',
    'not in the run',
  ])
    expect(page).toContain(text)
  expect(page).not.toContain('<masters>')
  expect(page).not.toMatch(/https?:|src=|href=/)
})

test('the labels on the axis of latency do not leave the drawing', () => {
  const slow = { ...cell('calm', 'linearizable').latency!, readP50: 90e6, writeP50: 1e6 }
  const cells = [
    { ...cell('calm', 'linearizable'), latency: slow },
    { ...cell('partition', 'linearizable', 0.6), latency: slow },
  ]
  const page = renderComparisonHtml(comparison([systemOf('raft', ...cells)]), '1.0.0')
  const drawings = [...page.matchAll(/<svg class="plot \w+" viewBox="0 0 (\d+) \d+".*?<\/svg>/gs)]
  expect(drawings).toHaveLength(3)
  for (const [drawing, width] of drawings) {
    const labels = [...drawing.matchAll(/<text class="t2 mid" x="([\d.]+)" y="[\d.]+">(\d+ ms)</g)]
    expect(labels.map(([, , text]) => text)).toContain('100 ms')
    for (const [, x, text = ''] of labels)
      expect(Number(x) + (text.length * WIDEST_CHARACTER) / 2).toBeLessThan(Number(width))
  }
})

test('the chart of a run draws goodput as an area, and called operations as a line above it', () => {
  const bins = {
    width: 1e9,
    ok: [2, 0, 2],
    fail: [0, 2, 0],
    info: [0, 0, 2],
    stale: [],
    p50: [1e6, 1e6, 1e6],
    p99: [2e6, 2e6, 2e6],
  }
  const spans = [{ kind: 'kill', from: 1e9, to: 2e9, label: 'n1 killed', nodes: ['n1'], links: [] }]
  const heat = { width: 3e9, low: 1e6, high: 1e7, counts: [new Uint32Array(8)] }
  const drawn = charts({ bins, heat, strips: [], spans, end: 3e9, marks: [] }).html
  const heights = (name: string) =>
    Array.from(drawn.match(new RegExp(`class="${name}" d="([^"]*)"`))?.[1]?.matchAll(/V([\d.]+)/g) ?? [], ([, y]) =>
      Number(y),
    )
  const [goodput, called] = [heights('throughput'), heights('called')]
  expect(goodput[0]).toBe(called[0])
  expect(goodput[1]).toBe(goodput.at(-1))
  expect(called[1]).toBe(called[0])
  expect(called[2]).toBeLessThan(goodput[2] ?? 0)
  expect(drawn).toContain('n1 killed')
})
