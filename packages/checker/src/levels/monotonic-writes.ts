import { orderOfWrites, type WeakDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

export const monotonicWrites: WeakDefinition<'monotonic-writes'> = {
  ...orderOfWrites,
  name: 'monotonic-writes',
  adjective: 'monotonic in its writes',
  sentence: 'the writes of one client are applied in its order',
  rung: rungs.client,
}
