import { nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { beginningAt } from '../../src/worlds/arrivals.ts'

const asks = (client: number, at: number, key: string) => ({
  ...{ client, at: nanos(at), node: 'n1' },
  input: { f: 'read', key, value: null },
})

test('beginningAt sorts operations by the arrival of their requests, and keeps the order within each client', () => {
  const operations = [asks(0, 0, 'a'), asks(1, 5, 'b'), asks(0, 10, 'c'), asks(1, 20, 'd')]
  // The third request's arrival is unknown. The fourth request arrived before the second one, which the same client
  // sent earlier.
  const times = [nanos(50), nanos(30), undefined, nanos(25)]
  expect(beginningAt(operations, times).map(({ at, input }) => [input.key, at])).toEqual([
    ['b', 30],
    ['d', 30],
    ['a', 50],
    ['c', 50],
  ])
})
