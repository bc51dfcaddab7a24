import { expect, test } from 'vitest'
import { EVEN_RANK, readShare } from '../src/reading.ts'

const RANKS = [0, 1, 2, 3]

test('some clients mostly write and some mostly read, and up to a half the mean is the share that was set', () => {
  expect(RANKS.map((rank) => readShare(0.5, rank))).toEqual([0.1, 0.5, 0.9, 0.5])
  expect(readShare(0.7, EVEN_RANK)).toBe(0.7)
})

test('where all is to be read, every client only reads, and where nothing is, none does', () => {
  expect(RANKS.map((rank) => readShare(1, rank))).toEqual([1, 1, 1, 1])
  expect(RANKS.map((rank) => readShare(0, rank))).toEqual([0, 0, 0, 0])
})
