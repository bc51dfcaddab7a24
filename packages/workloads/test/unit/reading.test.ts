import { expect, test } from 'vitest'
import { EVEN_RANK, readShare } from '../../src/reading.ts'

const RANKS = [0, 1, 2, 3]

test('the read shares of clients vary around the configured share, if that is at most one half', () => {
  expect(RANKS.map((rank) => readShare(0.5, rank))).toEqual([0.1, 0.5, 0.9, 0.5])
  expect(readShare(0.7, EVEN_RANK)).toBe(0.7)
})

test('with a share of 1 every client only reads, and with a share of 0 no client reads', () => {
  expect(RANKS.map((rank) => readShare(1, rank))).toEqual([1, 1, 1, 1])
  expect(RANKS.map((rank) => readShare(0, rank))).toEqual([0, 0, 0, 0])
})
