import type { Encoded } from '../../encoding/encoded.ts'
import { range } from '../../encoding/lists.ts'
import { assemble, type Threads } from '../../encoding/threads.ts'
import type { Budget } from '../../limits/budget.ts'

/**
 * Joins threads end to end. A later thread is assumed to follow an earlier, finished one.
 *
 * Fewer threads save memory, because the vector of each operation has one entry per thread. If processes retire after
 * each unknown outcome, a history has far more processes in total than at any one time. With more than `columns`
 * threads, each further thread is joined to the finished thread that has been idle longest. The added order is only
 * assumed, so a contradiction that uses it proves no violation. Threads whose first operations are in `apart` are not
 * joined.
 *
 * @throws OutOfTime
 */
export function joinThreads(
  threads: Threads,
  { calls }: Encoded,
  effectBy: Int32Array,
  columns: number,
  apart: ReadonlySet<number>,
  budget: Budget,
): Threads {
  const { count, start, members, of } = threads
  const byCall = range(0, count).sort((a, b) => calls[members[start[a]]] - calls[members[start[b]]])
  const columnOf = new Int32Array(count)
  const sizes: number[] = []
  /** By column: the event by which all operations of the column have taken effect. */
  const idleSince: number[] = []
  for (const t of byCall) {
    budget.look(start[t + 1] - start[t])
    const first = members[start[t]]
    let column = sizes.length
    if (column >= columns && !apart.has(first)) {
      const idle = idleSince.indexOf(idleSince.reduce((least, each) => Math.min(least, each)))
      if (idleSince[idle] < calls[first]) column = idle
    }
    columnOf[t] = column
    sizes[column] = (sizes[column] ?? 0) + start[t + 1] - start[t]
    let end = 0
    for (let m = start[t]; m < start[t + 1]; m++) end = Math.max(end, effectBy[members[m]])
    idleSince[column] = end
  }
  const joined = new Uint8Array(of.length)
  const filled = new Int32Array(sizes.length)
  const place = new Int32Array(of.length)
  for (const t of byCall) {
    const column = columnOf[t]
    if (filled[column] > 0) joined[members[start[t]]] = 1
    for (let m = start[t]; m < start[t + 1]; m++) place[members[m]] = filled[column]++
  }
  const { before, isBranched } = threads
  return assemble({ of: of.map((t) => columnOf[t]), place, sizes, before, isBranched, joined })
}
