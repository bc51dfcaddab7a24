import { NOTHING } from '../../encoding/encoded.ts'
import type { Budget } from '../../limits/budget.ts'
import { derive } from './derivation.ts'
import type { Conflict, Limit, Saturation } from './saturation.ts'

export type OrdersAnswer =
  | { readonly result: 'met' }
  | { readonly result: 'stopped'; readonly reason: Limit }
  | {
      readonly result: 'violated'
      /** The operations that the contradictions depend on; undefined if there are too many contradictions. */
      readonly rests?: Rests | undefined
      /** The pairs of writes of which at least one order led to a contradiction in the search. */
      readonly pairs: readonly Pair[]
    }

interface Rests {
  readonly involved: ReadonlySet<number>
  /**
   * The contradictions may use assumed orders between threads (see `joinThreads`). For each order that they use: the
   * first operation of the later thread.
   */
  readonly joined: ReadonlySet<number>
}

/**
 * Decides whether the forced order can be extended to a legal order. Two writes of a key form an open pair if the
 * forced order leaves their order open and at least one of them is read. The search assumes one order of an open pair.
 * If this leads to a contradiction, it assumes the other order. If no pair is open, every extension is legal (see
 * `completion`). If both orders of every open pair are contradictory, there is no legal order.
 *
 * A restart begins with the pairs of recent contradictions, so that a small cause deep in a long history is found
 * early. The number of restarts is bounded, so the search ends.
 */
export function orderWrites(saturation: Saturation, budget: Budget): OrdersAnswer {
  let urgent: Pair[] = []
  for (let restart = 0; ; restart++) {
    const limit = restart < RESTARTS ? 4 + restart : Number.POSITIVE_INFINITY
    const root = saturation.mark()
    const answer = attempt(saturation, urgent, limit, budget)
    if (answer.result === 'met' || answer.result === 'stopped') return answer
    if (answer.result === 'violated') {
      const rests = answer.conflicts.length > EXPLAINED ? undefined : retrace()
      return { result: 'violated', rests, pairs: distinct(answer.conflicts) }
    }
    saturation.undo(root)
    urgent = distinct([...answer.conflicts.toReversed(), ...urgent])
    if (urgent.length > URGENT) urgent.length = URGENT
  }

  /**
   * Undoes all decisions and repeats the search. Returns the operations on which the contradictions of the search
   * depend; undefined if the repeated search does not prove a violation.
   */
  function retrace(): Rests | undefined {
    const involved = new Set<number>()
    const joined = new Set<number>()
    const answer = attempt(saturation, urgent, Number.POSITIVE_INFINITY, budget, (conflict) => {
      const derivation = derive(saturation, conflict)
      for (const operation of derivation.involved) involved.add(operation)
      for (const operation of derivation.joined) joined.add(operation)
    })
    return answer.result === 'violated' ? { involved, joined } : undefined
  }
}

/** The maximum number of contradictions that are derived again. */
const EXPLAINED = 100

const RESTARTS = 200
const URGENT = 200

export interface Pair {
  readonly first: number
  readonly second: number
}

/** Removes all but the first of equal pairs. A pair also equals the pair with `first` and `second` exchanged. */
function distinct(pairs: readonly Pair[]): Pair[] {
  const seen = new Set<string>()
  return pairs.filter(({ first, second }) => {
    const name = `${Math.min(first, second)} ${Math.max(first, second)}`
    if (seen.has(name)) return false
    seen.add(name)
    return true
  })
}

interface Decision extends Pair {
  readonly mark: number
  readonly flipped: boolean
  readonly cursor: number
}

type Attempt =
  | { readonly result: 'met' }
  | { readonly result: 'stopped'; readonly reason: Limit }
  | { readonly result: 'violated'; readonly conflicts: readonly Pair[] }
  | { readonly result: 'restart'; readonly conflicts: readonly Pair[] }

function attempt(
  saturation: Saturation,
  urgent: readonly Pair[],
  limit: number,
  budget: Budget,
  onConflict?: (conflict: Conflict) => void,
): Attempt {
  const decisions: Decision[] = []
  const conflicts: Pair[] = []
  const open = createScan(saturation)
  let cursor = 0
  for (;;) {
    if (budget.expired(urgent.length + 1)) return { result: 'stopped', reason: 'time' }
    let pair = urgent.find((each) => isOpen(saturation, each))
    if (pair === undefined) {
      const found = open(cursor)
      if (found === undefined) return { result: 'met' }
      cursor = found.cursor
      pair = found
    }
    // The cursor is the position up to which the scan found no open pair. A pair of `urgent` does not move the cursor,
    // because earlier pairs may still be open.
    const { first, second } = pair
    let next: Decision = { first, second, mark: saturation.mark(), flipped: false, cursor }
    for (;;) {
      const conflict = saturation.assume(next.first, [next.second])
      const reason = saturation.stopped()
      if (reason !== undefined) return { result: 'stopped', reason }
      if (conflict === undefined) break
      onConflict?.(conflict)
      conflicts.push(next)
      if (conflicts.length >= limit) return { result: 'restart', conflicts }
      saturation.undo(next.mark)
      // Both orders of the pair are contradictory, so an earlier decision is wrong.
      let back: Decision | undefined = next
      while (back?.flipped) {
        back = decisions.pop()
        if (back !== undefined) saturation.undo(back.mark)
      }
      if (back === undefined) return { result: 'violated', conflicts }
      cursor = back.cursor
      next = { first: back.second, second: back.first, mark: saturation.mark(), flipped: true, cursor }
    }
    decisions.push(next)
  }
}

const isOpen = (saturation: Saturation, { first, second }: Pair): boolean =>
  !saturation.precedes(first, second) && !saturation.precedes(second, first)

/**
 * Creates a scan for the next open pair. The scan goes through the operations in the order `basis` (see `basisOf`),
 * from the position `from` on. The caller guarantees that no write before this position is in an open pair.
 */
function createScan(saturation: Saturation): (from: number) => (Pair & { readonly cursor: number }) | undefined {
  const { encoded, basis, effectBy, threads, isRead, keyWrites } = saturation
  const { first, thread, start, writes } = keyWrites
  return (from) => {
    for (let cursor = from; cursor < basis.length; cursor++) {
      const write = basis[cursor]
      if (encoded.writes[write] === NOTHING) continue
      for (let list = first[encoded.key[write]]; list < first[encoded.key[write] + 1]; list++) {
        if (thread[list] === threads.of[write]) continue
        // Skips writes that are known to precede `write`.
        for (let w = keyWrites.seek(list, saturation.before(write, thread[list])); w < start[list + 1]; w++) {
          const other = writes[w]
          if (saturation.precedes(write, other)) break
          if (!isRead(write) && !isRead(other)) continue
          return effectBy[write] < effectBy[other]
            ? { first: write, second: other, cursor }
            : { first: other, second: write, cursor }
        }
      }
    }
    return undefined
  }
}

/** Returns an order that extends the forced order. It is legal if no pair of writes is open. */
export function completion(saturation: Saturation): Int32Array {
  const { threads, encoded } = saturation
  const { count, start, members } = threads
  const position = new Int32Array(count)
  const order = new Int32Array(encoded.length)
  let placed = 0
  const isReady = (operation: number, thread: number): boolean => {
    for (let t = 0; t < count; t++) if (t !== thread && saturation.before(operation, t) > position[t]) return false
    return true
  }
  while (placed < order.length) {
    const before = placed
    for (let t = 0; t < count; t++) {
      while (start[t] + position[t] < start[t + 1] && isReady(members[start[t] + position[t]], t)) {
        order[placed++] = members[start[t] + position[t]]
        position[t]++
      }
    }
    if (placed === before) throw new Error('the forced order has a cycle that saturation missed')
  }
  return order
}
