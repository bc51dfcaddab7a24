import type { CheckOptions, Report } from '@chaosproxy/checker'
import type { EventInput, Json } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { randomEvents, randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { isConvergent, isLinearizable, type Reading } from '../brute-force.ts'
import { checkHistory, historyOf, onlyRows, resultOf } from '../checking.ts'
import { atLeast, many, manyOf } from '../many.ts'

const baseSeed = inject('seed')
const both = ['eventual', 'convergent'] as const
const drop: Reading = { initial: null, failedCas: 'drop' }

const resultsOf = (report: Report): string => both.map((level) => resultOf(report, level)).join(', ')
const judged = (...rows: readonly string[]): string => resultsOf(checkHistory(historyOf(...rows), { levels: both }))

describe('the levels eventual and convergent', () => {
  test.each([
    ['are both met if final reads agree on the last value', ['w1-|', '     fr1|', '     fr1|'], 'met, met'],
    [
      'eventual is violated and convergent is met if final reads agree on an overwritten value',
      ['w1-| w2-|', '          fr1|', '          fr1|'],
      'violated, met',
    ],
    [
      'eventual is violated and convergent is met if final reads agree on a value that nobody wrote',
      ['w1-|', '     fr7|', '     fr7|'],
      'violated, met',
    ],
    [
      'are both violated if final reads differ',
      ['w1-| w2-|', '          fr1|', '          fr2|'],
      'violated, violated',
    ],
    [
      'are both violated if final reads differ and nobody wrote one of the values',
      ['w1-|', '     fr7|', '     fr1|'],
      'violated, violated',
    ],
    [
      'are both violated if final reads agree on one key and differ on another',
      ['wx1-| wy1-|', '     frx1| fry1|', '     frx1| fry|'],
      'violated, violated',
    ],
    [
      'are both unknown if a written key has no final read',
      ['wx1-| wy1-|', '            frx1|', '            frx1|'],
      'unknown, unknown',
    ],
    [
      'are both met if a key without a final read was never written',
      ['wx1-| ry|', '          frx1|', '          frx1|'],
      'met, met',
    ],
    ['are both unknown without final reads', ['w1-| r1|'], 'unknown, unknown'],
    [
      'are both met if another value was written only after the final reads, though a later read is stale',
      ['w1-|          w2-|', '     fr1|', '          fr1|   r1|'],
      'met, met',
    ],
    [
      'eventual is violated if a final read after a write lacks it',
      ['w1-|     w2-|', '     fr1|', '               fr1|'],
      'violated, met',
    ],
  ] as const)('eventual and convergent are judged by the final reads: %s', (_, rows, expected) => {
    expect(judged(...rows)).toBe(expected)
  })

  test('eventual and convergent are met if a write of unknown outcome explains different final reads', () => {
    const report = checkHistory(historyOf('w1?', '    fr|', '          fr1|'), { levels: ['linearizable', ...both] })
    expect(resultsOf(report)).toBe('met, met')
  })

  test('convergent is violated if the final reads of an object are not equal', () => {
    expect(
      ofObject('set', [
        [1, 2],
        [2, 1],
      ]),
    ).toBe('met')
    expect(ofObject('set', [[1, 2], [1]])).toBe('violated')
    expect(ofObject('counter', [3, 3])).toBe('met')
    expect(ofObject('counter', [3, 4])).toBe('violated')
    expect(ofObject('counter', [0, null])).toBe('met')
    expect(
      ofObject('list-append', [
        [1, 2],
        [2, 1],
      ]),
    ).toBe('violated')
    expect(ofObject('list-append', [null, []])).toBe('met')
    expect(ofObject('bank', [{ a: 1, b: 0 }, { a: 1 }])).toBe('met')
    expect(ofObject('bank', [{ a: 1 }, { a: 2 }])).toBe('violated')
    expect(ofObject('queue', [])).toBe('unknown')
  })

  test('eventual and convergent are violated if the final reads of an object differ', () => {
    const differ = { model: 'set', levels: both } as const
    expect(resultsOf(finallyRead(differ, [[1, 2], [1]]))).toBe('violated, violated')
  })

  test('eventual and convergent are violated if each of two final reads of a set lacks an element of the other', () => {
    const event = (process: number, type: 'invoke' | 'ok' | 'info', f: string, value: Json): EventInput => ({
      ...{ process, type, f, value },
      ...(f === 'read' && type === 'invoke' ? { final: true } : {}),
    })
    const added = [1, 2].flatMap((value) => [event(value, 'invoke', 'add', value), event(value, 'info', 'add', value)])
    const reads = [
      ...[3, 4].map((process) => event(process, 'invoke', 'read', null)),
      ...[event(3, 'ok', 'read', [1]), event(4, 'ok', 'read', [2])],
    ]
    const report = checkHistory(smallHistory([...added, ...reads]), { model: 'set', levels: both })
    expect(resultsOf(report)).toBe('violated, violated')
  })
})

/**
 * Judges a history in which final reads return `outputs`, and no change was acknowledged. For a set, the history also
 * has two additions of unknown outcome. For a queue, the history has no reads, but one acknowledged enqueue.
 */
function finallyRead(options: Partial<CheckOptions>, outputs: readonly Json[]): Report {
  const added: EventInput[] = [1, 2].flatMap((value): EventInput[] => [
    { process: 100, type: 'invoke', f: 'add', value },
    { process: 100, type: 'info', f: 'add', value },
  ])
  const reads = outputs.flatMap((value, process): EventInput[] => [
    { process, type: 'invoke', f: 'read', value: null, final: true },
    { process, type: 'ok', f: 'read', value },
  ])
  const events =
    options.model === 'set' ? [...added.map((event, i) => ({ ...event, process: 100 + (i >> 1) })), ...reads] : reads
  const enqueued: EventInput[] = [
    { process: 9, type: 'invoke', f: 'enqueue', value: 1 },
    { process: 9, type: 'ok', f: 'enqueue', value: 1 },
  ]
  return checkHistory(smallHistory(options.model === 'queue' ? enqueued : events), options)
}

const initials: { readonly [model: string]: Json } = { counter: 0, bank: { a: 1 } }
const ofObject = (model: string, outputs: readonly Json[]): string =>
  resultOf(
    finallyRead({ model: model as 'set', levels: ['convergent'], initial: initials[model] ?? null }, outputs),
    'convergent',
  )

test(`verdicts on convergent agree with its definition, and counterexamples violate it alone, on ${manyOf(4_000)} histories`, () => {
  const count = { met: 0, violated: 0, unknown: 0, 'eventual is not': 0 }
  for (let n = 0; n < many(4_000); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const below = (most: number): number => Math.floor(random() * most)
    const events = randomEvents(
      {
        processes: 2 + below(3),
        operations: 2 + below(8),
        keys: 1 + below(2),
        values: random() < 0.5 ? 0 : 2 + below(3),
        cas: random() < 0.4,
        store: (['atomic', 'replicas', 'stale', 'scattered'] as const)[below(4)]!,
        unknown: random() < 0.5 ? 0.25 : 0,
        failed: random() < 0.5 ? 0.25 : 0,
        mutated: random() < 0.5 ? 1 : 0,
        finals: random() < 0.95,
      },
      random,
    )
    const history = smallHistory(events)
    const { levels } = checkHistory(history, { ...drop, levels: both })
    const where = (): string => `seed ${seed}\n${events.map((event) => JSON.stringify(event)).join('\n')}\n`
    const agreed = isConvergent(history, drop)
    const expected = agreed === false && isLinearizable(history, drop) ? true : agreed
    const result = expected === undefined ? 'unknown' : expected ? 'met' : 'violated'
    expect(levels.convergent.result, where()).toBe(result)
    if (levels.eventual.result === 'met') expect(result, where()).toBe('met')
    if (result === 'violated') expect(levels.eventual.result, where()).toBe('violated')
    count[result]++
    if (result === 'met' && levels.eventual.result === 'violated') count['eventual is not']++
    if (levels.convergent.result !== 'violated') continue
    const rows = levels.convergent.counterexample.operations.map(({ operation }) => operation)
    expect(isConvergent(smallHistory(onlyRows(events, history, rows)), drop), where()).toBe(false)
  }
  for (const [kind, least] of [
    ['met', 400],
    ['violated', 400],
    ['unknown', 40],
    ['eventual is not', 40],
  ] as const)
    expect(count[kind], JSON.stringify(count)).toBeGreaterThan(atLeast(least))
})
