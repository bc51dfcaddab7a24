import { canonical, FLAG_FINAL, type History, type Json, OK, outputOf } from '@chaosproxy/history'
import type { OperationRow } from '../../encoding/operation-row.ts'
import type { Budget } from '../../limits/budget.ts'
import { NO_FINAL_READS } from '../../verdict/reason.ts'
import { asCore, unknownBecause, type Verdict } from '../../verdict/verdict.ts'
import { phrase, show, whereOrWho } from '../../verdict/words.ts'
import type { ObjectModel } from './object-model.ts'
import type { Functions } from './part.ts'

/** Convergence of any object: final reads of a key with equal arguments return equal values. @throws OutOfTime */
export function convergentByFinalReads(
  history: History,
  { numberOf, isRead }: Functions,
  { contentOf }: Pick<ObjectModel, 'contentOf'>,
  initial: Json,
  budget: Budget,
): Verdict {
  const { operations, functions, keys } = history
  const asks = functions.map((f) => {
    const number = numberOf(f)
    return number !== undefined && isRead(number)
  })
  const contentAt = (row: OperationRow): string => {
    const output = outputOf(history, row)
    return canonical(contentOf === undefined ? output : contentOf(output, initial))
  }
  const firsts = new Map<string, OperationRow>()
  for (let row = 0; row < operations.length; row++) {
    budget.tick()
    const isFinal = (operations.flags[row] & FLAG_FINAL) !== 0
    if (!isFinal || operations.outcome[row] !== OK || !asks[operations.f[row]]) continue
    const question = `${operations.f[row]} ${operations.key[row]} ${operations.input[row]}`
    const first = firsts.get(question)
    if (first === undefined) firsts.set(question, row)
    else if (contentAt(first) !== contentAt(row)) {
      return apart(history, [first, row], keys[operations.key[row]])
    }
  }
  if (firsts.size === 0) return unknownBecause(NO_FINAL_READS)
  return { result: 'met', witness: { kind: 'convergence', values: [] } }
}

function apart(
  history: History,
  rows: readonly [one: OperationRow, other: OperationRow],
  key: string | undefined,
): Verdict {
  const readings = rows.map((row) => `${whereOrWho(history, row)} read ${show(outputOf(history, row))}`)
  return {
    result: 'violated',
    counterexample: {
      level: 'convergent',
      sentence: `The final reads disagreed${phrase('for', key)}: ${readings.join(', but ')}.`,
      operations: asCore(rows),
      keys: key === undefined ? [] : [key],
      culprit: rows[1],
    },
  }
}
