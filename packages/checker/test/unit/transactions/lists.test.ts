import { describe, expect, test } from 'vitest'
import { anomaliesIn, judged, met, oneByOne, sentenceOf, together } from '../../transactions/judged.ts'

describe('a history of transactions', () => {
  test('a history is strictly serializable if one order in real time explains every read', () => {
    const report = judged(
      oneByOne(
        [0, [['append', 'x', 1]]],
        [
          1,
          [
            ['r', 'x', [1]],
            ['append', 'x', 2],
          ],
        ],
        [0, [['r', 'x', [1, 2]]]],
      ),
    )
    expect(report.transactions?.strongest).toEqual(['strict-serializable'])
    expect(report.headline).toBe('strict-serializable')
    expect(report.transactions?.judged).toEqual({ transactions: 3, reads: { total: 2, withSource: 2 } })
  })

  test('a read that misses an earlier acknowledged append violates the real-time levels, but not serializable', () => {
    const report = judged(oneByOne([0, [['append', 'x', 1]]], [1, [['r', 'x', null]]], [2, [['r', 'x', [1]]]]))
    expect(met(report)).toContain('strong-session-serializable')
    expect(anomaliesIn(report)).toEqual(['G-single-item-realtime'])
    expect(sentenceOf(report, 'strong-read-atomic')).toBe(
      'Stale read (G-single-item-realtime): T2 (process 1) read x = [] and did not see that T1 (process 0) appended 1 to x; T1 had completed before T2 began. That is a cycle, so no order can satisfy all of these.',
    )
  })

  test.each(['list-append', 'rw-register'] as const)(
    'in a %s history without clients, a session level is met only if a real-time level that implies it is met',
    (model) => {
      const [write, read] = model === 'list-append' ? ['append', 'r'] : ['w', 'r']
      const value = model === 'list-append' ? [1] : 1
      const late = oneByOne([0, [[write, 'x', 1]]], [1, [[read, 'x', null]]], [2, [[read, 'x', value]]])
      const header = { chaos: 1, sessions: { by: 'operation', named: false } } as const
      const report = judged(late, null, model, header)
      expect(met(report)).toContain('serializable')
      expect(met(report)).toContain('strong-session-read-committed')
      expect(report.transactions?.strongest).toContain('strong-monotonic-atomic-view')
      expect(report.levels['strong-session-serializable']).toMatchObject({
        ...{ result: 'unknown', reason: { text: expect.stringMatching(/^nothing in the record names the client; /) } },
      })
      const fresh = oneByOne([0, [[write, 'x', 1]]], [1, [[read, 'x', value]]])
      expect(met(judged(fresh, null, model, header))).toContain('strong-session-serializable')
    },
  )

  test('a transaction that overwrites one append of a transaction and misses the other is reported as G-single-item', () => {
    const both = [
      ['append', 'x', 1],
      ['append', 'y', 1],
    ]
    const after = [
      ['append', 'x', 2],
      ['r', 'y', null],
    ]
    const report = judged(together([0, both], [1, after], [2, [['r', 'x', [1, 2]]]]))
    const verdict = report.levels['parallel-snapshot-isolation']
    expect(verdict).toMatchObject({ result: 'violated', counterexample: { anomaly: 'G-single-item' } })
    expect(verdict).not.toMatchObject({ counterexample: { story: { name: 'stale read' } } })
  })

  test('a stale read is found even if nine transactions ran between the append and the read', () => {
    const others = Array.from({ length: 9 }, (_, n): [number, [string, string, number][]] => [
      n + 10,
      [['append', `other${n}`, 1]],
    ])
    const report = judged(
      oneByOne([0, [['append', 'x', 1]]], ...others, [1, [['r', 'x', null]]], [2, [['r', 'x', [1]]]]),
    )
    const verdict = report.levels['strong-snapshot-isolation']
    expect(verdict?.result === 'violated' ? verdict.counterexample.operations.length : verdict?.result).toBe(2)
  })
})

describe("two transactions that each miss the other's append", () => {
  const skew = [
    [
      0,
      [
        ['r', 'x', null],
        ['append', 'y', 1],
      ],
    ],
    [
      1,
      [
        ['r', 'y', null],
        ['append', 'x', 1],
      ],
    ],
  ] as const

  test("two transactions that miss each other's append violate serializability, but not snapshot isolation", () => {
    const report = judged(together(...skew))
    expect(report.transactions?.strongest).toEqual(['strong-snapshot-isolation'])
    expect(anomaliesIn(report)).toEqual(['G2-item'])
    expect(report.headline).toBe('strong-snapshot-isolation, not serializable: G2-item')
    expect(sentenceOf(report, 'serializable')).toContain('Write skew (G2-item): T1 (process 0) read x = []')
  })

  test('two appends are strictly serializable if the second transaction reads the append of the first', () => {
    const report = judged(
      together(skew[0], [
        1,
        [
          ['r', 'y', [1]],
          ['append', 'x', 1],
        ],
      ]),
    )
    expect(report.transactions?.strongest).toEqual(['strict-serializable'])
  })
})

test('a cycle that shows a violation of causal follows the order of writes only on the key of the missed write', () => {
  const allowed = [
    [0, [['append', 'x', 1]]],
    [1, [...[['append', 'x', 2]], ...[['append', 'y', 1]]]],
    [2, [['append', 'y', 2]]],
    [3, [...[['r', 'y', [1, 2]]], ...[['r', 'x', [1]]]]],
    [4, [['r', 'x', [1, 2]]]],
  ] as const
  const violated = [
    [5, [...[['append', 'z', 1]], ...[['append', 'a', 1]]]],
    [6, [...[['r', 'a', [1]]], ...[['append', 'b', 1]]]],
    [7, [...[['r', 'b', [1]]], ...[['append', 'c', 1]]]],
    [8, [...[['r', 'c', [1]]], ...[['r', 'z', null]]]],
    [9, [['r', 'z', [1]]]],
  ] as const
  expect(met(judged(together(...allowed)))).toContain('causal')
  const report = judged(together(...allowed, ...violated))
  expect(report.levels['causal']).toMatchObject({ result: 'violated', counterexample: { anomaly: 'G-single-item' } })
  expect(sentenceOf(report, 'causal')).toMatch(
    /read z = \[\] and did not see that .* appended 1 to z; .* read a = \[1\]/,
  )
})

describe('two transactions that both read one version and append to it', () => {
  const lost = together(
    [
      0,
      [
        ['r', 'x', null],
        ['append', 'x', 1],
      ],
    ],
    [
      1,
      [
        ['r', 'x', null],
        ['append', 'x', 2],
      ],
    ],
  )

  test('two appends to the same version of a list are a lost update, which violates cursor-stability but not causal', () => {
    const report = judged([...lost, ...oneByOne([2, [['r', 'x', [1, 2]]]])])
    expect(anomaliesIn(report)).toEqual(['G-single-item', 'lost-update'])
    expect(met(report)).toContain('causal')
    expect(report.levels['cursor-stability']?.result).toBe('violated')
    expect(report.transactions?.anomalies['lost-update']).toEqual({ count: 1, first: [0, 1] })
  })

  test('two appends to the same version of a list are a lost update even if no read shows their order', () => {
    expect(judged(lost).levels['snapshot-isolation']?.result).toBe('violated')
  })
})

test('two readers that saw two appends in opposite orders are a long fork, and violate parallel snapshot isolation', () => {
  const report = judged(
    together(
      [0, [['append', 'x', 1]]],
      [1, [['append', 'y', 1]]],
      [
        2,
        [
          ['r', 'x', [1]],
          ['r', 'y', null],
        ],
      ],
      [
        3,
        [
          ['r', 'x', null],
          ['r', 'y', [1]],
        ],
      ],
    ),
  )
  expect(anomaliesIn(report)).toEqual(['G-nonadjacent-item'])
  expect(met(report)).toContain('parallel-snapshot-isolation')
  expect(sentenceOf(report, 'prefix')).toContain('Long fork (G-nonadjacent-item)')
})

test("two transactions that each read the other's append violate read-committed as G1c", () => {
  const report = judged(
    together(
      [
        0,
        [
          ['append', 'x', 1],
          ['r', 'y', [1]],
        ],
      ],
      [
        1,
        [
          ['append', 'y', 1],
          ['r', 'x', [1]],
        ],
      ],
    ),
  )
  expect(anomaliesIn(report)).toEqual(['G1c'])
  expect(report.transactions?.strongest).toEqual(['strong-read-uncommitted'])
})

describe('an anomalous read', () => {
  test.each([
    ['G1a', oneByOne([0, [['append', 'x', 1]], 'fail'], [1, [['r', 'x', [1]]]])],
    [
      'G1b',
      together(
        [
          0,
          [
            ['append', 'x', 1],
            ['append', 'x', 2],
          ],
        ],
        [1, [['r', 'x', [1]]]],
        [2, [['r', 'x', [1, 2]]]],
      ),
    ],
    ['unwritten-read', oneByOne([1, [['r', 'x', [7]]]])],
    [
      'future-read',
      oneByOne([
        0,
        [
          ['r', 'x', [1]],
          ['append', 'x', 1],
        ],
      ]),
    ],
    [
      'internal',
      oneByOne(
        [
          0,
          [
            ['append', 'x', 1],
            ['r', 'x', null],
          ],
        ],
        [1, [['r', 'x', [1]]]],
      ),
    ],
    [
      'non-repeatable-read',
      together(
        [
          0,
          [
            ['r', 'x', null],
            ['r', 'x', [1]],
          ],
        ],
        [1, [['append', 'x', 1]]],
      ),
    ],
    [
      'incompatible-order',
      together([0, [['append', 'x', 1]]], [1, [['append', 'x', 2]]], [2, [['r', 'x', [1]]]], [3, [['r', 'x', [2, 1]]]]),
    ],
    ['duplicate-elements', oneByOne([0, [['append', 'x', 1]]], [1, [['r', 'x', [1, 1]]]])],
    [
      'torn-append',
      oneByOne(
        [
          0,
          [
            ['append', 'x', 1],
            ['append', 'x', 2],
          ],
        ],
        [1, [['r', 'x', [2]]]],
      ),
    ],
    ['dirty-update', oneByOne([0, [['append', 'x', 1]], 'fail'], [1, [['append', 'x', 2]]], [2, [['r', 'x', [1, 2]]]])],
  ] as const)('an anomalous read is reported as %s', (name, events) => {
    const report = judged(events)
    expect(anomaliesIn(report)).toContain(name)
    expect(report.levels['serializable']?.result).toBe('violated')
  })

  test('the report of a dirty update names the rolled-back transaction, and draws an arrow between the two writers', () => {
    const report = judged(
      oneByOne([0, [['append', 'x', 1]], 'fail'], [1, [['append', 'x', 2]]], [2, [['r', 'x', [1, 2]]]]),
    )
    expect(sentenceOf(report, 'read-committed')).toMatch(
      /T2 \(.*\) appended 2 to x after T1 \(.*\), which was rolled back, appended 1 to x\. T3 \(process 2\) read x = \[1,2\], which shows the order of the writes\.$/,
    )
    const verdict = report.levels['read-committed']
    expect(verdict?.result === 'violated' && verdict.counterexample.transactions?.arrows).toMatchObject([
      { edge: 'ww' },
    ])
  })

  test('an anomalous read does not violate the levels that allow the anomaly', () => {
    const report = judged(
      together(
        [
          0,
          [
            ['r', 'x', null],
            ['r', 'x', [1]],
          ],
        ],
        [1, [['append', 'x', 1]]],
      ),
    )
    expect(met(report)).toContain('strong-read-committed')
    expect(sentenceOf(report, 'read-atomic')).toBe(
      'Non-repeatable read: T1 (process 0) read x = [] and then read x = [1]. T2 (process 1) appended 1 to x.',
    )
  })
})

describe('a transaction without an answer', () => {
  test('a transaction without an answer counts as a whole if a committed transaction read any of its writes', () => {
    const report = judged(
      oneByOne(
        [
          0,
          [
            ['append', 'x', 1],
            ['append', 'y', 1],
          ],
          'info',
        ],
        [
          1,
          [
            ['r', 'x', [1]],
            ['r', 'y', null],
          ],
        ],
      ),
    )
    expect(report.transactions?.judged.transactions).toBe(2)
    expect(report.levels['read-atomic']?.result).toBe('violated')
  })

  test('a transaction without an answer is ignored if no other transaction saw its writes', () => {
    const report = judged(oneByOne([0, [['append', 'x', 1]], 'info'], [1, [['r', 'x', null]]]))
    expect(report.transactions?.strongest).toEqual(['strict-serializable'])
    expect(report.transactions?.judged.transactions).toBe(1)
  })
})

describe('a history of lists', () => {
  test('an element that was appended twice leaves "read-committed" unknown, and the reason names both lines', () => {
    const report = judged(oneByOne([0, [['append', 'x', 1]]], [1, [['append', 'x', 1]]], [2, [['r', 'x', [1]]]]))
    expect(report.levels['read-committed']).toEqual({
      result: 'unknown',
      reason: {
        kind: 'record',
        text: 'two transactions appended 1 to x (line 1 and line 3), so reads do not show which of the two they saw. Write each value to a key once',
      },
    })
  })

  test('an element may be appended again after its first append was aborted', () => {
    const report = judged(
      oneByOne([0, [['append', 'x', 1]], 'fail'], [0, [['append', 'x', 1]]], [2, [['r', 'x', [1]]]]),
    )
    expect(report.transactions?.strongest).toEqual(['strict-serializable'])
  })

  test('a history of lists is refused, with the line, if a read does not return a list', () => {
    expect(() => judged(oneByOne([0, [['append', 'x', 1]]], [1, [['r', 'x', 1]]]))).toThrow(
      'line 3: a read of a list returns a list or null, not 1. If the keys hold single values, check with --model rw-register.',
    )
  })

  test('a history of lists is refused, with the line of the write, if it mixes appends and writes', () => {
    expect(() => judged(oneByOne([0, [['append', 'x', 1]]], [1, [['w', 'y', 1]]]))).toThrow(
      'line 3: this transaction changes a register, and list-append has only lists. Check registers with --model rw-register',
    )
  })

  test('a history of lists is refused if the check has an initial value', () => {
    expect(() => judged(oneByOne([0, [['r', 'x', [1]]]]), [1])).toThrow(
      'lists that transactions append to must begin empty',
    )
  })
})
