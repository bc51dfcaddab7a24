import type { Decoder, Encoded } from '../../encoding/encoded.ts'
import type { Budget } from '../../limits/budget.ts'
import { decideFromAny, type FromAny, likelyStarts } from '../any-start/any.ts'
import { rowsIn } from '../counterexample/involved.ts'
import { findSequentialOrder, type Sequentiality } from './decide.ts'
import { explainSequential, questionOf } from './explain.ts'

/** The time for reducing one contradiction. */
const EXPLAIN_MS = 500

/** Decides sequential consistency of a history whose initial values are unknown. @throws OutOfTime */
export function findOrderFromAny(encoded: Encoded, decoder: Decoder, budget: Budget): FromAny<Sequentiality> {
  const jsonOf = decoder.value
  return decideFromAny<Sequentiality>(
    encoded,
    {
      decide: (operations) => findSequentialOrder(operations, jsonOf, budget),
      ...questionOf(jsonOf, budget),
      contradiction: (operations, answer) => {
        if (answer.result !== 'violated') return undefined
        return rowsIn(encoded, explainSequential(operations, answer, decoder, budget.within(EXPLAIN_MS)))
      },
    },
    likelyStarts(encoded, jsonOf, budget),
    jsonOf,
    budget,
  )
}
