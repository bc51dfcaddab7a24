import { afterwards, noSharedOrder, type WeakDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/** Lipton & Sandberg 1988. It does not imply the session guarantees. */
export const pram: WeakDefinition<'pram'> = {
  name: 'pram',
  adjective: 'PRAM',
  sentence: 'the writes of each client are seen in its order; those of different clients in any',
  rung: rungs.client,
  isCompared: true,
  implies: [],
  headline: 'PRAM consistent',
  // Usually known before its turn, because causal memory implies it.
  cost: 6,
  // It lets a read see the future.
  contradiction: (relations) => relations.inViews('client order'),
  sourcesChosenBy: 'each client',
  hides: 'writes and reads',
  words: {
    noWay: 'some process cannot put all writes and its reads in one order',
    introduction: (client) =>
      client === undefined
        ? noSharedOrder()
        : `no order of the writes that keeps each client's own order explains what ${client} read`,
    since: afterwards,
  },
}
