import { alreadyKnew, noSharedOrder, type WeakDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/** Viotti & Vukolić 2016. On registers it bites only together with monotonic reads: alone it only forbids reading from the future. */
export const monotonicWrites: WeakDefinition<'monotonic-writes'> = {
  name: 'monotonic-writes',
  adjective: 'monotonic in its writes',
  sentence: 'the writes of one client are applied in its order',
  rung: rungs.client,
  implies: [],
  cost: 0,
  contradiction: (relations) => relations.inFuture(),
  sourcesChosenBy: 'all',
  hides: 'nothing',
  words: {
    noWay: 'some read saw a write that was not there yet',
    introduction: noSharedOrder,
    since: alreadyKnew,
  },
}
