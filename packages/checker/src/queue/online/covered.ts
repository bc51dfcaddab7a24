/**
 * The moments at which something was certainly in a queue: the union of open intervals between events. A moment lies
 * halfway between one event and the next.
 */
export interface Covered {
  add(from: number, to: number): void
  /** The first and the last moment between these events that is not covered. */
  gaps(from: number, to: number): { readonly first: number; readonly last: number } | undefined
  /** Forgets everything before this event. */
  forget(before: number): void
  size(): number
}

interface Interval {
  readonly from: number
  readonly to: number
}

export function createCovered(): Covered {
  let merged: Interval[] = []
  let added: Interval[] = []

  function merge(): void {
    if (added.length === 0) return
    const sorted = [...merged, ...added].sort((a, b) => a.from - b.from)
    added = []
    merged = []
    for (const each of sorted) {
      const last = merged.at(-1)
      // Nothing happens between intervals that share an event.
      if (last === undefined || each.from > last.to) merged.push(each)
      else if (each.to > last.to) merged[merged.length - 1] = { from: last.from, to: each.to }
    }
  }

  return {
    add(from, to) {
      if (from >= to) return
      added.push({ from, to })
      if (added.length > 64 && added.length > merged.length) merge()
    },
    gaps(from, to) {
      merge()
      let first = from + HALF
      let last = to - HALF
      for (const each of merged) if (each.from < first && first < each.to) first = each.to + HALF
      for (let i = merged.length - 1; i >= 0; i--) {
        const each = merged[i]
        if (each.from < last && last < each.to) last = each.from - HALF
      }
      return first > last ? undefined : { first, last }
    },
    forget(before) {
      if (added.some(({ to }) => to <= before)) added = added.filter(({ to }) => to > before)
      if (merged.length > 0 && merged[0].to <= before) merged = merged.filter(({ to }) => to > before)
    },
    size: () => merged.length + added.length,
  }
}

const HALF = 0.5
