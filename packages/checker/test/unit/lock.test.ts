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
  test('the release of a lock by its holder may precede an overlapping acquire by the same client', () => {
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

  test('the acquire of a lock by a client may precede an overlapping release by the same client', () => {
    expect(
      judgeOneClient([1, 'invoke', 'release'], [0, 'invoke', 'acquire'], [0, 'ok', 'acquire'], [1, 'ok', 'release']),
    ).toBe('met')
    expect(
      judgeOneClient([1, 'invoke', 'release'], [1, 'ok', 'release'], [0, 'invoke', 'acquire'], [0, 'ok', 'acquire']),
    ).toBe('violated')
  })

  test('a counterexample contains either all or none of the overlapping lock operations of a client', () => {
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
