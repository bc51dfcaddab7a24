import { type Budget, createPace } from '../../../limits/budget.ts'
import { countBelow, firstWhere } from '../../../search/halving.ts'
import { type Edge, overwrites } from '../../sequential/edges.ts'
import { INITIAL, NO_READ } from '../../sequential/reads-from.ts'
import { type CausalOrder, causalOrder, countAmong, type Facts, lastAmong, raise } from './order.ts'

/** Shows why one process cannot put the writes and its own reads in one order: `edges` and `last` form a cycle. */
interface ViewConflict {
  readonly thread: number
  readonly edges: readonly Edge[]
  readonly last: Edge
}

export interface Views {
  /**
   * Returns a conflict if no single order explains the reads of a thread up to `until`. `sources` holds the write that
   * each read saw.
   */
  readonly conflictOf: (thread: number, sources: Int32Array, until?: number) => ViewConflict | undefined
  /** Returns the resource that ran out, if any. The search then proves nothing if it found no conflict. */
  readonly stopped: () => 'out of time' | 'out of memory' | undefined
  readonly release: () => void
}

/**
 * Decides whether one process can order writes so that all its own reads are explained. For PRAM, the process orders
 * all writes, and program order must hold. For causal memory (CM), it orders only the writes that causally precede its
 * operations, and the causal order (`given`) must hold.
 *
 * The search extends the given order to the forced order (the happened-before relation of Bouajjani et al., POPL 2017,
 * §3.3) by one rule: if a write precedes a read of its key and is not the read's source, the write also precedes the
 * source. Suppose that the forced order has no cycle, and that no write to a key precedes a read of the key's initial
 * value. Then the operations before each read can be ordered so that the read's source is the last write to its key.
 *
 * The rule gives new predecessors only to sources, so the search stores only these: for each source, how many
 * operations of each thread were forced before it. The predecessors of other operations follow from them.
 */
export function createViews(facts: Facts, given: CausalOrder | undefined, budget: Budget): Views {
  // If operations of a client overlap, an operation can have predecessors in other threads of its client.
  const needed = given === undefined && facts.threads.isBranched
  const own = needed ? clientOrder(facts, budget) : undefined
  const order = given ?? own
  const { encoded, threads } = facts
  const { of, place, start, members, before } = threads
  const width = threads.count
  const base = (row: Int32Array, operation: number): void => {
    if (order !== undefined) raise(row, 0, order.rows, operation * width, width)
    else {
      const thread = of[operation]
      if (row[thread] <= place[operation]) row[thread] = place[operation] + 1
      for (let n = before.start[operation]; n < before.start[operation + 1]; n++) {
        const previous = before.items[n]
        if (row[of[previous]] <= place[previous]) row[of[previous]] = place[previous] + 1
      }
    }
  }
  // By thread: the sources (writes that reads saw) before which `force` ordered operations. `forcedPlaces`: the place
  // of the source in its thread. `forcedRows`: how many operations of each thread were ordered before the source.
  const forcedPlaces: number[][] = Array.from({ length: width }, () => [])
  const forcedRows: Int32Array[][] = Array.from({ length: width }, () => [])
  /** Returns how many of a thread's first `count` operations are sources in `forcedPlaces`. */
  const forcedAmong = (thread: number, count: number): number => countBelow(forcedPlaces[thread], count)
  const active: number[] = []
  // The thread whose view is searched.
  let viewer = 0
  const reads: number[] = []
  const past: Int32Array[] = []
  /** Returns how many of the viewer's first `count` operations are reads with an entry in `past`. */
  const readsAmong = (count: number): number => countAmong(reads, past.length, count, place)
  /** Extends a row by the predecessors of its operations. */
  const close = (row: Int32Array): void => {
    for (let changed = true; changed; ) {
      changed = false
      const seen = readsAmong(row[viewer])
      if (seen > 0 && past[seen - 1] !== row) raise(row, 0, past[seen - 1], 0, width)
      for (let a = 0; a < active.length; a++) {
        const thread = active[a]
        if (row[thread] === 0) continue
        const n = forcedAmong(thread, row[thread])
        if (n > 0 && raise(row, 0, forcedRows[thread][n - 1], 0, width)) changed = true
      }
    }
  }
  /**
   * Orders operations before `source`, and so before every later source in its thread. `source` is a write that some
   * read saw. The first `row[t]` operations of each thread t are ordered before it.
   */
  const force = (source: number, row: Int32Array): void => {
    const thread = of[source]
    const places = forcedPlaces[thread]
    const rows = forcedRows[thread]
    if (places.length === 0) active.push(thread)
    let n = forcedAmong(thread, place[source])
    if (places[n] !== place[source]) {
      places.splice(n, 0, place[source])
      rows.splice(n, 0, n === 0 ? new Int32Array(width) : rows[n - 1].slice())
    }
    for (; n < rows.length; n++) if (!raise(rows[n], 0, row, 0, width)) break
  }

  const looks = createPace(budget, ROWS_PER_READ * width)
  let stopped: ReturnType<Views['stopped']> = needed && own === undefined ? 'out of memory' : undefined
  const conflictOf = (thread: number, sources: Int32Array, until?: number): ViewConflict | undefined => {
    if (stopped !== undefined) return undefined
    viewer = thread
    reads.length = 0
    past.length = 0
    for (let m = start[thread]; m < start[thread + 1]; m++) {
      if (sources[members[m]] !== NO_READ) reads.push(members[m])
      if (members[m] === until) break
    }
    const edges: Edge[] = []
    const ofSource = new Int32Array(width)
    const ofOlder = new Int32Array(width)
    const older: number[] = []
    const ofOne = new Int32Array(width)
    const precededBy = (operation: number, other: number): boolean => {
      ofOne.fill(0)
      base(ofOne, operation)
      close(ofOne)
      return ofOne[of[other]] > place[other]
    }
    try {
      for (let i = 0; i < reads.length; i++) {
        if (looks.isLate()) {
          stopped = 'out of time'
          return undefined
        }
        const read = reads[i]
        const source = sources[read]
        past[i] ??= new Int32Array(width)
        if (i > 0) past[i].set(past[i - 1])
        base(past[i], read)
        if (source !== INITIAL) base(past[i], source)
        close(past[i])
        ofSource.fill(0)
        if (source !== INITIAL) {
          base(ofSource, source)
          close(ofSource)
        }
        if (past[i][thread] > place[read] + 1 || ofSource[thread] > place[read]) {
          return { thread, edges, last: { from: source, to: read, reason: 'reads from' } }
        }
        const lists = facts.writesTo(encoded.key[read])
        older.length = 0
        ofOlder.fill(0)
        for (let n = 0; n < lists.length; n++) {
          const list = lists[n]
          if (past[i][list.thread] === 0) continue
          const last = lastAmong(list.writes, past[i][list.thread], place)
          if (last === -1 || last === source) continue
          if (source === INITIAL) return { thread, edges, last: overwrites(last, read, source) }
          if (ofSource[list.thread] > place[last]) continue
          older.push(last)
          base(ofOlder, last)
        }
        if (older.length === 0) continue
        close(ofOlder)
        for (const last of older) {
          const edge = overwrites(last, read, source)
          if (ofOlder[of[source]] > place[source] && precededBy(last, source)) return { thread, edges, last: edge }
          edges.push(edge)
        }
        force(source, ofOlder)
        // The source has new predecessors. Earlier reads whose past contains the source must therefore be visited
        // again. The first of these reads is found by bisection, because the past of each read contains the past of the
        // previous one.
        const back = firstWhere(0, i, (at) => past[at][of[source]] > place[source])
        if (back < i && !covers(past[back], ofOlder)) i = back - 1
      }
      return undefined
    } finally {
      past.length = 0
      for (const t of active) {
        forcedPlaces[t].length = 0
        forcedRows[t].length = 0
      }
      active.length = 0
    }
  }
  return { conflictOf, stopped: () => stopped, release: () => own?.release() }
}

function clientOrder(facts: Facts, budget: Budget): CausalOrder | undefined {
  const { length } = facts.encoded
  const nothingRead = { ...facts, writerOf: new Int32Array(length).fill(NO_READ) }
  return causalOrder(
    nothingRead,
    Int32Array.from({ length }, (_, i) => i),
    budget,
  )
}

/** Approximate number of rows visited per read. */
const ROWS_PER_READ = 8

function covers(row: Int32Array, other: Int32Array): boolean {
  for (let t = 0; t < row.length; t++) if (other[t] > row[t]) return false
  return true
}
