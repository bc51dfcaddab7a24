import { afterwards, noSharedOrder, type WeakDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/** CM of Bouajjani, Enea, Guerraoui & Hamza (POPL 2017). Not comparable to causal convergence. */
export const causalMemory: WeakDefinition<'causal-memory'> = {
  name: 'causal-memory',
  adjective: 'a causal memory',
  sentence: 'causal, with one order for each client that explains all of its reads',
  rung: rungs.causal,
  isCompared: true,
  implies: ['causal', 'pram'],
  headline: 'causally consistent (causal memory)',
  cost: 5,
  contradiction: (relations) => relations.inViews('causal order'),
  sourcesChosenBy: 'all, then each client',
  hides: 'writes and reads',
  words: {
    noWay: 'no causal order lets each process explain its reads together',
    introduction: (client) =>
      client === undefined
        ? noSharedOrder()
        : `no order of the writes that ${client} knew of, causes first, explains what it read`,
    since: afterwards,
  },
}
