import type { Invariant, InvariantWatch } from '../definition.ts'
import type { BrokerMessage, BrokerState } from './state.ts'

export const brokerInvariants: readonly Invariant[] = [
  {
    name: 'settled once',
    summary: 'with exactly-once delivery, a message is settled under the receipt of its last hand-over only',
    watch: watchReceipts,
  },
]

function watchReceipts(): InvariantWatch<BrokerState, BrokerMessage> {
  return () =>
    ({ twice }) =>
      twice
}
