import { earlierReadOf, readsGoBack } from '../session/guarantees.ts'
import type { WeakDefinition } from './definition.ts'

/** Viotti & Vukolić 2016. */
export const monotonicReads: WeakDefinition<'monotonic-reads'> = {
  name: 'monotonic-reads',
  implies: [],
  cost: 1,
  contradiction: (relations) => relations.inSession(readsGoBack),
  sourcesChosenBy: 'all',
  hides: 'nothing',
  knewBy: earlierReadOf,
  words: {
    noWay: 'some process saw the writes go back',
    introduction: () => 'The reads of a process went back, in any order of the writes',
    since: 'having seen it',
  },
}
