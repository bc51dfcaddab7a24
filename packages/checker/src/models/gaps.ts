import { search } from '../objects/slots.ts'

/** The value id of null: a dequeue that found nothing. */
export const NULL_ID = 0

/** A time, in event positions, during which a message is in the queue for certain: (enqueued, dequeueFrom). */
interface Certain {
  readonly enqueued: number
  readonly dequeueFrom: number
}

/**
 * Finds moments at which the queue may be empty: for a span of time, the first moment (an event position, or half way to
 * the next) within it that no message certainly covers.
 */
export function findGap(certain: readonly Certain[]): (from: number, to: number) => number | undefined {
  const sorted = certain.toSorted((a, b) => a.enqueued - b.enqueued)
  // The union of the spans, as disjoint ones in order.
  const starts: number[] = []
  const ends: number[] = []
  for (const { enqueued, dequeueFrom } of sorted) {
    const last = ends.length - 1
    if (last >= 0 && enqueued < ends[last]) ends[last] = Math.max(ends[last], dequeueFrom)
    else {
      starts.push(enqueued)
      ends.push(dequeueFrom)
    }
  }
  return (from, to) => {
    const at = search(starts.length, (i) => ends[i] > from)
    // The first span that ends after `from` may have begun before it. Spans are disjoint and their ends are different
    // events, so there is room right after each.
    const isCovered = at < starts.length && starts[at] < from
    const moment = (isCovered ? ends[at] : from) + HALF
    return moment < to ? moment : undefined
  }
}

const HALF = 0.5
