import { historyFromEvents, type Json, NULL, type ValueId } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { NEVER } from '../../../src/encoding/encoded.ts'
import { unmetNeeds } from '../../../src/index.ts'
import { NO_LIST } from '../../../src/transactions/record/read-lists.ts'
import {
  ABORTED,
  APPEND,
  COMMITTED,
  READ,
  readTransactions,
  UNANSWERED,
  UNKNOWN,
} from '../../../src/transactions/record/record.ts'

type End = 'ok' | 'fail' | 'info'

/** One transaction after another, each by a separate process. */
const historyOf = (...transactions: readonly (readonly [end: End, value: Json])[]) =>
  historyFromEvents(
    transactions.flatMap(([type, value], process) => [
      { process, type: 'invoke', f: 'txn', value },
      { process, type, f: 'txn', value },
    ]),
  )

const listOf = ({ lists, history, list }: ReturnType<typeof readTransactions>, row: number): readonly Json[] => {
  const elements: Json[] = []
  for (let node = list[row] ?? 0; (lists.depth[node] ?? 0) > 0; node = lists.parent[node] ?? 0)
    elements.unshift(history.values.json(lists.last[node] as ValueId))
  return elements
}

test('readTransactions stores each transaction with its status, its times and its micro-operations', () => {
  const record = readTransactions(
    historyOf(
      [
        'ok',
        [
          ['append', 'x', 1],
          ['r', 'y', []],
        ],
      ],
      ['fail', [['append', 'x', 2]]],
      [
        'info',
        [
          ['r', 'x', null],
          ['append', 'y', 3],
        ],
      ],
    ),
    true,
  )
  expect([...record.status]).toEqual([COMMITTED, ABORTED, UNANSWERED])
  expect([...record.starts]).toEqual([0, 2, 3, 5])
  expect([...record.kind]).toEqual([APPEND, READ, APPEND, READ, APPEND])
  expect([...record.key]).toEqual([0, 1, 0, 0, 1])
  expect([...record.completed]).toEqual([1, NEVER, NEVER])
  expect(record.value[3]).toBe(UNKNOWN)
})

test('readTransactions stores each list as a child of the list without its last element, and null as the empty list', () => {
  const record = readTransactions(
    historyOf([
      'ok',
      [
        ['r', 'x', [1, 2]],
        ['r', 'x', [1]],
        ['r', 'x', null],
        ['r', 'x', []],
        ['r', 'x', [1, 3]],
        ['r', 'y', [1]],
      ],
    ]),
    true,
  )
  const [whole = -1, part = -1, none, empty, other = -1, elsewhere] = record.list
  expect(record.lists.parent[whole]).toBe(part)
  expect(record.lists.parent[other]).toBe(part)
  expect(none).toBe(empty)
  expect(elsewhere).not.toBe(part)
  expect(Array.from(record.list, (_, row) => listOf(record, row))).toEqual([[1, 2], [1], [], [], [1, 3], [1]])
})

test('readTransactions refuses a value that is not a transaction, and names its line', () => {
  expect(() => readTransactions(historyOf(['ok', 'x']), true)).toThrow(
    'line 1: the value of this transaction is not a list of micro-operations',
  )
  expect(() => readTransactions(historyOf(['ok', [['cas', 'x', [1, 2]]]]), true)).toThrow('not "cas"')
  expect(() => readTransactions(historyOf(['ok', [['append', 'x']]]), true)).toThrow('this append to "x" has no value')
  expect(() => readTransactions(historyOf(['ok', [['r', 'x', 5]]]), true)).toThrow('not 5')
})

const answered = (invocation: Json, answer: Json | undefined) =>
  historyFromEvents([
    { process: 0, type: 'invoke', f: 'txn', value: invocation },
    { process: 0, type: 'ok', f: 'txn', ...(answer === undefined ? {} : { value: answer }) },
  ])

test.each([
  ['null', null],
  ['no value', undefined],
])('a transaction whose answer is %s performed its writes, and its reads have unknown results', (_, answer) => {
  const invocation = [
    ['append', 'x', 1],
    ['r', 'x', null],
  ]
  const record = readTransactions(answered(invocation, answer), true)
  expect([...record.status]).toEqual([COMMITTED])
  expect([...record.kind]).toEqual([APPEND, READ])
  expect(record.value[1]).toBe(UNKNOWN)
})

test('a read of a list without a value has an unknown result, but in EDN its result is the empty list', () => {
  const history = answered([['r', 'x']], [['r', 'x']])
  const record = readTransactions(history, true)
  expect([record.value[0], record.list[0]]).toEqual([UNKNOWN, NO_LIST])
  expect(readTransactions({ ...history, format: 'edn' }, true).value[0]).toBe(NULL)
})

test.each(['r<', ':r!='])(
  'readTransactions refuses the micro-operation %s, because no recorder writes this comparison',
  (kind) => {
    expect(() => readTransactions(historyOf(['ok', [[kind, 'x', 4]]]), false)).toThrow('a micro-operation is a read')
  },
)

test('unmetNeeds lists a missing read if the reads of all transactions lack a value', () => {
  const some = [['r', 'x']]
  const missing = unmetNeeds(answered(some, some), { model: 'rw-register', initial: null, failedCas: 'drop' })
  expect(missing.map(({ what }) => what)).toEqual(['txn that reads'])
})
