import { expect, test } from 'vitest'
import { classOf, createBins } from '../../src/live/bins.ts'

const nothing = { width: 0, bins: 0 }

test('an operation is counted in the bin of its return time, by outcome and by error class', () => {
  const bins = createBins()
  bins.add(10, 'ok', 1, undefined)
  bins.add(20, 'fail', 1, 'status 503')
  bins.add(120, 'info', 1, 'timeout after 1000 ms')
  bins.add(130, 'info', 1, 'timeout after 500 ms')
  const { width, from, rows, errors } = bins.since(nothing, 130)
  expect({ width, from, errors }).toEqual({ width: 100, from: 0, errors: ['status 503', 'timeout after … ms'] })
  expect(rows.map(([ok, fail, info, , , ...classes]) => [ok, fail, info, classes])).toEqual([
    [1, 1, 0, [1, 0]],
    [0, 0, 2, [0, 2]],
  ])
})

test('the percentiles in a bin deviate from the latencies by at most a tenth, and are null if the bin is empty', () => {
  const bins = createBins()
  for (let i = 1; i <= 100; i++) bins.add(50, 'ok', i, undefined)
  const [[, , , p50, p99] = [], [, , , none] = []] = bins.since(nothing, 150).rows
  expect(Math.abs(p50! - 50)).toBeLessThan(5)
  expect(Math.abs(p99! - 99)).toBeLessThan(10)
  expect(none).toBeNull()
})

test('a run of any length is divided into at most 400 bins without losing a count', () => {
  const bins = createBins()
  for (let at = 0; at < 600_000; at += 50) bins.add(at, 'ok', 1, undefined)
  const { width, rows } = bins.since(nothing, 600_000)
  expect(width).toBe(1_600)
  expect(rows.length).toBeLessThanOrEqual(400)
  expect(rows.reduce((sum, [ok]) => sum + (ok ?? 0), 0)).toBe(12_000)
})

test('a page receives only the bins that it lacks, and all bins after a change of their width', () => {
  const bins = createBins()
  bins.add(350, 'ok', 1, undefined)
  expect(bins.since({ width: 100, bins: 3 }, 350)).toMatchObject({ from: 3, rows: [expect.any(Array)] })
  expect(bins.since({ width: 50, bins: 3 }, 350)).toMatchObject({ from: 0 })
})

test('the class of an error depends on its status, but not on other numbers, node names or quoted text', () => {
  expect(classOf('connect ECONNREFUSED 127.0.0.1:41737')).toBe(classOf('connect ECONNREFUSED 127.0.0.1:40001'))
  expect(classOf('not the leader: n2')).toBe(classOf('not the leader: n3'))
  expect(classOf('no key "a"')).toBe(classOf('no key "b"'))
  expect(classOf('status 503')).not.toBe(classOf('status 409'))
})

test('any number of different errors is grouped into eight classes without losing a count', () => {
  const bins = createBins()
  for (let i = 0; i < 1_000; i++) bins.add(1, 'info', 1, 'x'.repeat(i % 50))
  const { errors, rows } = bins.since(nothing, 1)
  expect(errors.length).toBe(8)
  expect(rows[0]?.slice(5).reduce((sum, count) => sum! + count!, 0)).toBe(1_000)
})
