import { type EventInput, historyFromEvents } from '@chaosproxy/history'
import { expect } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { unlimited } from '../../src/limits/budget.ts'
import { judgeVersions } from '../../src/transactions/levels/judge.ts'
import { impliesLevel, isolationLadder } from '../../src/transactions/levels/ladder.ts'
import { inferFromLists } from '../../src/transactions/lists/infer.ts'
import { readTransactions } from '../../src/transactions/record/record.ts'
import { decide, eventsOf } from './brute-force.ts'
import { randomShape, randomTransactions } from './random-transactions.ts'

type Decided = ReadonlyMap<string, boolean | undefined>

/** Returns, by level, whether it is met; undefined if unknown. Throws if a level is both met and violated. */
function judged(events: readonly EventInput[]): Decided {
  const record = readTransactions(historyFromEvents(events), true)
  const { versions, findings } = inferFromLists(record)
  const outcomes = [...judgeVersions(record, versions, findings, unlimited).outcomes]
  return new Map(
    isolationLadder.levels.map((level) => {
      const isMet = outcomes.some(([other, { result }]) => result === 'met' && impliesLevel(other, level))
      const isViolated = outcomes.some(([other, { result }]) => result === 'violated' && impliesLevel(level, other))
      if (isMet && isViolated) throw new Error(`${level} is both met and violated`)
      return [level, isMet ? true : isViolated ? false : undefined]
    }),
  )
}

/** Exchanges neighbouring events that are both calls or both returns, which does not change real-time order. */
function exchanged(events: readonly EventInput[], random: () => number): readonly EventInput[] {
  const lines = [...events]
  for (let n = 0; n < 3 * lines.length; n++) {
    const at = Math.floor(random() * (lines.length - 1))
    const [first, second] = [lines[at], lines[at + 1]]
    if (first === undefined || second === undefined || first.process === second.process) continue
    if ((first.type === 'invoke') === (second.type === 'invoke')) lines.splice(at, 2, second, first)
  }
  return lines
}

/**
 * Checks that the verdict on every level of a random history agrees with brute force. Then exchanges neighbouring calls
 * and neighbouring returns, which must not change any verdict.
 */
export function agreeOnLists(seed: number, most?: number): void {
  const random = randomFrom(seed)
  const transactions = randomTransactions(randomShape('list', random, most), random)
  const events = eventsOf(transactions, 'list')
  const ours = judged(events)
  const differing = [...decide(transactions, { kind: 'list' })].filter(([level, isMet]) => ours.get(level) !== isMet)
  if (differing.length > 0) expect(differing, `seed ${seed}`).toEqual([])
  const inOtherOrder = judged(exchanged(events, random))
  for (const level of isolationLadder.levels)
    if (ours.get(level) !== inOtherOrder.get(level))
      expect.fail(`${level} of seed ${seed} depends on the order of lines`)
}
