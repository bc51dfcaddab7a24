import type { Staleness } from '@chaosproxy/checker'
import { expect, test } from 'vitest'
import { staleRead } from '../../../testing/src/timeline.ts'
import { renderHtml } from '../../src/html/page.ts'
import { stalenessText } from '../../src/measured-words.ts'
import { toJson } from '../../src/reporters/result-json.ts'
import { renderCheck } from '../../src/terminal/check-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'

const measured: Staleness = {
  reads: { measured: 29_000, stale: 312, ambiguous: 0, unexplained: 0 },
  staleRows: Int32Array.of(3),
  behindNanos: { p50: 0, p99: 12e6, max: 640e6 },
  versionsBehind: { p50: 0, p99: 1, max: 4 },
  worst: 3,
  deltaNanos: { atLeast: 640e6, atMost: 640e6 },
  k: { atLeast: 5, atMost: 5 },
}

const { history, report } = staleRead()
const stale = { ...report, staleness: measured }

test('the staleness of reads is summarised in one line', () => {
  expect(stalenessText(measured)).toBe(
    'stale reads: 312 of 29,000 (1.08%); p99 12 ms and 1 version behind; the worst 640 ms and 4 versions; atomic with Δ = 640 ms, k = 5',
  )
})

test('the line on staleness marks lower bounds, and counts reads that could not be measured', () => {
  expect(
    stalenessText({
      ...measured,
      reads: { measured: 10, stale: 0, ambiguous: 2, unexplained: 1 },
      deltaNanos: { atLeast: 640e6 },
      k: { atLeast: 2, atMost: 3 },
    }),
  ).toBe(
    'stale reads: none of 10; atomic with Δ ≥ 640 ms, k from 2 to 3; not measured: 2 reads of values with several writers, 1 read of values never written',
  )
  const reads = { measured: 0, stale: 0, ambiguous: 3, unexplained: 0 }
  expect(stalenessText({ reads, staleRows: new Int32Array(0), k: { atLeast: 1 } })).toBe(
    'stale reads: no read could be measured; not measured: 3 reads of values with several writers',
  )
})

test('the line on staleness counts only versions if the history has no times', () => {
  const { behindNanos: _, deltaNanos: __, ...untimed } = measured
  expect(stalenessText(untimed)).toBe(
    'stale reads: 312 of 29,000 (1.08%); p99 1 version behind; the worst 4 versions; atomic with k = 5',
  )
})

test('the page of a checked file has a line on staleness only if staleness was measured', () => {
  const page = { file: 'h.jsonl', parseMs: 1, checkMs: 1, width: 200, unicode: true }
  expect(renderCheck(stale, history, plainStyle, page)).toContain(stalenessText(measured))
  expect(renderCheck(report, history, plainStyle, page)).not.toContain('stale reads')
})

test('the HTML report has staleness among its counts', () => {
  const html = renderHtml({ title: 't', version: '0', history, historyFile: 'h.jsonl', report: stale, again: 'x' })
  expect(html).toContain('<th scope="row">stale reads</th><td>312 of 29,000 (1.08%)</td>')
  expect(html).toContain('<th scope="row">behind, at most</th><td>640 ms and 4 versions</td>')
})

test('the staleness in --json has counts, bounds and percentiles, and the stalest read as an operation', () => {
  const json = JSON.parse(JSON.stringify(toJson({ report: stale, history, checkMs: 1 })))
  expect(json.staleness).toMatchObject({
    reads: { measured: 29_000, stale: 312 },
    behindNanos: { p99: 12e6 },
    worst: { process: 4, f: 'read', output: 6 },
    deltaNanos: { atLeast: 640e6, atMost: 640e6 },
    k: { atLeast: 5, atMost: 5 },
  })
})
