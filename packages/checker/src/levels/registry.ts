import { earlierReadOf, missesOwnWrites, readsGoBack } from '../register/session/guarantees.ts'
import {
  afterwards,
  alreadyKnew,
  type LevelDefinition,
  noSharedOrder,
  orderOfWrites,
  rungs,
  type WeakDefinition,
} from './definition.ts'

/** Herlihy & Wing 1990. It implies eventual if there are final reads. */
const linearizable: LevelDefinition<'linearizable'> = {
  name: 'linearizable',
  sentence: 'as if there were one copy: an answer reflects every write acknowledged before the question was asked',
  rung: rungs.linearizable,
  isCompared: true,
  isRealTime: true,
  implies: ['sequential', 'eventual'],
}

/** Lamport 1979. It does not imply eventual: a replica may lag forever and still fit one order. */
const sequential: LevelDefinition<'sequential'> = {
  name: 'sequential',
  adjective: 'sequentially consistent',
  sentence: 'one order for everybody, in which each client sees its own steps in turn; answers may be old',
  rung: rungs.sequential,
  isCompared: true,
  implies: ['causal-convergence', 'causal-memory'],
}

/** CC of Bouajjani, Enea, Guerraoui & Hamza (POPL 2017). It does not imply PRAM. */
const causal: WeakDefinition<'causal'> = {
  name: 'causal',
  adjective: 'causally consistent',
  sentence:
    'for everybody, an operation comes after all that its client had seen or done; the order of others may differ',
  rung: rungs.causal,
  isCompared: true,
  implies: [],
  headline: 'causally consistent',
  cost: 2,
  contradiction: (relations) => relations.inCausalPast(),
  hides: 'writes and reads',
  words: {
    noWay: 'no causal order explains them',
    introduction: () => 'A client read a value although it already knew of a newer one',
    since: alreadyKnew,
  },
}

/** CM of Bouajjani, Enea, Guerraoui & Hamza (POPL 2017). Not comparable to causal convergence. */
const causalMemory: WeakDefinition<'causal-memory'> = {
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

/** CCv of Bouajjani, Enea, Guerraoui & Hamza (POPL 2017). Not comparable to causal memory. */
const causalConvergence: WeakDefinition<'causal-convergence'> = {
  name: 'causal-convergence',
  adjective: 'causally convergent',
  sentence: 'causal, and concurrent writes are settled alike everywhere',
  rung: rungs.causal,
  isCompared: true,
  implies: ['causal', 'session'],
  headline: 'causally convergent',
  cost: 4,
  contradiction: (relations) => relations.inArbitration(),
  hides: 'writes and reads',
  words: {
    noWay: 'no order of the writes fits what all processes saw',
    introduction: noSharedOrder,
    since: alreadyKnew,
  },
}

/** Lipton & Sandberg 1988. It does not imply the session guarantees. */
const pram: WeakDefinition<'pram'> = {
  name: 'pram',
  adjective: 'PRAM',
  sentence: 'the writes of each client are seen in its order; those of different clients in any',
  rung: rungs.client,
  isCompared: true,
  implies: [],
  headline: 'PRAM consistent',
  // PRAM is decided last. It usually needs no decision of its own then, because it holds if causal memory holds.
  cost: 6,
  // PRAM allows a read to see a future write.
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

/**
 * Terry et al. 1994: all four guarantees together. The two guarantees about writes also restrict which writes are
 * visible.
 */
const session: WeakDefinition<'session'> = {
  name: 'session',
  adjective: 'session consistent',
  sentence: 'one order for each client that gives it all four session guarantees at once',
  rung: rungs.client,
  isCompared: true,
  implies: ['read-your-writes', 'monotonic-reads', 'monotonic-writes', 'writes-follow-reads'],
  headline: 'consistent within sessions',
  cost: 3,
  // All four guarantees together equal causal convergence. The tests show this for all possible sources of reads.
  contradiction: (relations) => relations.inArbitration(),
  hides: 'writes and reads',
  words: {
    noWay: 'no order of the writes keeps the promises to every session',
    introduction: noSharedOrder,
    since: alreadyKnew,
  },
}

/** Viotti & Vukolić 2016. The arbitration keeps each client's order of writes to the same key. */
const readYourWrites: WeakDefinition<'read-your-writes'> = {
  name: 'read-your-writes',
  sentence: 'a client sees its own writes',
  rung: rungs.client,
  implies: [],
  cost: 1,
  contradiction: (relations) => relations.inSession(missesOwnWrites),
  hides: 'writes',
  knewBy: (_, write) => write,
  words: {
    noWay: 'some process missed a write of its own',
    introduction: () => 'A client missed a write of its own, however the writes are ordered',
    since: (who, read) => `${who} had already written it when it ${read}`,
  },
}

/** Viotti & Vukolić 2016. */
const monotonicReads: WeakDefinition<'monotonic-reads'> = {
  name: 'monotonic-reads',
  adjective: 'monotonic in its reads',
  sentence: 'a client never sees something older than it has seen',
  rung: rungs.client,
  implies: [],
  cost: 1,
  contradiction: (relations) => relations.inSession(readsGoBack),
  hides: 'nothing',
  knewBy: earlierReadOf,
  words: {
    noWay: 'the reads of some process went backwards, however the writes are ordered',
    introduction: () => "A client's reads went backwards, however the writes are ordered",
    since: (who, read) => `${who} had already seen it when it ${read}`,
  },
}

const monotonicWrites: WeakDefinition<'monotonic-writes'> = {
  ...orderOfWrites,
  name: 'monotonic-writes',
  adjective: 'monotonic in its writes',
  sentence: 'the writes of one client are applied in its order',
  rung: rungs.client,
}

const writesFollowReads: WeakDefinition<'writes-follow-reads'> = {
  ...orderOfWrites,
  name: 'writes-follow-reads',
  sentence: 'a write comes after the writes that its client had read',
  rung: rungs.client,
}

/** Vogels 2009. Unknown without final reads, whatever other levels hold. */
const eventual: LevelDefinition<'eventual'> = {
  name: 'eventual',
  adjective: 'eventually consistent',
  sentence: 'once all is quiet, the copies agree on a value that nobody had overwritten',
  rung: rungs.eventual,
  isCompared: true,
  implies: ['convergent'],
  isApart: true,
  isRealTime: true,
}

/**
 * Convergence alone (Bailis & Ghodsi 2013, the liveness half of eventual consistency): after healing, all final reads
 * agree, on any value. Unknown without final reads, whatever other levels hold.
 */
const convergent: LevelDefinition<'convergent'> = {
  name: 'convergent',
  sentence: 'once all is quiet, the copies agree, no matter on what',
  rung: rungs.eventual,
  implies: [],
  isApart: true,
  isRealTime: true,
}

/** The levels of consistency, strongest first; all code iterates over this list. */
export const definitions = [
  linearizable,
  sequential,
  causal,
  causalMemory,
  causalConvergence,
  pram,
  session,
  readYourWrites,
  monotonicReads,
  monotonicWrites,
  writesFollowReads,
  eventual,
  convergent,
] as const
