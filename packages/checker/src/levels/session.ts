import { alreadyKnew, noSharedOrder, type WeakDefinition } from './definition.ts'
import { rungs } from './rungs.ts'

/** Terry et al. 1994: all four guarantees, the two about writes also for what is visible. */
export const session: WeakDefinition<'session'> = {
  name: 'session',
  adjective: 'session consistent',
  sentence: 'one order for each client that gives it all four guarantees below at once',
  rung: rungs.client,
  isCompared: true,
  implies: ['read-your-writes', 'monotonic-reads', 'monotonic-writes', 'writes-follow-reads'],
  headline: 'consistent within sessions',
  cost: 3,
  // With all four guarantees a read sees its whole causal past, and the orders they force on the arbitration are those
  // of causal convergence: the two levels coincide (shown by the tests, over all sources).
  contradiction: (relations) => relations.inArbitration(),
  sourcesChosenBy: 'all',
  hides: 'writes and reads',
  words: {
    noWay: 'no order of the writes keeps the promises to every session',
    introduction: noSharedOrder,
    since: alreadyKnew,
  },
}
