import { missesOwnWrites } from '../register/session/guarantees.ts'
import type { WeakDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/** Viotti & Vukolić 2016, with a client's writes of one key arbitrated in the order it made them. */
export const readYourWrites: WeakDefinition<'read-your-writes'> = {
  name: 'read-your-writes',
  sentence: 'a client sees its own writes',
  rung: rungs.client,
  implies: [],
  cost: 1,
  contradiction: (relations) => relations.inSession(missesOwnWrites),
  sourcesChosenBy: 'all',
  hides: 'writes',
  knewBy: (_, write) => write,
  words: {
    noWay: 'some process missed a write of its own',
    introduction: () => 'A client missed a write of its own, however the writes are ordered',
    since: (who, read) => `${who} had already written it when it ${read}`,
  },
}
