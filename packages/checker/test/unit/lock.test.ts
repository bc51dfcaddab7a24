import type { Report } from '@chaosproxy/checker'
import type { EventInput } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { checkHistory, resultOf } from '../checking.ts'

type Step = readonly [process: number, type: EventInput['type'], f: 'acquire' | 'release']

/** The report on a lock that a single client uses over several connections. */
function reportOf(steps: readonly Step[]): Report {
  const events = steps.map(
    ([process, type, f]): EventInput => ({
      ...{ process, type, f, key: 'x' },
      ...(type === 'invoke' ? { session: 'alice' } : {}),
    }),
  )
  return checkHistory(smallHistory(events), { model: 'lock', levels: ['linearizable'] })
}

const judgeOneClient = (...steps: readonly Step[]): string => resultOf(reportOf(steps), 'linearizable')

describe('overlapping lock operations of a client', () => {
  test('a client may have released a lock before it acquired the lock again, if the two overlap', () => {
    const first: readonly Step[] = [
      [0, 'invoke', 'acquire'],
      [0, 'ok', 'acquire'],
    ]
    expect(
      judgeOneClient(
        ...first,
        ...([
          [0, 'invoke', 'acquire'],
          [1, 'invoke', 'release'],
          [1, 'ok', 'release'],
          [0, 'ok', 'acquire'],
        ] as const),
      ),
    ).toBe('met')
    expect(
      judgeOneClient(
        ...first,
        ...([
          [0, 'invoke', 'acquire'],
          [0, 'ok', 'acquire'],
          [1, 'invoke', 'release'],
          [1, 'ok', 'release'],
        ] as const),
      ),
    ).toBe('violated')
  })

  test('a client may have acquired a lock before it released the lock, if the two overlap', () => {
    expect(
      judgeOneClient([1, 'invoke', 'release'], [0, 'invoke', 'acquire'], [0, 'ok', 'acquire'], [1, 'ok', 'release']),
    ).toBe('met')
    expect(
      judgeOneClient([1, 'invoke', 'release'], [1, 'ok', 'release'], [0, 'invoke', 'acquire'], [0, 'ok', 'acquire']),
    ).toBe('violated')
  })

  test('a counterexample has all overlapping lock operations of a client if it has one of them', () => {
    const report = reportOf([
      [1, 'invoke', 'release'],
      [0, 'invoke', 'acquire'],
      [0, 'ok', 'acquire'],
      [0, 'invoke', 'release'],
      [1, 'ok', 'release'],
      [0, 'ok', 'release'],
    ])
    const verdict = report.levels.linearizable
    if (verdict.result !== 'violated') expect.fail(verdict.result)
    expect(verdict.counterexample.operations).toHaveLength(3)
  })
})
