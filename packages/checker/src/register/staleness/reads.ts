import type { Operations } from '@chaosproxy/history'
import { type Encoded, NEVER, NOTHING, READ } from '../../encoding/encoded.ts'
import type { Budget } from '../../limits/budget.ts'
import { countBelow } from '../../search/halving.ts'
import { type Clusters, isUnexplained, MANY_WRITERS } from './clusters.ts'

/** How far behind each read of one key was, as columns. Ambiguous and unexplained reads are only counted. */
export interface KeyReads {
  /** The measured reads, as indices of the part. */
  readonly reads: Int32Array
  readonly behindNanos: Float64Array
  readonly versionsBehind: Int32Array
  readonly ambiguous: number
  readonly unexplained: number
}

/**
 * Measures each completed read whose value has one writer. Determines for how long, and by how many writes, the value
 * had been overwritten when the read was called. Both are 0 for a fresh read.
 *
 * A write is "done" as soon as it is acknowledged or another read has seen it. A write certainly overwrote the value if
 * it was called after the value was certainly written (see `Clusters.first`) and was done before the read was called.
 * The time is measured from the moment at which the first such write was done.
 *
 * Takes O(n log n). `earliest[i]` holds the write that was done first among operation i and all operations called after
 * it. It is computed from the last operation to the first. A binary indexed tree counts the overwriting writes.
 *
 * @throws OutOfTime
 */
export function readsBehind(part: Encoded, clusters: Clusters, times: Operations, budget: Budget): KeyReads {
  const { length, kind, expects, writes, calls, returns, row } = part
  const { writer, first, firstBy } = clusters
  // `done`: for each operation, the event by which it had certainly taken effect. `doneBy`: the operation whose return
  // shows this.
  const done = new Int32Array(length).fill(NEVER)
  const doneBy = new Int32Array(length).fill(-1)
  // By event: the list of writes that the event shows to be done. The return of one cas can show two of them.
  const doneAt = new Int32Array(2 * length).fill(-1)
  const nextDone = new Int32Array(length)
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (writes[i] === NOTHING) continue
    const alone = writer[writes[i]] === i
    done[i] = alone ? first[writes[i]] : returns[i]
    if (done[i] === NEVER) continue
    doneBy[i] = alone ? firstBy[writes[i]] : i
    nextDone[i] = doneAt[done[i]]
    doneAt[done[i]] = i
  }
  const earliest = new Int32Array(length + 1).fill(-1)
  for (let i = length - 1; i >= 0; i--) {
    const later = earliest[i + 1]
    earliest[i] = done[i] !== NEVER && (later === -1 || done[i] < done[later]) ? i : later
  }

  const counted = new Int32Array(length + 1)
  let ended = 0
  let event = 0
  const reads = new Int32Array(length)
  const behindNanos = new Float64Array(length)
  const versionsBehind = new Int32Array(length)
  let measured = 0
  let ambiguous = 0
  let unexplained = 0
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (kind[i] !== READ || returns[i] === NEVER) continue
    if (writer[expects[i]] === MANY_WRITERS) {
      ambiguous++
      continue
    }
    if (isUnexplained(part, clusters, i)) {
      unexplained++
      continue
    }
    const from = countBelow(calls, first[expects[i]] + 1)
    const overwriter = earliest[from]
    const stale = overwriter !== -1 && done[overwriter] < calls[i]
    for (; event < calls[i]; event++) {
      for (let write = doneAt[event]; write !== -1; write = nextDone[write], ended++) add(counted, write)
    }
    reads[measured] = i
    if (stale) {
      behindNanos[measured] = Math.max(0, times.callTime[row[i]] - times.returnTime[row[doneBy[overwriter]]])
      versionsBehind[measured] = ended - sum(counted, from)
    }
    measured++
  }
  return {
    reads: reads.slice(0, measured),
    behindNanos: behindNanos.slice(0, measured),
    versionsBehind: versionsBehind.slice(0, measured),
    ambiguous,
    unexplained,
  }
}

function add(tree: Int32Array, at: number): void {
  for (let i = at + 1; i < tree.length; i += i & -i) tree[i]++
}

function sum(tree: Int32Array, below: number): number {
  let total = 0
  for (let i = below; i > 0; i -= i & -i) total += tree[i]
  return total
}
