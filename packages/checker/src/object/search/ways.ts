import type { Budget } from '../../limits/budget.ts'
import type { Usage } from '../../search/usage.ts'
import { IMPOSSIBLE, type Machine, type Weights } from '../model/machine.ts'
import { type Addend, allButFew, type FindSubset, few, fewest } from './subsets.ts'

/** A configuration of the search, numbered in order of discovery. */
export interface Configuration {
  /** The last operation taken, as an index into the trail; -1 for none. */
  readonly trail: number
  readonly state: number
  /** The index of the first completed operation, by return, that is not taken yet. */
  readonly first: number
  /** The operations already taken into the order, among those open at the return of `first`. One bit for each slot. */
  readonly taken: Int32Array
  /** Identifies how many operations of unknown outcome were taken into the order from each class (see `Usage`). */
  readonly used: number
  /** The number that represents the sum of the amounts in the state (see `Weights`). */
  readonly sum: number
  readonly cost: number
}

/** An operation to take into the order. `ofClass`: its class if its outcome is unknown. */
export interface Step extends Addend {
  readonly operation: number
  readonly ofClass: number | undefined
}

/** A read, and the operations to take into the order before the read, sorted by return. */
interface Way {
  readonly read: number
  readonly steps: readonly Step[]
}

/** The maximum number of completed operations that `readsAhead` examines, in order of return. */
const MOST_AHEAD = 256
/** The maximum number of states tried between two reads. Most orders are found within a few states. */
const MOST_ORDERS = 500
/** The operations of a search. Arrays are indexed by operation unless stated otherwise. */
export interface Searched extends Pick<Machine, 'code' | 'step'> {
  readonly weights: Weights
  readonly calls: Int32Array
  readonly returns: Int32Array
  /** 1 for an operation that only reads. */
  readonly observes: Uint8Array
  /**
   * `completed`: the completed operations in order of return. `windows`: for each of them, the operations open at its
   * return.
   */
  readonly completed: Int32Array
  readonly windows: readonly Int32Array[]
  /**
   * The operations of unknown outcome by effect (`classes`), and how many of each class a configuration used (`usage`).
   */
  readonly classes: readonly (readonly number[])[]
  readonly usage: Usage
}

export interface Moves {
  /** Reports whether an operation is taken. Only for operations called before the return of `first`. */
  readonly isTaken: (taken: Int32Array, operation: number) => boolean
  /** The configuration after an operation and all reads that fit after it, if memory suffices. */
  readonly takeStep: (at: Configuration, step: Step, state: number) => Configuration | undefined
}

/**
 * Creates a search that goes directly to configurations in which a read of all amounts fits. It finds operations (a
 * `Way`) whose amounts add up to the difference between the sum that the read returned and the sum of the current
 * state. A search that takes any fitting operation would try many orders that fit no read.
 */
export function createWays(
  searched: Searched,
  moves: Moves,
  budget: Budget,
): { readonly toReads: (from: Configuration) => readonly Configuration[] } {
  const { code, weights, calls, returns, observes, completed, windows, classes, usage } = searched
  const placeOf = new Int32Array(calls.length)
  for (const [place, operation] of completed.entries()) placeOf[operation] = place

  /**
   * Reports whether a configuration has taken a completed operation into the order. Unlike `taken`, this function also
   * covers operations that are not open at the return of `first`.
   */
  const isDone = ({ first, taken }: Configuration, operation: number): boolean =>
    placeOf[operation] < first || (calls[operation] < returns[completed[first]] && moves.isTaken(taken, operation))

  /**
   * Finds the read that returns first among the reads not yet taken into the order. Returns the reads, not yet taken,
   * that are open when this read returns. Of reads with equal results, returns only the one that returns first, because
   * the same states fit all of them.
   */
  const readsAhead = (from: Configuration): Iterable<number> => {
    const most = Math.min(completed.length, from.first + MOST_AHEAD)
    const ahead = new Map<number, number>()
    for (let place = from.first; place < most && ahead.size === 0; place++) {
      if (observes[completed[place]] === 0 || isDone(from, completed[place])) continue
      for (const read of windows[place]) {
        if (observes[read] === 0 || isDone(from, read)) continue
        const other = ahead.get(code[read])
        if (other === undefined || returns[read] < returns[other]) ahead.set(code[read], read)
      }
    }
    return ahead.values()
  }

  /** Returns the operations to take before a read: those that must precede it, and others to reach the sum it shows. */
  const wayTo = (from: Configuration, read: number, find: FindSubset): Way | undefined => {
    const shows = weights.shows(code[read])
    if (shows === undefined) return undefined
    let missing = shows - from.sum
    const sure: Step[] = []
    const open: Step[] = []
    const consider = (operation: number): void => {
      if (observes[operation] === 1 || isDone(from, operation)) return
      const amount = weights.adds(code[operation])
      const isSure = returns[operation] < calls[read]
      ;(isSure ? sure : open).push({ operation, amount, ofClass: undefined })
      if (isSure) missing -= amount
    }
    const last = placeOf[read]
    for (let place = from.first; place < last; place++) consider(completed[place])
    for (const operation of windows[last]) consider(operation)
    for (let c = 0; c < classes.length; c++) {
      const member = classes[c][usage.count(from.used, c)]
      if (member !== undefined && calls[member] < returns[read])
        open.push({ operation: member, amount: weights.adds(code[member]), ofClass: c })
    }
    const some = find(open, missing, budget)
    if (some === undefined) return undefined
    return { read, steps: [...sure, ...some].sort((a, b) => returns[a.operation] - returns[b.operation]) }
  }

  const through = createThrough(searched, moves, isDone)
  return {
    // Tries the ways with the fewest operations first. A longer way to a read often passes through the state that a
    // shorter way reaches.
    toReads: (from) => {
      const reads = [...readsAhead(from)]
      for (const find of [few, allButFew, fewest]) {
        const ways = reads.map((read) => wayTo(from, read, find)).filter((way) => way !== undefined)
        ways.sort((a, b) => a.steps.length - b.steps.length)
        const reached: Configuration[] = []
        let least = Number.POSITIVE_INFINITY
        for (const way of ways) {
          if (way.steps.length > least) break
          const configuration = through(from, way)
          if (configuration === undefined) continue
          least = way.steps.length
          reached.push(configuration)
        }
        if (reached.length > 0) return reached
      }
      return []
    },
  }
}

/**
 * Creates a function that takes the operations of a `Way` one after another, in an order that makes the read possible.
 * It returns undefined if it finds no such order.
 */
const createThrough =
  (
    { code, step, calls, returns, completed }: Searched,
    { takeStep }: Moves,
    isDone: (at: Configuration, operation: number) => boolean,
  ) =>
  (from: Configuration, { read, steps }: Way): Configuration | undefined => {
    // The set of operations taken determines the state.
    const known = new Set<number>()
    const reach = (at: Configuration, left: readonly Step[]): Configuration | undefined => {
      if (at.first === completed.length || left.length === 0) return at
      const before = returns[completed[at.first]]
      for (const each of left) {
        if (known.size > MOST_ORDERS) return undefined
        if (calls[each.operation] > before) continue
        const state = step(at.state, code[each.operation])
        if (state === IMPOSSIBLE || known.has(state)) continue
        known.add(state)
        const next = takeStep(at, each, state)
        const reached =
          next &&
          reach(
            next,
            left.filter((other) => other !== each),
          )
        if (reached !== undefined) return reached
      }
      return undefined
    }
    const reached = reach(from, steps)
    // The read may still be impossible, because states with equal weights may differ.
    return reached !== undefined && (reached.first === completed.length || isDone(reached, read)) ? reached : undefined
  }
