import { expect, test } from 'vitest'
import { clocksText } from '../../src/measured-words.ts'

const cost = { clocks: 2, withinNanos: { max: 412_000, p50: 80_000 }, unordered: 31, cramped: 0, undecided: [] }

test('the clocks line states the error of the clocks, and how many pairs of operations it leaves unordered', () => {
  expect(clocksText(cost)).toBe(
    'the clocks of 2 load workers agreed to within ±0.4 ms (median ±80 µs); 31 real-time orders between operations are unknown, which changed nothing',
  )
})

test('the clocks line names the levels that inexact clocks leave undecided', () => {
  expect(clocksText({ ...cost, clocks: 1, unordered: 1, cramped: 3, undecided: ['linearizable'] })).toBe(
    'the clock of 1 load worker agreed to within ±0.4 ms (median ±80 µs); 1 real-time order between operations is unknown, 3 operations took less time than the uncertainty of the clocks, which leaves linearizable undecided',
  )
})

test('the clocks line says that some clocks exceeded their error bounds if the largest error is unknown', () => {
  expect(clocksText({ ...cost, withinNanos: { max: null, p50: null }, undecided: ['linearizable'] })).toContain(
    'at least one of the clocks of 2 load workers exceeded its error bound',
  )
})
