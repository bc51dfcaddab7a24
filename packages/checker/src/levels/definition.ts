import type { Relations } from '../register/causal/orders/contradiction.ts'
import type { Judged } from '../register/causal/orders/judged.ts'
import type { Facts } from '../register/causal/orders/order.ts'
import type { Hides } from '../register/start/may-see.ts'

/** A level of consistency, as the registry lists it. */
export interface LevelDefinition<Name extends string = string> {
  readonly name: Name
  /** Follows "is": `sequentially consistent`. Absent if the name itself does. */
  readonly adjective?: string
  /** What it asks for, for people who meet its name for the first time. */
  readonly sentence: string
  /** Where pages show it. */
  readonly rung: Rung
  /** Shown in a comparison of systems. The others alone say too little to sum up a run. */
  readonly isCompared?: true
  /** The levels that it directly implies. The order is partial. */
  readonly implies: readonly string[]
  /** It needs evidence of its own: no other level's verdict decides it. */
  readonly isApart?: true
  /** It depends on the order in real time of operations by different clients. */
  readonly isRealTime?: true
  /** The headline of a history that meets it; absent if that says too little to sum a history up. */
  readonly headline?: string
}

/** A level between sequential and eventual, defined by reads, writes and processes. */
export interface WeakDefinition<Name extends string = string> extends LevelDefinition<Name> {
  /**
   * How expensive it is to decide. Cheap levels are decided first: a violated one decides those that imply it, with as
   * much of its counterexample as they need.
   */
  readonly cost: number
  /** How the orders of a history contradict it, once every read has a source. */
  contradiction(relations: Relations): Judged
  /**
   * Who chooses the sources of reads where values are repeated: all clients together, each client for itself, or first
   * all together, for the causal order, and then each client within that order.
   */
  readonly sourcesChosenBy: 'all' | 'each client' | 'all, then each client'
  /** What hides the initial value from a process. */
  readonly hides: Hides
  /**
   * For a guarantee about single clients: the client's operation by which it knew of the write before the read. Absent
   * if a read's whole causal past counts.
   */
  knewBy?(facts: Facts, write: number, read: number): number
  readonly words: WeakWords
}

interface WeakWords {
  /** Follows "Whichever writes these reads saw,": what is wrong with every choice of sources. */
  readonly noWay: string
  /** Precedes the steps of a cycle; names the client if the contradiction is in one client's view. */
  introduction(client: string | undefined): string
  /**
   * Follows "because": why a write that a read did not see is the older one. `who` is `process 4`, and `read` what it did:
   * `read 1 for x from n3`.
   */
  readonly since: (who: string, read: string) => string
}

/** The reason of a level for which whatever a client knew of counts. */
export const alreadyKnew = (who: string, read: string): string => `${who} already knew of it when it ${read}`

/** The reason of a level with an order for each client. */
export const afterwards = (who: string, read: string): string => `after it ${who} ${read}`

/** The introduction of a level that says nothing more precise. */
export const noSharedOrder = (): string => 'No order of the writes, shared by all processes, fits what they saw'

/**
 * The guarantees about the order of writes (Viotti & Vukolić 2016). On registers they bite only together with monotonic
 * reads: alone they only forbid reading from the future.
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

/** Levels that pages show together, and the sign of the strongest of them in tables. */
export interface Rung {
  readonly title: string
  /** Label of the sign in a table's legend. */
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
