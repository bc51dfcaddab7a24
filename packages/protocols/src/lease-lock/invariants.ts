import type { Invariant, InvariantWatch } from '../definition.ts'
import type { LeaseLockMessage, LeaseLockState } from './state.ts'

export const leaseLockInvariants: readonly Invariant[] = [
  {
    name: 'nothing is overwritten unseen',
    summary: 'with fencing, what is stored was made from what the store had until then',
    watch: watchStores,
  },
]

function watchStores(): InvariantWatch<LeaseLockState, LeaseLockMessage> {
  return () =>
    ({ fencing, clash }) =>
      fencing ? clash : undefined
}
