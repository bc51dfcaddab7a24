import { check, checkPart } from '@chaosproxy/checker'
import { millis } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { isolationLadder } from '../../src/transactions/levels/ladder.ts'
import { many } from '../many.ts'
import { randomFrom } from '../random-history.ts'
import { smallHistory } from '../small-history.ts'
import { decide, eventsOf, type Kind, type Transaction } from './brute-force.ts'
import { randomShape, randomTransactions } from './random-transactions.ts'

const models: { readonly [kind in Kind]: string } = { list: 'list-append', register: 'rw-register' }

const checked = (all: readonly Transaction[], kind: Kind, level: string, isMeant: (row: number) => boolean) => {
  const history = smallHistory(eventsOf(all, kind))
  const options = {
    ...{ model: models[kind], initial: null, levels: isolationLadder.levels, deadlineMs: millis(20_000) },
    ...{ memoryBytes: 1e9, now: () => millis(performance.now()) },
  }
  return checkPart(history, check(history, options), { level, isMeant }, options)
}

/** Reads x = null before anybody wrote it, and writes y, or the other way round. */
const skewed = (process: number, read: string, written: string): Transaction => ({
  ...{ process, type: 'ok', call: process, return: 2 + process },
  operations: [
    { f: 'r', key: read, value: null },
    { f: 'w', key: written, value: 1 },
  ],
})

describe('a part of a history of transactions', () => {
  const writeSkew = [skewed(0, 'x', 'y'), skewed(1, 'y', 'x')]

  test('with all transactions of a write skew is not serializable', () => {
    expect(checked(writeSkew, 'register', 'serializable', () => true)).toMatchObject({ result: 'violated' })
  })

  test('with one transaction of a write skew is unknown, as it takes both to show it', () => {
    expect(checked(writeSkew, 'register', 'serializable', (row) => row === 0)).toEqual({
      result: 'unknown',
      reason: 'the history is not serializable, and it takes reads outside this part to show it',
    })
  })

  test.each(['list', 'register'] as const)('is judged as by brute force without the reads outside it (%s)', (kind) => {
    const random = randomFrom(inject('seed'))
    for (let n = 0; n < many(50); n++) {
      const all = randomTransactions(randomShape(kind, random, 5), random)
      const called = all.toSorted((a, b) => a.call - b.call)
      const isMeant = (row: number): boolean => row % 2 === 0
      const heard = called.map((one, row) =>
        isMeant(row) ? one : { ...one, operations: one.operations.filter(({ f }) => f === 'w') },
      )
      if (!heard.some(({ type, operations }) => type === 'ok' && operations.some(({ f }) => f === 'r'))) continue
      const [whole, part] = [decide(called, { kind }), decide(heard, { kind })]
      for (const level of isolationLadder.levels) {
        const expected = whole.get(level) ? 'met' : part.get(level) ? 'unknown' : 'violated'
        const { result } = checked(all, kind, level, isMeant)
        if (result !== expected) expect(result, `${level} of ${JSON.stringify(all)}`).toBe(expected)
      }
    }
  })
})
