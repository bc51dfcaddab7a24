import { millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../../testing/src/random-history.ts'
import { check } from '../../../src/check/check.ts'
import { levelsOf } from '../../../src/check/registry.ts'
import { many, manyOf } from '../../many.ts'
import { decide } from '../../transactions/brute-force.ts'
import { explanationsOf, playChanges, type Schedule } from '../../transactions/change-store.ts'

const optionsOf = ({ history }: Schedule) => ({
  ...{ model: 'rw-register', initial: history.header?.initial ?? null, failedCas: 'drop' as const, memoryBytes: 1e9 },
  ...{ levels: levelsOf('rw-register', history), deadlineMs: millis(20_000), now: () => millis(performance.now()) },
})

/**
 * Returns two facts about each level: whether some explanation meets it, and whether some explanation that respects the
 * times meets it.
 */
function bestOf(schedule: Schedule): ReadonlyMap<string, { readonly isMet: boolean; readonly isTimely: boolean }> {
  const best = new Map<string, { isMet: boolean; isTimely: boolean }>()
  for (const { transactions, isTimely } of explanationsOf(schedule))
    for (const [level, isMet] of decide(transactions, { kind: 'list' })) {
      const known = best.get(level) ?? { isMet: false, isTimely: false }
      best.set(level, { isMet: known.isMet || isMet, isTimely: known.isTimely || (isMet && isTimely) })
    }
  return best
}

test.each([
  ['that errs', 0.3],
  ['that does not err', 0],
])(
  `verdicts on transactions that add to numbers agree with brute force, in ${manyOf(4_000)} schedules of a store %s`,
  (_, errs) => {
    const found = { met: 0, violated: 0, unknown: 0 }
    const first = inject('seed') * 100_000
    for (let seed = first; seed < first + many(4_000); seed++) {
      const schedule = playChanges(randomFrom(seed), errs)
      const { levels } = check(schedule.history, optionsOf(schedule))
      const best = bestOf(schedule)
      for (const [level, verdict] of Object.entries(levels)) {
        if (level === 'declared') continue
        const { isMet, isTimely } = best.get(level) ?? { isMet: false, isTimely: false }
        const where = `${level}, seed ${seed}, errs ${errs}`
        if (isTimely) expect(verdict.result, where).not.toBe('violated')
        if (!isMet) expect(verdict.result, where).not.toBe('met')
        if (level === 'serializable') found[verdict.result]++
      }
    }
    expect(found.met).toBeGreaterThan(5 * found.unknown)
    expect(found.violated).toBeGreaterThan(0)
  },
)
