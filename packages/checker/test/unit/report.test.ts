import { consistency, type Level, levels, type Verdict } from '@chaosproxy/checker'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomFrom, randomHistory } from '../../../testing/src/random-history.ts'
import { followsFrom, headlineOf } from '../../src/judge/headline.ts'
import { implied } from '../../src/levels/levels.ts'
import { notRecorded } from '../../src/verdict/reason.ts'
import { checkHistory, historyOf, resultOf } from '../checking.ts'

const met: Verdict = { result: 'met', witness: { kind: 'implied', by: 'linearizable' } }
const unknown: Verdict = { result: 'unknown', reason: notRecorded('out of time') }
const violated: Verdict = {
  result: 'violated',
  counterexample: { level: 'linearizable', sentence: 'no', operations: [], keys: [] },
}

describe('sequential consistency', () => {
  const book = ['w1--|', '      w2--|', '            r2|  r1|', '            r2|   r1|']

  test('two readers that see two writes against their real-time order violate linearizability, but not sequential', () => {
    const report = checkHistory(historyOf(...book))
    expect(resultOf(report, 'linearizable')).toBe('violated')
    expect(resultOf(report, 'sequential')).toBe('met')
    expect(report.headline).toBe('sequentially consistent, not linearizable')
  })

  test('two readers that see two writes in opposite orders violate sequential, and the sentence says so', () => {
    const report = checkHistory(historyOf('w1--|', '      w2--|', '            r2|  r1|', '            r1|   r2|'))
    const verdict = report.levels.sequential
    if (verdict.result !== 'violated') throw new Error(verdict.result)
    const { sentence, edges, operations } = verdict.counterexample
    expect(operations).toHaveLength(6)
    expect(edges?.every(({ before }, i) => before === edges.at(i - 1)?.after)).toBe(true)
    expect(sentence).toBe(
      "p3 saw p0's 1, and then saw p1's 2; p2 saw p1's 2, and then saw p0's 1. No one order fits all of that.",
    )
  })

  test('sequential may be violated even if each key has a legal order, as in store buffering', () => {
    const report = checkHistory(historyOf('wx1|  ry|', 'wy1|  rx|'))
    const verdict = report.levels.sequential
    if (verdict.result !== 'violated') throw new Error(verdict.result)
    expect(verdict.counterexample.keys.toSorted()).toEqual(['x', 'y'])
    expect(verdict.counterexample.edges).toHaveLength(4)
    expect(resultOf(checkHistory(historyOf('wx1|', '      rx|')), 'sequential')).toBe('met')
  })

  test('a sequential order has an operation of unknown outcome after the earlier operations of its process', () => {
    expect(resultOf(checkHistory(historyOf('wx1|  wy1--?', '        ry1|   rx|')), 'sequential')).toBe('violated')
    expect(resultOf(checkHistory(historyOf('wx1|  wy1--?', '        ry1|   rx1|')), 'sequential')).toBe('met')
  })
})

describe('eventual consistency', () => {
  test('a violation of eventual names the nodes whose final reads differ', () => {
    const report = checkHistory(historyOf('w1|  w2|', '          fr2|', '          fr1|'))
    const verdict = report.levels.eventual
    if (verdict.result !== 'violated') throw new Error(verdict.result)
    expect(verdict.counterexample.sentence).toBe('The final reads disagreed: n2 read 2, but n3 read 1.')
    expect(report.headline).toBe('sequentially consistent, not linearizable, and replicas did not converge')
  })

  test('final reads of an overwritten value violate eventual, and the acknowledged newer write is lost', () => {
    const report = checkHistory(historyOf('w1|  w2|', '          fr1|', '          fr1|'))
    expect(resultOf(report, 'eventual')).toBe('violated')
    expect(report.lost).toEqual([{ key: undefined, value: 2, operation: 1 }])
    expect(
      resultOf(checkHistory(historyOf('w1----|', '  w2--|', '          fr1|', '          fr1|')), 'eventual'),
    ).toBe('met')
  })

  test('final reads that agree on a value that nobody wrote violate eventual', () => {
    expect(resultOf(checkHistory(historyOf('w1|', '          fr7|')), 'eventual')).toBe('violated')
  })

  test('eventual is unknown without final reads', () => {
    expect(resultOf(checkHistory(historyOf('w1|  r1|')), 'eventual')).toBe('unknown')
  })

  test('eventual is the only level met if replicas agree only at the end', () => {
    const report = checkHistory(
      historyOf(
        'w1--|',
        '      w2--|',
        '            r2|  r1|',
        '            r1|   r2|',
        '                        fr2|',
      ),
    )
    expect(report.headline).toBe('only eventually consistent')
  })
})

test('a history without completed operations meets linearizable and leaves eventual unknown', () => {
  const report = checkHistory(historyOf('w1--?', 'r--?'))
  expect(report.levels.linearizable).toEqual({ result: 'met', witness: { kind: 'order', orders: [] } })
  expect(report.levels.eventual.result).toBe('unknown')
})

test('the report counts the operations of unknown outcome and how many of them took effect', () => {
  const report = checkHistory(historyOf('w1|  w2--?', 'w3--?', '          r2|'))
  expect(report.info).toEqual({ total: 2, happened: 1, undecided: 1 })
})

describe('the headline of a report', () => {
  const headline = (linearizable: Verdict, sequential: Verdict, eventual: Verdict): string =>
    headlineOf(followsFrom(consistency, { linearizable, sequential, eventual }, () => notRecorded('not decided')))

  test.each([
    [met, met, met, 'linearizable'],
    [violated, met, met, 'sequentially consistent, not linearizable'],
    [violated, violated, met, 'only eventually consistent'],
    [violated, violated, violated, 'not even eventually consistent'],
    [violated, violated, unknown, 'not sequentially consistent; eventual unknown: out of time'],
    [violated, unknown, met, 'not linearizable; sequential unknown: out of time'],
    [unknown, unknown, met, 'unknown: out of time'],
    [unknown, met, met, 'sequentially consistent; linearizable unknown: out of time'],
  ])(
    'the headline names the strongest met level and the levels that are violated or unknown (case %#)',
    (linearizable, sequential, eventual, expected) => {
      expect(headline(linearizable, sequential, eventual)).toBe(expected)
    },
  )
})

describe('the lattice of levels', () => {
  const contradicts = (verdicts: { readonly [level in Level]: Verdict }): string[] =>
    levels.flatMap((level) =>
      implied[level]
        .filter((weaker) => verdicts[level].result === 'met' && verdicts[weaker].result === 'violated')
        .map((weaker) => `${level} is met, and ${weaker} is not`),
    )

  test('no history meets a level and violates a weaker level', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom('atomic', 'replicas', 'stale', 'scattered'), (seed, store) => {
        const history = randomHistory(
          {
            processes: 3,
            operations: 10,
            keys: 2,
            values: 0,
            cas: false,
            store,
            unknown: 0.1,
            failed: 0.1,
            mutated: 0.05,
            finals: true,
          },
          randomFrom(seed),
        )
        expect(contradicts(checkHistory(history).levels)).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('every level weaker than a met level is met', () => {
    const all = followsFrom(consistency, { sequential: met }, () => notRecorded('open'))
    expect(levels.filter((level) => all[level].result !== 'met')).toEqual(['linearizable', 'eventual', 'convergent'])
  })

  test('every level stronger than a violated level is violated', () => {
    const all = followsFrom(consistency, { 'monotonic-reads': violated }, () => notRecorded('open'))
    expect(levels.filter((level) => all[level].result === 'violated')).toEqual([
      'linearizable',
      'sequential',
      'causal-convergence',
      'session',
      'monotonic-reads',
    ])
  })
})
