/**
 * The additions of a counter, all of the same amount, counted upwards from one initial value. The count is kept as low as
 * the history so far allows: it rises when an uncounted addition returns, and when a read returns that saw more.
 *
 * Additions are interchangeable, so a read only says that some were counted by then, of those called before. Each is a
 * credit. An addition that returns uses the earliest credit given after its call, since additions called later cannot use
 * that one. A read is possible exactly if at each moment there are as many open additions as credits.
 */
export interface Tally {
  /** What the counter was at first; undefined if nothing is known of it. */
  readonly start: number | undefined
  /** Additions counted, at least. */
  count(): number
  /** What may have been counted by now, of which `open` additions are in flight or of unknown outcome. */
  most(open: number): number
  /** Whether that many may have been counted by now, of which `open` additions are in flight or of unknown outcome. */
  raise(to: number, position: number, open: number): boolean
  acknowledged(call: number): void
  /** Whether everything counted still has its addition. `calls`: of the additions in flight, in order. */
  failed(calls: readonly number[]): boolean
  abandoned(call: number): void
  /** Forgets credits that only additions of unknown outcome can have used. `oldest`: the first call of those in flight. */
  settle(oldest: number): void
  /** Whether some credit is still to be used. */
  isOwing(): boolean
  retained(): number
  /** The same additions, counted from this initial value. */
  from(start: number): Tally
}

interface Credits {
  /** Position of the return of the read that saw them. */
  readonly at: number
  left: number
  /** Additions of unknown outcome called before that, and after the credits before. */
  unknown: number
}

export function createTally(start: number | undefined, initialCount = 0, initialUnknown = 0): Tally {
  let count = initialCount
  const credits: Credits[] = []
  let owed = 0
  /** Additions of unknown outcome called after all credits, and those that have certainly been used. */
  let unknown = initialUnknown
  let used = 0

  const firstAfter = (call: number): number => credits.findIndex(({ at }) => at > call)

  function drop(i: number): void {
    const [{ unknown: before }] = credits.splice(i, 1)
    const next = credits[i]
    if (next === undefined) unknown += before
    else next.unknown += before
  }

  return {
    start,
    count: () => count,
    most: (open) => count + open - owed - used,
    raise(to, position, open) {
      const more = to - count
      if (more <= 0) return true
      if (owed + used + more > open) return false
      credits.push({ at: position, left: more, unknown })
      owed += more
      unknown = 0
      count = to
      return true
    },
    acknowledged(call) {
      const i = firstAfter(call)
      if (i === -1) count++
      else {
        owed--
        if (--credits[i].left === 0) drop(i)
      }
    },
    failed(calls) {
      if (owed === 0) return true
      let needed = 0
      let there = 0
      let next = 0
      for (const { at, left, unknown: before } of credits) {
        while (next < calls.length && calls[next] < at) next++
        there += before
        needed += left
        if (needed > there + next) return false
      }
      return true
    },
    abandoned(call) {
      const i = firstAfter(call)
      if (i === -1) unknown++
      else credits[i].unknown++
    },
    settle(oldest) {
      while (credits.length > 0 && credits[0].at < oldest) {
        const [first] = credits
        owed -= first.left
        used += first.left
        first.unknown -= first.left
        drop(0)
      }
    },
    isOwing: () => owed > 0,
    retained: () => credits.length,
    from(other) {
      if (credits.length > 0) throw new Error('an initial value is supposed before anything was read')
      return createTally(other, count, unknown)
    },
  }
}
