import { expect, test } from 'vitest'
import { EVEN_RANK, readShare } from '../../src/reading.ts'

const RANKS = [0, 1, 2, 3]

test('readShare varies between clients around a configured share of one half', () => {
  expect(RANKS.map((rank) => readShare(0.5, rank))).toEqual([0.1, 0.5, 0.9, 0.5])
  expect(readShare(0.7, EVEN_RANK)).toBe(0.7)
})

test('readShare is the configured share for every client if the share is 0 or 1', () => {
  expect(RANKS.map((rank) => readShare(1, rank))).toEqual([1, 1, 1, 1])
  expect(RANKS.map((rank) => readShare(0, rank))).toEqual([0, 0, 0, 0])
})
