import type { Relations } from '../register/causal/orders/contradiction.ts'
import type { Judged } from '../register/causal/orders/judged.ts'
import type { Facts } from '../register/causal/orders/order.ts'
import type { Hides } from '../register/start/may-see.ts'

/** A level of consistency, as the registry lists it. */
export interface LevelDefinition<Name extends string = string> {
  readonly name: Name
  /** An adjective that follows "is": `sequentially consistent`. Absent if the level's name itself follows "is". */
  readonly adjective?: string
  /** What the level requires, for people who meet its name for the first time. */
  readonly sentence: string
  /** The rung of tables and pages that shows the level. */
  readonly rung: Rung
  /** Shown in a comparison of systems. All other levels say too little to sum up a run. */
  readonly isCompared?: true
  /** The levels that it directly implies. The order is partial. */
  readonly implies: readonly string[]
  /** The level needs separate evidence: no other level's verdict decides it. */
  readonly isApart?: true
  /** The level depends on the real-time order between operations of different clients. */
  readonly isRealTime?: true
  /** The headline of a history that meets the level; absent if it says too little to sum up a history. */
  readonly headline?: string
}

/** A level between sequential and eventual, defined by reads, writes and processes. */
export interface WeakDefinition<Name extends string = string> extends LevelDefinition<Name> {
  /**
   * The relative cost of deciding the level. Cheap levels are decided first: a violated one decides the levels that
   * imply it, with the part of its counterexample that they need.
   */
  readonly cost: number
  /** Finds a contradiction between the orders of a history and the level, for reads that all have a source. */
  contradiction(relations: Relations): Judged
  /**
   * Who chooses the sources of reads of repeated values: all clients together, each client separately, or all clients
   * together for the causal order and then each client within that order.
   */
  readonly sourcesChosenBy: 'all' | 'each client' | 'all, then each client'
  /** Which operations hide the initial value from a process. */
  readonly hides: Hides
  /**
   * For a guarantee about single clients: the operation through which the reading client knew of the write before the
   * read. Absent if the whole causal past of a read counts.
   */
  knewBy?(facts: Facts, write: number, read: number): number
  readonly words: WeakWords
}

interface WeakWords {
  /** Follows "Whichever writes these reads saw,": the contradiction in every choice of sources. */
  readonly noWay: string
  /** Introduces the steps of a cycle; names the client if the contradiction is in one client's view. */
  introduction(client: string | undefined): string
  /**
   * Follows "because": why a write that a read did not see is older. `who` is `process 4`, and `read` is `read 1 for x
   * from n3`.
   */
  readonly since: (who: string, read: string) => string
}

/** The reason for a level in which all writes known to a client count. */
export const alreadyKnew = (who: string, read: string): string => `${who} already knew of it when it ${read}`

/** The reason for a level with a separate order for each client. */
export const afterwards = (who: string, read: string): string => `after it ${who} ${read}`

/** The introduction for a level without a more precise one. */
export const noSharedOrder = (): string => 'No order of the writes, shared by all processes, fits what they saw'

/**
 * The guarantees about the order of writes (Viotti & Vukolić 2016). On registers they have an effect only together with
 * monotonic reads: alone they only forbid reads from the future.
 */
export const orderOfWrites = {
  implies: [],
  cost: 0,
  contradiction: (relations) => relations.inFuture(),
  sourcesChosenBy: 'all',
  hides: 'nothing',
  words: {
    noWay: 'some read saw a write that came causally after it',
    introduction: noSharedOrder,
    since: alreadyKnew,
  },
} satisfies Partial<WeakDefinition>

/** Levels that pages show together, and the sign of the strongest one in tables. */
export interface Rung {
  readonly title: string
  /** The sign's label in a table's legend. */
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
