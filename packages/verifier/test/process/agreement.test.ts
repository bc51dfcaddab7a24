import { type CheckOptions, check } from '@chaosproxy/checker'
import { millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { atLeast, many, manyOf } from '../../../checker/test/many.ts'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { type LevelProof, Unreadable } from '../../src/index.ts'
import { repaired, tamperedProofs } from '../damage.ts'
import { type Case, models, randomCase } from '../histories.ts'
import { differences, entriesOfLevel, textOfEvents, verified } from '../maker.ts'

// Tests proofs of small random histories: the checker's, damaged ones and invented ones. The claims of accepted proofs
// must be true by brute force. The seed changes with each run; a failure reports it.

const baseSeed = inject('seed')
const HISTORIES = 250

/**
 * Returns whether the verifier accepts a proof that brute force contradicts. If the verifier does not accept the proof,
 * returns its reason.
 */
function falselyAccepted({ events, head, truth }: Case, entries: readonly LevelProof[]): boolean | string {
  const [finding] = verified(textOfEvents(events), head, entries).findings
  if (finding?.verdict !== 'accepted') return finding?.why ?? ''
  const isMet = truth(finding.level)
  return isMet !== undefined && isMet !== (finding.result === 'met')
}

/**
 * The number of orders to try for each false verdict. If the verifier refuses an order, the next order is the same one,
 * changed at the line that the verifier named.
 */
const REPAIRS = 12

const isByReads = (level: string): boolean => ['eventual', 'convergent'].includes(level)

test.each(models)(
  `the verifier accepts no proof of a false verdict on %s, in ${manyOf(HISTORIES)} small random histories`,
  (model) => {
    const count = { made: 0, accepted: 0, tampered: 0, wrong: 0 }
    for (let n = 0; n < many(HISTORIES); n++) {
      const seed = baseSeed + n
      const each = randomCase(model, seed)
      const { history, head, levels, truth, events } = each
      const random = randomFrom(seed)
      const limits = { deadlineMs: millis(20_000), memoryBytes: 1e9, now: () => millis(0) }
      const options: CheckOptions<string> = { ...head, levels, ...limits }
      const report = check(history, options)
      for (const level of levels) {
        const entries = entriesOfLevel(history, level, report.levels[level]!).filter((entry) => !('by' in entry))
        const fail = (proof: readonly LevelProof[]): never =>
          expect.fail(`seed ${seed}: ${JSON.stringify(proof)} is accepted\n${textOfEvents(events)}`)
        if (entries.length > 0) {
          count.made++
          const wrong = falselyAccepted(each, entries)
          if (wrong === true) fail(entries)
          if (wrong === false) count.accepted++
        }
        let order = differences(history.operations.callLine.length % 2 === 0 ? [] : [...history.operations.callLine])
        for (let times = 0; times < REPAIRS && truth(level) === false && !isByReads(level); times++) {
          count.tampered++
          count.wrong++
          const proof: LevelProof[] = [{ level, result: 'met', order }]
          const why = falselyAccepted(each, proof)
          if (why === true) fail(proof)
          order = repaired(order, String(why), [...history.operations.callLine], random)
        }
        for (const proof of tamperedProofs(each, level, entries, random)) {
          count.tampered++
          if (truth(level) === (proof[0]?.result !== 'met')) count.wrong++
          try {
            if (falselyAccepted(each, proof) === true) fail(proof)
          } catch (error) {
            if (!(error instanceof Unreadable)) throw error
          }
        }
      }
    }
    expect(count.tampered).toBeGreaterThan(atLeast(2_000))
    expect(count.wrong).toBeGreaterThan(atLeast(500))
    // The checker's counterexamples and orders are mostly accepted as proofs without changes.
    expect(count.accepted / Math.max(1, count.made)).toBeGreaterThan(0.6)
  },
)
