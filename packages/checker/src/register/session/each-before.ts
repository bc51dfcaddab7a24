import { NEVER } from '../../encoding/encoded.ts'
import type { Budget } from '../../limits/budget.ts'
import type { Facts } from '../causal/orders/order.ts'
import type { Edge } from '../sequential/edges.ts'

const NONE = -1

interface Walk {
  readonly thread: number
  readonly latest: Int32Array
  passed: number
}

/**
 * For each completed operation, and for each thread of its client, searches the thread for the last earlier operation
 * on the same key for which `counts` returns true. If there is one, calls `visit` with the completed operation and the
 * earlier one. Stops when `visit` returns an order, and returns this order.
 *
 * @throws OutOfTime
 */
export function eachBefore(
  { encoded, threads }: Facts,
  counts: (operation: number) => boolean,
  budget: Budget,
  visit: (operation: number, before: number) => Edge | undefined,
): Edge | undefined {
  const { key, keys, returns } = encoded
  const { of, place, start, members, before } = threads
  const free: Int32Array[] = []
  const begin = (thread: number): Walk => ({
    thread,
    latest: free.pop() ?? new Int32Array(keys).fill(NONE),
    passed: 0,
  })
  const pass = (walk: Walk, until: number): void => {
    for (; walk.passed < until; walk.passed++) {
      budget.tick()
      const operation = members[start[walk.thread] + walk.passed]
      if (counts(operation)) walk.latest[key[operation]] = operation
    }
  }
  const end = ({ thread, latest, passed }: Walk): void => {
    for (let m = start[thread]; m < start[thread] + passed; m++) latest[key[members[m]]] = NONE
    free.push(latest)
  }
  for (let thread = 0; thread < threads.count; thread++) {
    const first = members[start[thread]]
    if (returns[first] === NEVER && start[thread + 1] - start[thread] === 1) continue
    const walks = [begin(thread)]
    for (let m = start[thread]; m < start[thread + 1]; m++) {
      const operation = members[m]
      pass(walks[0], place[operation])
      for (let n = before.start[operation]; n < before.start[operation + 1]; n++) {
        const other = before.items[n]
        let walk = walks.find((each) => each.thread === of[other])
        if (walk === undefined) {
          walk = begin(of[other])
          walks.push(walk)
        }
        pass(walk, place[other] + 1)
      }
      for (let w = 0; w < walks.length; w++) {
        const last = walks[w].latest[key[operation]]
        const edge = last === NONE ? undefined : visit(operation, last)
        if (edge !== undefined) return edge
      }
    }
    for (const walk of walks) end(walk)
  }
  return undefined
}
