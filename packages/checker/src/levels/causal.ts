import { alreadyKnew, type WeakDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/** CC of Bouajjani, Enea, Guerraoui & Hamza (POPL 2017). It does not imply PRAM. */
export const causal: WeakDefinition<'causal'> = {
  name: 'causal',
  adjective: 'causally consistent',
  sentence: 'what a client has seen or done comes before what it does next, for everybody; the rest may differ',
  rung: rungs.causal,
  isCompared: true,
  implies: [],
  headline: 'causally consistent',
  cost: 2,
  contradiction: (relations) => relations.inCausalPast(),
  sourcesChosenBy: 'all',
  hides: 'writes and reads',
  words: {
    noWay: 'no causal order explains them',
    introduction: () => 'A client read a value although it already knew of a newer one',
    since: alreadyKnew,
  },
}
