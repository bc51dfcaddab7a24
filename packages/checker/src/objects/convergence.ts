import type { History } from '@chaosproxy/history'
import { type Budget, OUT_OF_TIME } from '../budget.ts'
import type { Level } from '../levels/levels.ts'
import type { ModelEntry } from '../models/entry.ts'
import type { CheckOptions } from '../options.ts'
import type { Verdict } from '../verdict.ts'
import type { Accounting } from './accounting.ts'
import { convergentByFinalReads } from './convergent.ts'
import type { Convergence, ObjectModel } from './object-model.ts'
import type { Functions } from './part.ts'
import { listOf } from './words.ts'

/** The levels that are about what is left in the end; absent if the model does not decide them. */
export type Convergences = { readonly [level in 'eventual' | 'convergent']?: Verdict }

export const bothUnknown = (reason: string): Convergences => ({
  eventual: { result: 'unknown', reason },
  convergent: { result: 'unknown', reason },
})

/** @throws OutOfTime */
export function convergenceOf(
  history: History,
  { levels }: ModelEntry,
  judge: { readonly object: ObjectModel; readonly functions: Functions; readonly accounting: Accounting | undefined },
  { initial, levels: asked }: Pick<CheckOptions, 'initial' | 'levels'>,
  budget: Budget,
): Convergences {
  const { object, functions, accounting } = judge
  const decides = (level: Level): boolean => levels.includes(level)
  if (!asked.some((level) => (level === 'eventual' || level === 'convergent') && decides(level))) return {}
  const convergent = decides('convergent')
    ? convergentByFinalReads(history, functions, object, initial, budget)
    : undefined
  if (!decides('eventual')) return convergent === undefined ? {} : { convergent }
  const byReads = object.eventual?.(history, initial, budget)
  const eventual = verdictOf(byReads ?? byAccounting(accounting, object))
  if (convergent?.result !== 'violated') return convergent === undefined ? { eventual } : { eventual, convergent }
  // The accounting looks at what is missing, not at whether the last reads agree.
  if (byReads === undefined)
    return { eventual: eventual.result === 'violated' ? eventual : as('eventual', convergent), convergent }
  // An update of unknown outcome may have taken effect between two final reads.
  if (eventual.result === 'met') return { eventual, convergent: { result: 'met', witness: BY_EVENTUAL } }
  return { eventual, convergent: eventual.result === 'violated' ? convergent : eventual }
}

const BY_EVENTUAL = { kind: 'implied', by: 'eventual' } as const

const as = (level: Level, { counterexample }: Extract<Verdict, { result: 'violated' }>): Verdict => ({
  result: 'violated',
  counterexample: { ...counterexample, level },
})

/** Everything linearizable converges: operations of unknown outcome account for what differs or is missing. */
export const unless = (linearizable: Verdict | undefined, verdict: Verdict): Verdict =>
  verdict.result === 'violated' && linearizable?.result === 'met'
    ? { result: 'met', witness: { kind: 'implied', by: 'linearizable' } }
    : verdict

const EXCUSED: Convergence = {
  result: 'unknown',
  reason: 'operations of unknown outcome may have taken what never came out',
  rows: [],
}

/** For sets and queues the accounting of the last reads stands in for final reads. */
function byAccounting(accounting: Accounting | undefined, { account }: ObjectModel): Convergence {
  if (account === undefined) return { result: 'unknown', reason: 'this model has no final reads', rows: [] }
  if (accounting === undefined) return { result: 'unknown', reason: OUT_OF_TIME, rows: [] }
  const { lost, unexpected, unfounded = [], duplicated } = accounting
  if (unexpected.length === 0 && unfounded.length > 0) {
    const reason = `What came out was enqueued only by operations that failed: ${listOf(unfounded)}.`
    return { result: 'violated', reason, rows: unfounded.slice(0, 1).map(({ operation }) => operation) }
  }
  if (accounting.result === 'violated' && accounting.isExcused === true) return EXCUSED
  const culprits = unexpected.length > 0 ? unexpected : lost.length > 0 ? lost : duplicated
  return { ...accounting, rows: culprits.slice(0, 1).map(({ operation }) => operation) }
}

function verdictOf({ result, reason, rows }: Convergence): Verdict {
  if (result === 'unknown') return { result, reason }
  if (result === 'met') return { result, witness: { kind: 'convergence', values: [] } }
  return {
    result: 'violated',
    counterexample: {
      level: 'eventual',
      sentence: reason,
      operations: rows.map((operation) => ({ operation, role: 'core' as const })),
      keys: [],
      culprit: rows.at(-1),
    },
  }
}
