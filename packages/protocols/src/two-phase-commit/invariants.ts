import type { Invariant, InvariantWatch } from '../definition.ts'
import type { Settled, TwoPhaseMessage, TwoPhaseState } from './state.ts'

export const twoPhaseInvariants: readonly Invariant[] = [
  {
    name: 'never half-committed',
    summary: 'no node commits a transaction that another aborts or has forgotten',
    watch: watchOutcomes,
  },
]

function watchOutcomes(): InvariantWatch<TwoPhaseState, TwoPhaseMessage> {
  const outcomes = new Map<string, { readonly outcome: Settled['outcome']; readonly node: string }>()
  return (node) => (state, event) => {
    if (event === undefined) return undefined
    for (const { transaction, outcome } of state.settled) {
      if (outcome === 'forgotten') return `${node} voted for ${transaction} and has nothing of it to commit`
      const other = outcomes.get(transaction)
      if (other !== undefined && other.outcome !== outcome)
        return `${node} ended ${transaction} by ${outcome}, and ${other.node} by ${other.outcome}`
      outcomes.set(transaction, { outcome, node })
    }
    return undefined
  }
}
