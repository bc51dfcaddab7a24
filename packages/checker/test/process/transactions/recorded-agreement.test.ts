import { millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../../testing/src/random-history.ts'
import { check } from '../../../src/check/check.ts'
import { levelsOf } from '../../../src/check/registry.ts'
import { many, manyOf } from '../../many.ts'
import { decide } from '../../transactions/brute-force.ts'
import { play, stores } from '../../transactions/cell-store.ts'

const SCHEDULES = 200

/** Compares the judge of recordings with brute force on each schedule, by level. */
function compared(store: (typeof stores)[number]) {
  const found = { violated: 0, met: 0, broken: 0 }
  for (let seed = 0; seed < SCHEDULES; seed++) {
    const { history, truth, isKept, isDistinct } = play(store, randomFrom(seed))
    const { levels } = check(history, {
      ...{ model: 'rw-register', initial: history.header?.initial ?? null, failedCas: 'drop', memoryBytes: 1e9 },
      ...{ levels: levelsOf('rw-register', history), deadlineMs: millis(20_000), now: () => millis(performance.now()) },
    })
    const verdicts = new Map([...decide(truth, { kind: 'list' }), ['declared', isKept]])
    if (!isKept) found.broken++
    for (const [level, isMet] of verdicts) {
      const { result } = levels[level]!
      const where = `${level} of ${store}, seed ${seed}`
      if (isMet) expect(result, where).not.toBe('violated')
      // If values repeat, the judge may attribute a read to the wrong write, and so find a level met. In the store
      // `dirty`, the judge may miss a dirty read: brute force gets the list of all versions that a read showed, but the
      // judge only gets the value of the last version.
      else if (isDistinct && (store !== 'dirty' || level === 'declared')) expect(result, where).not.toBe('met')
      if (level === 'declared' && result !== 'unknown') found[result]++
    }
  }
  return found
}

test('check reports no violation of a correct database, and does not contradict brute force', () => {
  const { met, violated, broken } = compared('kept')
  expect([violated, broken]).toEqual([0, 0])
  expect(met).toBeGreaterThan(SCHEDULES / 3)
})

test.each(stores.filter((store) => store !== 'kept'))(
  'check does not contradict brute force on recordings of the store %s',
  (store) => {
    const { violated, broken } = compared(store)
    expect(broken).toBeGreaterThan(0)
    expect(violated).toBeGreaterThan(broken / 5)
  },
)

test(`verdicts on requests that are judged as transactions agree with brute force, in ${manyOf(4_000)} schedules`, () => {
  const found = { met: 0, violated: 0, unknown: 0 }
  const first = inject('seed') * 100_000
  for (let seed = first; seed < first + many(4_000); seed++) {
    const { history, truth, truthOfRequests, isDistinct } = play('kept', randomFrom(seed), true)
    const { levels } = check(history, {
      ...{ model: 'rw-register', initial: history.header?.initial ?? null, failedCas: 'drop', memoryBytes: 1e9 },
      ...{ levels: levelsOf('rw-register', history), deadlineMs: millis(20_000), now: () => millis(performance.now()) },
      unit: 'request',
    })
    const alone = decide(truth, { kind: 'list' })
    for (const [level, isMet] of decide(truthOfRequests, { kind: 'list' })) {
      const { result } = levels[level]!
      const where = `${level}, seed ${seed}`
      // A level is met only if two histories meet it: the history of the single transactions, and the history in which
      // the transactions of each request are merged into one.
      if (isMet && alone.get(level)!) expect(result, where).not.toBe('violated')
      else if (isDistinct) expect(result, where).not.toBe('met')
      found[result]++
    }
  }
  expect(found.met).toBeGreaterThan(found.unknown)
  expect(found.violated).toBeGreaterThan(found.unknown)
})
