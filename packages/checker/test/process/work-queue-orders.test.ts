import { type Json, millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { check } from '../../src/check/check.ts'
import { type Guarantee, guarantees, workQueueLadder } from '../../src/work-queue/guarantees.ts'
import { atLeast, many, manyOf } from '../many.ts'
import { drawn, eventsOf, isKept, type Operation, type Shape } from '../work-queue-orders.ts'

// Compares the judge with a search that tries every order of a few operations, for each guarantee.

const resultsOf = (operations: readonly Operation[], initial: Json): { readonly [level: string]: string } => {
  const { levels } = check(smallHistory(eventsOf(operations)), {
    ...{ model: 'work-queue', levels: workQueueLadder.levels, initial, failedCas: 'drop', memoryBytes: 1e9 },
    ...{ deadlineMs: millis(60_000), now: () => millis(0) },
  })
  return Object.fromEntries(guarantees.map((each) => [each, levels[each]?.result ?? '']))
}

const isJudged = (operations: readonly Operation[]): boolean => operations.length > 0

const SMALL: Shape = { operations: 7, clients: 3, lies: 5, values: 2 }

test(`the verdicts on work queues agree with a search over every order in ${manyOf(40_000)} small histories`, () => {
  const counts = new Map<string, number>()
  for (let seed = 1; seed <= many(40_000); seed++) {
    const { operations, initial } = drawn(seed, SMALL)
    if (!isJudged(operations)) continue
    const isUnknown = seed % 4 === 0
    const results = resultsOf(operations, isUnknown ? 'unknown' : initial)
    for (const guarantee of guarantees) {
      const right = isKept(guarantee, operations, isUnknown ? [] : initial, isUnknown)
      const result = results[guarantee] ?? ''
      const wrong = right ? 'violated' : 'met'
      if (result === wrong)
        expect.fail(
          `seed ${seed}, ${guarantee}: ${result}, initial ${JSON.stringify(isUnknown ? 'unknown' : initial)}\n${eventsOf(
            operations,
          )
            .map((each) => JSON.stringify(each))
            .join('\n')}`,
        )
      const kind = `${guarantee} ${result}`
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
    }
  }
  if (process.env['SHOW'] !== undefined) console.log(counts)
  for (const guarantee of guarantees)
    for (const result of ['met', 'violated'])
      expect(counts.get(`${guarantee} ${result}`) ?? 0, `${guarantee} ${result}`).toBeGreaterThan(atLeast(200))
})

test(`check finds no violation in ${manyOf(20_000)} histories of a correct queue with concurrent clients`, () => {
  const mayRepeat: readonly Guarantee[] = ['no-repeats']
  for (let seed = 1; seed <= many(20_000); seed++) {
    const { operations, initial } = drawn(seed, {
      operations: 12 + (seed % 20),
      clients: 4,
      lies: 0,
      values: 1 + (seed % 3),
    })
    if (!isJudged(operations)) continue
    const results = resultsOf(operations, seed % 4 === 0 ? 'unknown' : initial)
    const broken = guarantees.filter((each) => results[each] === 'violated' && !mayRepeat.includes(each))
    if (broken.length > 0)
      expect.fail(
        `seed ${seed}: ${broken.join()}\n${eventsOf(operations)
          .map((each) => JSON.stringify(each))
          .join('\n')}`,
      )
  }
})
