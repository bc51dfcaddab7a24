import type { Relations } from '../register/causal/orders/contradiction.ts'
import type { Judged } from '../register/causal/orders/judged.ts'
import type { Facts } from '../register/causal/orders/order.ts'
import type { Hides } from '../register/start/may-see.ts'

export interface LevelDefinition<Name extends string = string> {
  readonly name: Name
  /** An adjective that follows "is": `sequentially consistent`. Absent if the level's name itself follows "is". */
  readonly adjective?: string
  /** What the level requires, for people who meet its name for the first time. */
  readonly sentence: string
  readonly rung: Rung
  /** Whether comparisons of systems show the level. The other levels say too little to sum up a run. */
  readonly isCompared?: true
  /** The levels that this level directly implies. The order is partial. */
  readonly implies: readonly string[]
  /** Whether the level needs evidence of its own, because no verdict on another level decides it. */
  readonly isApart?: true
  /** The level depends on the real-time order between operations of different clients. */
  readonly isRealTime?: true
  /**
   * The headline of a history that meets the level. Absent if meeting the level is too weak a result for a headline.
   */
  readonly headline?: string
}

/** A level between sequential and eventual, defined by reads, writes and processes. */
export interface WeakDefinition<Name extends string = string> extends LevelDefinition<Name> {
  /**
   * The relative cost of deciding the level; cheap levels come first. A violation also decides the levels that imply
   * this one.
   */
  readonly cost: number
  /** Finds a contradiction between the level and the orders of a history in which every read has a source. */
  contradiction(relations: Relations): Judged
  /**
   * How the source of a read is chosen if its value was written repeatedly. By default, one choice must suit all
   * clients. `each client`: each client may choose differently. `all, then each client`: one choice for all clients
   * determines the causal order. Each client may then choose differently for its own order, which must respect the
   * causal order.
   */
  readonly sourcesChosenBy?: 'each client' | 'all, then each client'
  /** The operations of a process after which a read by the same process cannot return the initial value of its key. */
  readonly hides: Hides
  /**
   * Returns the operation that shows that the client knew of the write before it read. Absent at levels at which the
   * client knows its whole causal past.
   */
  knewBy?(facts: Facts, write: number, read: number): number
  readonly words: WeakWords
}

interface WeakWords {
  /**
   * Ends a sentence that begins with "No matter which writes the reads of these operations saw,". States what is
   * impossible, whichever write each read saw.
   */
  readonly noWay: string
  /** Introduces the steps of a cycle. Names the client if the cycle is in one client's view. */
  introduction(client: string | undefined): string
  /**
   * Returns the clause after "because" that states why a write that a read did not see is older than the write that
   * the read saw. `who` names the client that read, such as `process 4`. `read` describes the read, such as
   * `read 1 for x from n3`.
   */
  readonly since: (who: string, read: string) => string
}

export const alreadyKnew = (who: string, read: string): string => `${who} already knew of it when it ${read}`

/**
 * `WeakWords.since` for levels at which each client may order the writes differently. In the client's order, the unseen
 * write precedes the read.
 */
export const afterwards = (who: string, read: string): string => `after it ${who} ${read}`

export const noSharedOrder = (): string => 'No order of the writes, shared by all processes, fits what they saw'

/**
 * The common part of the guarantees about the order of writes (Viotti & Vukolić 2016). For registers, and without
 * monotonic reads, it only forbids reads from the future.
 */
export const orderOfWrites = {
  implies: [],
  cost: 0,
  contradiction: (relations) => relations.inFuture(),
  hides: 'nothing',
  words: {
    noWay: 'some read saw a write that causally followed that read',
    introduction: noSharedOrder,
    since: alreadyKnew,
  },
} satisfies Partial<WeakDefinition>

/** Levels that pages show together. */
export interface Rung {
  readonly title: string
  /** The label of `sign` in the legend of a table. */
  readonly name: string
  readonly sign: string
}

/** Strongest first. */
export const rungs = {
  linearizable: { title: 'Linearizable', name: 'linearizable', sign: '●' },
  sequential: { title: 'Sequential', name: 'sequential', sign: '⊖' },
  causal: { title: 'Causal', name: 'causal', sign: '◑' },
  client: { title: 'PRAM', name: 'PRAM or session', sign: '◔' },
  eventual: { title: 'Eventual', name: 'eventual', sign: '○' },
} as const satisfies { readonly [name: string]: Rung }
