import { blockersOf, type LockHolder, type Waiter } from './locks.ts'

interface Edge {
  readonly waiter: Waiter
  readonly blocker: LockHolder
  readonly soft: boolean
}

/**
 * Looks for a cycle of processes that wait for each other, which begins and ends with `start` (deadlock.c). A cycle
 * that is one only by the order of a queue is mended by changing the order: the result is then undefined.
 */
export function findDeadlock(start: LockHolder, reordered: (waiter: Waiter) => void): readonly Edge[] | undefined {
  const cycle = cycleFrom(start)
  if (cycle === undefined) return undefined
  for (const edge of cycle) {
    if (!edge.soft) continue
    const lock = edge.waiter.lock
    const before = lock.queue
    const without = before.filter((each) => each !== edge.waiter)
    const at = without.findIndex((each) => each.holder === edge.blocker)
    lock.queue = [...without.slice(0, at), edge.waiter, ...without.slice(at)]
    if (cycleFrom(start) === undefined && cycleFrom(edge.waiter.holder) === undefined) {
      reordered(edge.waiter)
      return undefined
    }
    lock.queue = before
  }
  return cycle
}

function cycleFrom(start: LockHolder): readonly Edge[] | undefined {
  const visited = new Set<LockHolder>()
  const search = (holder: LockHolder, path: readonly Edge[]): readonly Edge[] | undefined => {
    const waiter = holder.waiter
    if (waiter === undefined) return undefined
    for (const { holder: blocker, soft } of blockersOf(waiter)) {
      const next = [...path, { waiter, blocker, soft }]
      if (blocker === start) return next
      if (visited.has(blocker)) continue
      visited.add(blocker)
      const found = search(blocker, next)
      if (found !== undefined) return found
    }
    return undefined
  }
  return search(start, [])
}

/** The DETAIL of error 40P01. */
export function describeDeadlock(cycle: readonly Edge[]): string {
  return cycle
    .map(
      ({ waiter, blocker }) =>
        `Process ${waiter.holder.pid} waits for ${waiter.mode} on ${waiter.lock.name}; blocked by process ${blocker.pid}.`,
    )
    .join('\n')
}
