import { expect, test } from 'vitest'
import { decide, paceOf } from './pace.ts'

test('a checkout that takes half the processor time counts as twice as fast', () => {
  expect(paceOf([{ before: 1, now: 0.5 }])).toBe(2)
})

test('paceOf ignores one outlier among the pairs of measurements, because other load may cause it', () => {
  const usual = { before: 0.3, now: 0.3 }
  expect(paceOf([usual, { before: 0.3, now: 3 }, usual, usual])).toBe(1)
})

test('paceOf returns the mean of the two middle ratios of an even number of pairs', () => {
  expect(
    paceOf([
      { before: 1, now: 1 },
      { before: 2, now: 1 },
    ]),
  ).toBe(1.5)
})

test('paceOf refuses an empty list of measurements', () => {
  expect(() => paceOf([])).toThrow('a pace needs a pair')
})

test.each([
  { paces: [0.9], decision: 'fast enough' },
  { paces: [1.04], decision: 'fast enough' },
  { paces: [0.89], decision: 'again' },
  { paces: [0.89, 0.9], decision: 'fast enough' },
  { paces: [0.89, 0.88], decision: 'too slow' },
  { paces: [Number.NaN], decision: 'again' },
  { paces: [Number.NaN, Number.NaN], decision: 'too slow' },
  { paces: [], decision: 'again' },
])('decide returns $decision for the speed ratios $paces and the limit 0.9', ({ paces, decision }) => {
  expect(decide(paces, 0.9)).toBe(decision)
})
