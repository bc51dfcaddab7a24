import { earlierReadOf, readsGoBack } from '../register/session/guarantees.ts'
import type { WeakDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/** Viotti & Vukolić 2016. */
export const monotonicReads: WeakDefinition<'monotonic-reads'> = {
  name: 'monotonic-reads',
  adjective: 'monotonic in its reads',
  sentence: 'a client never sees something older than it has seen',
  rung: rungs.client,
  implies: [],
  cost: 1,
  contradiction: (relations) => relations.inSession(readsGoBack),
  sourcesChosenBy: 'all',
  hides: 'nothing',
  knewBy: earlierReadOf,
  words: {
    noWay: 'some process saw the writes go back',
    introduction: () => "A client's reads went backwards, however the writes are ordered",
    since: (who, read) => `${who} had already seen it when it ${read}`,
  },
}
