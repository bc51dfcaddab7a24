import { type Encoded, NEVER, NOTHING, READ } from '../../encoding/encoded.ts'
import { type Budget, ticking } from '../../limits/budget.ts'
import { type Clusters, FROM_THE_START } from './clusters.ts'

/**
 * Decides whether the history of one key is 2-atomic, by the algorithm LBT of Golab, Hurwitz & Li ("On the
 * k-atomicity-verification problem", ICDCS 2013). The time is near-linear on real histories and quadratic in the worst
 * case.
 *
 * The algorithm places the writes from the last to the first. The cluster of a write consists of the write and the
 * reads of its value. The end of a write is the first return in its cluster. At this event, the write had certainly
 * taken effect. A write can be the last of the remaining writes if every other remaining write was called before the
 * end of this write.
 *
 * Suppose that a write is placed last. The remaining reads that were called after its end must follow this write. In a
 * 2-atomic order, these reads return the value of this write or the value of the write just before it. If they returned
 * two or more other values, the write cannot be last. If they returned one other value, the write of that value must be
 * placed next. If they returned no other value, the writes placed so far are a complete epoch. The first write of an
 * epoch determines all other writes of the epoch.
 *
 * A complete epoch is removed together with all reads of its writes, and is never restored: if a history is 2-atomic,
 * the rest without the epoch is also 2-atomic. For each epoch, the possible first writes (choices) are tried in turn,
 * each up to a limited number of placed writes (the allowance). If no epoch is complete, the unfinished ones are tried
 * again with a larger allowance. So a choice that fails late does not delay a choice that succeeds early.
 *
 * Expects a compact history, distinct values, no cas, and no read of a value that had not been written.
 *
 * @throws OutOfTime
 */
export function isTwoAtomic(part: Encoded, clusters: Clusters, budget: Budget): boolean {
  const left = whatIsLeft(part, clusters, budget)
  while (left.anyWrite()) {
    let choices = left.candidates()
    for (let allowance = FIRST_ALLOWANCE; ; allowance *= 4) {
      const open: number[] = []
      let complete = false
      for (const choice of choices) {
        budget.look(allowance)
        const outcome = tryEpoch(left, choice, allowance)
        if (outcome === 'complete') {
          complete = true
          break
        }
        if (outcome === 'unfinished') open.push(choice)
      }
      if (complete) break
      if (open.length === 0) return false
      choices = open
    }
  }
  return true
}

const FIRST_ALLOWANCE = 16

/**
 * Places the epoch that begins with `choice`. Restores `left` if the epoch is impossible, or is not complete after
 * `allowance` writes.
 */
function tryEpoch(left: Left, choice: number, allowance: number): 'complete' | 'impossible' | 'unfinished' {
  left.mark()
  let write = choice
  for (let placed = 0; placed < allowance; placed++) {
    const forced = left.place(write)
    if (forced === NONE) return 'complete'
    if (forced === SEVERAL || !left.canBeLast(forced)) {
      left.undo()
      return 'impossible'
    }
    write = forced
  }
  left.undo()
  return 'unfinished'
}

const NONE = -1
const SEVERAL = -2

/** The writes and reads not yet placed, each numbered in order of call. */
interface Left {
  anyWrite(): boolean
  candidates(): number[]
  canBeLast(write: number): boolean
  /**
   * Places a write: removes the write, the reads called after its end, and the reads of its value. Returns the write
   * that must be placed next, or NONE or SEVERAL.
   */
  place(write: number): number
  /** Starts recording removals, so that they can be undone. */
  mark(): void
  undo(): void
}

function whatIsLeft(part: Encoded, { writer, first }: Clusters, budget: Budget): Left {
  const { length, kind, expects, writes, calls, initial } = part
  const writeCalls: number[] = []
  const ends: number[] = []
  const numberOf = new Int32Array(part.values).fill(NONE)
  const begin = (value: number, call: number): void => {
    numberOf[value] = ends.length
    writeCalls.push(call)
    ends.push(first[value])
  }
  if (writer[initial] === FROM_THE_START) begin(initial, -2)
  // An unread write of unknown outcome is left out, because it can come last or not happen.
  for (let i = 0; i < length; i++) {
    if (writes[i] !== NOTHING && first[writes[i]] !== NEVER) begin(writes[i], calls[i])
  }
  const readCalls: number[] = []
  const readFrom: number[] = []
  const readsOf: number[][] = ends.map(() => [])
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (kind[i] !== READ) continue
    readsOf[numberOf[expects[i]]].push(readCalls.length)
    readCalls.push(calls[i])
    readFrom.push(numberOf[expects[i]])
  }
  const byCall = createChain(ends.map((_, write) => write))
  const byEnd = createChain(ends.map((_, write) => write).sort(ticking((a, b) => ends[a] - ends[b], budget)))
  const reads = createChain(readCalls.map((_, read) => read))
  let taken: { readonly from: Chain; readonly item: number }[] = []
  const take = (from: Chain, item: number): void => {
    from.remove(item)
    taken.push({ from, item })
  }
  return {
    anyWrite: () => byCall.last() !== NONE,
    candidates() {
      const found: number[] = []
      const latestCall = writeCalls[byCall.last()]
      for (let write = byEnd.last(); write !== NONE && ends[write] > latestCall; write = byEnd.before(write)) {
        found.push(write)
      }
      return found
    },
    canBeLast: (write) => ends[write] > writeCalls[byCall.last()],
    place(write) {
      take(byCall, write)
      take(byEnd, write)
      let forced = NONE
      for (let read = reads.last(); read !== NONE && readCalls[read] > ends[write]; read = reads.last()) {
        const from = readFrom[read]
        if (from !== write && forced !== from) forced = forced === NONE ? from : SEVERAL
        if (forced === SEVERAL) return SEVERAL
        take(reads, read)
      }
      for (const read of readsOf[write]) if (reads.has(read)) take(reads, read)
      return forced
    },
    mark() {
      taken = []
    },
    undo() {
      for (const { from, item } of taken.reverse()) from.restore(item)
    },
  }
}

/** A list whose items can be removed, and restored in reverse order (Knuth's dancing links). */
interface Chain {
  last(): number
  before(item: number): number
  has(item: number): boolean
  remove(item: number): void
  restore(item: number): void
}

function createChain(items: readonly number[]): Chain {
  const end = items.length
  const previous = new Int32Array(end + 1)
  const next = new Int32Array(end + 1)
  const present = new Uint8Array(end).fill(1)
  let at = end
  for (const item of items) {
    next[at] = item
    previous[item] = at
    at = item
  }
  next[at] = end
  previous[end] = at
  return {
    last: () => (previous[end] === end ? NONE : previous[end]),
    before: (item) => (previous[item] === end ? NONE : previous[item]),
    has: (item) => present[item] === 1,
    remove(item) {
      next[previous[item]] = next[item]
      previous[next[item]] = previous[item]
      present[item] = 0
    },
    restore(item) {
      next[previous[item]] = item
      previous[next[item]] = item
      present[item] = 1
    },
  }
}
