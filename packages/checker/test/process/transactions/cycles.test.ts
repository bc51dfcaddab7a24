import type { Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { anomaliesIn, judged, type Line, oneByOne, together } from '../../transactions/judged.ts'

test('a closed walk that visits a transaction twice is not reported as a cycle', () => {
  // Each reader saw the writer's append to key `a`, but missed its append to key `x`. So each reader forms a cycle with
  // the writer. A closed walk through both readers visits the writer twice, and must not be reported.
  const fractured: Json = [
    ['r', 'x', null],
    ['r', 'a', [1]],
  ]
  const both: Json = [
    ['append', 'x', 1],
    ['append', 'a', 1],
  ]
  const report = judged(together([0, fractured], [1, both], [2, fractured]))
  expect(anomaliesIn(report)).toEqual(['G-single-item'])
})

test('a cycle with real-time order contains only the transactions that conflict, not those that ran between them', () => {
  const fillers = (from: number): readonly Line[] =>
    Array.from({ length: 5 }, (_, n): Line => [from + n, [['append', `of ${from + n}`, 1]]])
  const report = judged([
    {
      process: 0,
      type: 'invoke',
      f: 'txn',
      value: [
        ['r', 'x', null],
        ['r', 'u', null],
      ],
    },
    ...oneByOne(
      [1, [['append', 'x', 1]]],
      [2, [['append', 'a', 1]]],
      ...fillers(10),
      [
        3,
        [
          ['r', 'a', [1]],
          ['append', 'b', 1],
        ],
      ],
      ...fillers(20),
      [
        4,
        [
          ['r', 'b', [1]],
          ['append', 'u', 1],
        ],
      ],
    ),
    {
      process: 0,
      type: 'ok',
      f: 'txn',
      value: [
        ['r', 'x', []],
        ['r', 'u', [1]],
      ],
    },
  ])
  // The transaction of process 0 missed the append of process 1 and saw that of process 4, which began after process 1
  // had completed.
  expect(report.transactions?.anomalies).toEqual({ 'G-single-item-realtime': { count: 1, first: [0, 1, 14] } })
})

test('3,000 concurrent transactions that read and append to one key are reported as a lost update', () => {
  const lines: Line[] = []
  for (let n = 0; n < 3_000; n++)
    lines.push([
      n,
      [
        ['r', 'x', null],
        ['append', 'x', n],
      ],
    ])
  const report = judged(together(...lines))
  expect(report.levels['cursor-stability']?.result).toBe('violated')
  expect(anomaliesIn(report)).toContain('lost-update')
})

test('3,000 concurrent transactions are strictly serializable if only one of them both reads and appends', () => {
  const lines: Line[] = [
    [
      0,
      [
        ['r', 'x', null],
        ['append', 'x', 0],
      ],
    ],
  ]
  for (let n = 1; n < 3_000; n++) lines.push([n, [[n % 2 === 0 ? 'append' : 'r', 'x', n % 2 === 0 ? n : null]]])
  expect(judged(together(...lines)).transactions?.strongest).toEqual(['strict-serializable'])
})
