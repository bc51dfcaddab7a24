import type { WeakDefinition } from './definition.ts'

/** CC of Bouajjani, Enea, Guerraoui & Hamza (POPL 2017). It does not imply PRAM. */
export const causal: WeakDefinition<'causal'> = {
  name: 'causal',
  implies: [],
  headline: 'causally consistent',
  cost: 2,
  contradiction: (relations) => relations.inCausalPast(),
  sourcesChosenBy: 'all',
  hides: 'writes and reads',
  words: {
    noWay: 'no causal order explains them',
    introduction: () => 'A read saw a write that was overwritten in its own causal past',
    since: 'knowing of it',
  },
}
