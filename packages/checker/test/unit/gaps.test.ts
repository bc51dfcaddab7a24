import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { unlimited } from '../../src/limits/budget.ts'
import { findGap } from '../../src/queue/gaps.ts'
import type { Life } from '../../src/queue/life.ts'
import { checkHistory, resultOf } from '../checking.ts'

test('findGap finds the first moment at which a queue may be empty, even between many events of other queues', () => {
  const FAR = 10_000
  for (let n = 0; n < 500; n++) {
    const random = randomFrom(inject('seed') + n)
    const below = (most: number): number => Math.floor(random() * most)
    const positions = Array.from({ length: 20 }, (_, at) => at).sort(() => random() - 0.5)
    const take = (): number => positions.pop()!
    const lives = Array.from({ length: below(5) }, (_, i): Life => {
      const [enqueued, dequeueFrom] = [take(), take()]
      return random() < 0.3
        ? { enqueue: i, dequeue: -1, enqueueFrom: 0, enqueued, dequeueFrom: 1e9, dequeued: 1e9 }
        : { enqueue: i, dequeue: i, enqueueFrom: 0, enqueued, dequeueFrom, dequeued: 1e9 }
    })
    const unknown = Array.from({ length: below(3) }, take)
    const spread = (at: number): number => (at >= 1e9 ? at : at * FAR)
    const far = lives.map((life) => ({
      ...life,
      ...{ enqueued: spread(life.enqueued), dequeueFrom: spread(life.dequeueFrom) },
    }))
    const near = findGap(lives, unknown, unlimited)
    const sparse = findGap(far, unknown.map(spread), unlimited)
    const isPossible = (at: number): boolean => {
      const there = lives.filter(({ enqueued }) => enqueued <= at)
      const taken = unknown.filter((call) => call <= at)
      return (
        !there.some(({ dequeue, dequeueFrom }) => dequeue !== -1 && at < dequeueFrom) &&
        there.filter(({ dequeue }) => dequeue === -1).length <= taken.length
      )
    }
    for (let from = 0; from < 22; from++) {
      const to = from + 1 + below(8)
      const moments = Array.from({ length: to - from }, (_, n) => from + n)
      const [one, other] = [near(from, to), sparse(from * FAR, to * FAR)]
      const found = [one, other === undefined ? undefined : other / FAR]
      const expected = moments.find(isPossible)
      expect(
        found.map((moment) => (moment === undefined ? undefined : Math.floor(moment))),
        `seed ${inject('seed') + n}`,
      ).toEqual([expected, expected])
    }
  }
})

test.each(['queue', 'bag'] as const)(
  'check refutes a message of a %s that nobody enqueued, even among a hundred open dequeues',
  (model) => {
    const events = Array.from({ length: 20_000 }, (_, i) => {
      const process = i % 50
      // Fifty operations are called, then all of them are answered, and so on.
      const value = (Math.floor(i / 100) * 50 + process) % 7
      return i % 100 < 50
        ? ([{ process, type: 'invoke', f: 'enqueue', value }] as const)
        : ([{ process, type: 'ok', f: 'enqueue', value }] as const)
    }).flat()
    const open = Array.from({ length: 100 }, (_, i) => ({
      ...{ process: 100 + i, type: 'invoke', f: 'dequeue', value: null },
    })) as { readonly process: number; readonly type: 'invoke'; readonly f: string; readonly value: null }[]
    const stray = [
      { process: 999, type: 'invoke', f: 'dequeue', value: null },
      { process: 999, type: 'ok', f: 'dequeue', value: 'stray' },
    ] as const
    const history = smallHistory([...open, ...events, ...stray])
    const report = checkHistory(history, { model, initial: ['a', 'b'], levels: ['linearizable'] })
    expect(resultOf(report, 'linearizable')).toBe('violated')
    const { linearizable } = report.levels
    if (linearizable.result !== 'violated') throw new Error('not violated')
    const core = linearizable.counterexample.operations.filter(({ role }) => role === 'core')
    expect(core.map(({ operation }) => operation)).toEqual([history.operations.length - 1])
  },
)
