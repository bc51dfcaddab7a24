import type { Invariant, InvariantWatch } from '../definition.ts'
import type { SingleMessage, SingleState } from './state.ts'

export const singleInvariants: readonly Invariant[] = [
  {
    name: 'once for each key',
    summary: 'what has a key takes effect once, and is answered ok only if its effect is there (Helland 2012)',
    watch: watchEffects,
  },
]

function watchEffects(): InvariantWatch<SingleState, SingleMessage> {
  return () =>
    ({ wrong }) =>
      wrong
}
