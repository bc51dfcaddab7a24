import type { WeakDefinition } from '../../../../checker/src/levels/definition.ts'
import { rungs } from '../../../../checker/src/levels/definition.ts'

/** A read sees all that is in its causal past. */
export const ownLevel: WeakDefinition = {
  name: 'own-level',
  adjective: 'as this test wants it',
  sentence: 'whatever this test asks for',
  rung: rungs.causal,
  implies: ['monotonic-writes'],
  impliedBy: ['sequential'],
  headline: 'consistent by the level of this test',
  cost: 2,
  contradiction: (relations) => relations.inCausalPast(),
  sourcesChosenBy: 'all',
  hides: 'writes and reads',
  words: {
    noWay: 'nothing explains them',
    introduction: () => 'This test sees a contradiction',
    since: (who, read) => `${who} already knew of it when it ${read}`,
  },
}
