import type { History } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { ByStart } from '../judge/entry.ts'
import type { Budget } from '../limits/budget.ts'
import type { AnyStart, Guesses } from '../object/model/any-start.ts'
import { decimal } from '../object/model/decimal.ts'
import { lateReadsInWords, readTooLate } from '../object/model/late-reads.ts'
import { operationAt, type Part } from '../object/model/part.ts'
import { bankFrom, movedIn } from './bank.ts'
import { amountsIn, movesOf } from './related.ts'
import { impossibleBalances } from './sums.ts'

/** Finds banks that were first read after most of the acknowledged changes. */
function bankByStart(history: History): ByStart {
  const late = readTooLate(
    history,
    (f) => f === 'read',
    () => true,
  )
  return {
    found: lateReadsInWords(history, 'bank', 'change', late),
    remedy: `Give the initial value, such as --initial '{"a":10,"b":0}', or read the balances before the first change`,
  }
}

/** Guesses the opening balances: the balances first read, less the transfers acknowledged before that read. */
function guesses(part: Part, budget: Budget): Guesses {
  let first: number | undefined
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    const isRead = part.returns[i] !== NEVER && operationAt(part, i).f === 'read'
    if (isRead && (first === undefined || part.returns[i] < part.returns[first])) first = i
  }
  if (first === undefined) return { starts: [], isComplete: false }
  const balances = amountsIn(operationAt(part, first).output) ?? new Map<string, number>()
  for (let i = 0; i < part.length && part.calls[i] < part.calls[first]; i++) {
    if (part.returns[i] > part.calls[first] || operationAt(part, i).f === 'read') continue
    for (const [account, amount] of movesOf(operationAt(part, i)).moves) {
      balances.set(account, decimal((balances.get(account) ?? 0) - amount))
    }
  }
  const isPossible = [...balances.values()].every((balance) => balance >= 0)
  return { starts: isPossible ? [Object.fromEntries(balances)] : [], isComplete: false }
}

export const bankFromAny: AnyStart = {
  specification: bankFrom(undefined),
  guesses,
  refute: (part, budget) => impossibleBalances(part, movedIn(part), undefined, budget),
  byStart: bankByStart,
}
