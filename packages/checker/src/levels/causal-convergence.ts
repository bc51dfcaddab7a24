import { alreadyKnew, noSharedOrder, type WeakDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/** CCv of Bouajjani, Enea, Guerraoui & Hamza (POPL 2017). Not comparable to causal memory. */
export const causalConvergence: WeakDefinition<'causal-convergence'> = {
  name: 'causal-convergence',
  adjective: 'causally convergent',
  sentence: 'causal, and concurrent writes are settled alike everywhere',
  rung: rungs.causal,
  isCompared: true,
  implies: ['causal', 'session'],
  headline: 'causally convergent',
  cost: 4,
  contradiction: (relations) => relations.inArbitration(),
  sourcesChosenBy: 'all',
  hides: 'writes and reads',
  words: {
    noWay: 'no order of the writes fits what all processes saw',
    introduction: noSharedOrder,
    since: alreadyKnew,
  },
}
