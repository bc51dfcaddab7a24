import type { Invariant, InvariantWatch } from '../definition.ts'
import type { BalancerMessage, BalancerState } from './state.ts'

/** A round may pass without one. */
const MOST_ROUNDS = 2

export const balancerInvariants: readonly Invariant[] = [
  {
    name: 'every server is checked',
    summary: 'also a server that is out is checked in each round, or it would never be taken back',
    watch: watchChecks,
  },
]

function watchChecks(): InvariantWatch<BalancerState, BalancerMessage> {
  return () =>
    ({ health }) => {
      for (const [server, { unchecked }] of health)
        if (unchecked > MOST_ROUNDS) return `${server} has not been checked for ${unchecked} rounds`
      return undefined
    }
}
